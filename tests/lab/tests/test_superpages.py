"""Page tables are walked as the hardware does, and compared."""

import struct
import unittest

from tests.common import found

from lablib import superpages
from lablib.results import Result, Source


class Superpages(unittest.TestCase):
    """A p2m made of tables at 0x1000, 0x2000... of the host."""

    RAM, LOGDIRTY, DIRECT = (kind << 52 | 0x67 for kind in (0, 2, 5))
    LARGE = 0x80

    def walk(self, tables):
        memory = {(number + 1) << 12: struct.pack(
            "<512Q", *(entries.get(at, 0) for at in range(512)))
                  for number, entries in enumerate(tables)}
        return superpages.p2m(lambda at, size: memory[at][:size], 0x1000)

    def test_the_p2m_by_level(self):
        self.assertEqual(self.walk([
            {0: 0x2067, 511: 0x5067},
            {0: 0x3067, 4: 0x140000000 | self.RAM | self.LARGE,
             5: self.DIRECT | self.LARGE, 6: self.RAM & ~1 | self.LARGE},
            {0: 0x4067, 1: 0x200000 | self.RAM | self.LARGE,
             2: 0x400000 | self.LOGDIRTY | self.LARGE},
            # Bit 7 of a page's entry says nothing about its size.
            {0: self.RAM, 1: self.RAM | self.LARGE, 2: self.DIRECT,
             511: 3 << 52 | 0x65},
            {511: self.RAM | self.LARGE | 1 << 63},
        ]), [(0, 1), (1, 1), (511, 1), (512, 512), (1024, 512),
             (0x100000, 0x40000), (512 ** 4 - 0x40000, 0x40000)])

    def test_where_the_p2m_starts(self):
        lines = ["(XEN) *********** VMCB Areas **************",
                 "(XEN) >>> Domain 3 <<<", "(XEN) \tVCPU 0",
                 "(XEN) H_CR3 = 0x0000000000001000 CleanBits = 0",
                 "(XEN) >>> Domain 31 <<<",
                 "(XEN) CR3 = 0x0000000000009000 CR4 = 0x0",
                 "(XEN) H_CR3 = 0x000000012345f000 CleanBits = 0x3ff"]
        self.assertEqual(superpages.root(lines, 31), 0x12345f000)
        self.assertEqual(superpages.root(lines, 3), 0x1000)
        self.assertIsNone(superpages.root(lines, 1))
        self.assertFalse(any(map(superpages.END.search, lines)))
        self.assertTrue(superpages.END.search("(XEN) " + 38 * "*"))

    def test_what_xen_prints_of_the_iommu(self):
        lines = ["(XEN) [VT-D] d1 table has 4 levels",
                 "(XEN)    dfn: 00000000 mfn: 00000001 rw",
                 "(XEN) [VT-D] d12 table has 4 levels",
                 "(XEN)    dfn: 00000005 mfn: 001ba771 rw",
                 "(d12) something of the guest's",
                 "(XEN)   dfn: 00000200 mfn: 00123400 r-",
                 "(XEN)  dfn: 00100000 mfn: 00140000 rw",
                 "(XEN) [VT-D] d2 table has 3 levels",
                 "(XEN)  dfn: 00000400 mfn: 00000400 rw"]
        self.assertEqual(superpages.iommu(lines, 12),
                         [(5, 1), (0x200, 512), (0x100000, 0x40000)])
        self.assertEqual(superpages.iommu(lines, 2), [(0x400, 512)])
        self.assertIsNone(superpages.iommu(lines, 3))

    def test_the_verdict(self):
        def count(large, small=0):
            return [(512 * at, 512) for at in range(large)] + [(1 << 20, 1)] * small
        before = {"p2m": count(200), "IOMMU": count(200)}
        good = {"p2m": count(198, 1024), "IOMMU": count(200)}
        self.assertEqual(superpages.verdict(before, good), found(
            "success", "p2m: 396 of 400 MiB are still mapped by 2 MiB or more "
            "(99.0 %), 0 of 0 by 1 GiB; IOMMU: 400 of 400 MiB are still mapped "
            "by 2 MiB or more (100.0 %), 0 of 0 by 1 GiB", Source.HOST))
        for name in before:
            bad = {**good, name: count(197, 1536)}
            self.assertEqual(superpages.verdict(before, bad).result.value, "failure")
            self.assertEqual(superpages.verdict(before, {**good, name: None}),
                             found("error", f"Xen showed no {name} of the guest",
                               Source.HOST))
        small = {"p2m": count(0, 512)}
        self.assertEqual(superpages.verdict(small, small).result.value, "failure")

    def test_gigabytes_are_counted_above_4_gib(self):
        low, high = [(0x40000, 1 << 18)], [(0x140000, 1 << 18)]
        before = {"p2m": low * 2}
        self.assertEqual(superpages.verdict(before, {"p2m": low * 2}).result.value,
                         "success")
        self.assertEqual(superpages.verdict(before, {"p2m": low * 2}, 1).result.value,
                         "failure")
        check = superpages.verdict(before, {"p2m": low + high}, 1)
        self.assertEqual(check.result, Result.SUCCESS)
        self.assertTrue(check.text.endswith("1024 MiB of them above 4 GiB, 1 GiB wanted"))
        self.assertEqual(superpages.verdict(before, {"p2m": low + high}, 2).result.value,
                         "failure")

    def test_libxen_memmap_says_what_the_table_has(self):
        """To the page, but for a few of Xen's own."""
        table = [(0, 1), (1, 1), (2, 158), (512, 512), (1024, 512), (0xfeff8, 4)]
        lines = ["views e820 0x0 0x1000 RAM", "views p2m 0x0 0xa0000",
                 "views p2m 0x200000 0x600000"]
        self.assertEqual(superpages.unlike(table, lines), "")
        self.assertEqual(superpages.unlike(table, []), "")
        self.assertEqual(superpages.unlike([*table, (0x100000, 1)], lines),
                         "libxen-memmap found 0 pages that the p2m does not have, and not "
                         "5 that it has")
        for line in ("views p2m 0x600000 0x601000", "views p2m 0x600000 0x601000 x"):
            self.assertIn("found 1 pages", superpages.unlike(table, [*lines, line]))
        self.assertIn("and not 516 that", superpages.unlike(table, [
            "views p2m 0x0 0xa0000", "views p2m 0x200000 0x400000"]))
        before = {"p2m": [(512, 512), (1024, 512)]}
        after = {"p2m": [(512, 512), (1024, 512)]}
        self.assertIs(superpages.verdict(before, after, 0, lines).result, Result.FAILURE)
        self.assertIs(superpages.verdict(before, after, 0, lines[2:]).result,
                      Result.SUCCESS)


if __name__ == "__main__":
    unittest.main()
