"""A memory map is drawn as it was told."""

import unittest

import tests.common     # noqa: finds lablib  pylint: disable=unused-import
from lablib import memorymap, picture


class Maps(unittest.TestCase):
    RUN = {
        "stack": "stock", "scenario": "s", "title": "t",
        "checks": [{"name": "nvme", "result": "failure"}],
        "e820": [[0, 0x80000000, "System RAM"],
                 [0x100000000, 0x13f000000, "System RAM"]],
        "bars": [["0000:00:05.0", 2, 0x80000000, 0xc0000000],
                 ["0000:00:05.0", 0, 0xc0000000, 0xc0002000]],
        "views": ["views p2m 0x0 0x80000000",
                  "views qemu 0x0 0xbf000000 xen.ram",
                  "views differ 0x100000000 0x13f000000 e820=yes p2m=no "
                  "qemu=no rule=dma-blind"],
        "hvmloader": ["Relocating 0xffff pages from 0af001000 to 100000000 "
                      "for lowmem MMIO hole",
                      "Relocating 0x2f001 pages from 080000000 to 10ffff000 "
                      "for lowmem MMIO hole"],
    }

    def test_stock_and_ours_moves_are_read_alike(self):
        stock = memorymap._moves(self.RUN["hvmloader"])
        ours = memorymap._moves(
            ["memmap: moving 3f000 pages from gfn 80000 to 100000"])
        self.assertEqual(stock, ours)
        self.assertEqual(ours, [(0x100000000, 0x13f000000, "moved")])

    def test_cells(self):
        item = memorymap._map(self.RUN)
        self.assertEqual(item.cell("E820", 0x120000000).kind, "moved")
        self.assertEqual(item.cell("QEMU", 0x120000000).wrong,
                         "unknown to QEMU")
        self.assertEqual(item.cell("E820", 0x90000000).kind, "nothing")
        self.assertEqual(item.cell("BARs", 0x90000000).text, "00:05.0 BAR 2")
        self.assertEqual(item.cell("BARs", 0xc0000000).kind, "nothing")

    def test_table_and_picture_show_the_difference(self):
        item = memorymap._map(self.RUN)
        lines = memorymap.table([item])
        self.assertTrue(any("!! unknown to QEMU" in line for line in lines))
        self.assertIn("stock: 0x100000000-0x13f000000 (1008 MiB): unknown to "
                      "QEMU", lines)
        drawn = picture.draw([item])
        self.assertIn("unknown to QEMU", drawn)
        self.assertIn("0x13f000000", drawn)

    def test_sizes(self):
        self.assertEqual(memorymap.size(1008 << 20), "1008 MiB")
        self.assertEqual(memorymap.size(3 << 29), "1.5 GiB")


if __name__ == "__main__":
    unittest.main()
