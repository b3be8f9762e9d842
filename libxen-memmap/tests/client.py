#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""client.py DOMID: read a layout through libxen-memmap by ctypes, as a toolstack may."""

import ctypes
import os
import sys


class Range(ctypes.Structure):
    """struct xen_memmap_range"""

    _fields_ = [("gfn", ctypes.c_uint64), ("pages", ctypes.c_uint64),
                ("source", ctypes.c_uint64), ("type", ctypes.c_uint16),
                ("flags", ctypes.c_uint16), ("aux", ctypes.c_uint32)]


def main():
    lib = ctypes.CDLL("libxen-memmap.so.1", use_errno=True)
    lib.xen_memmap_open.restype = ctypes.c_void_p
    lib.xen_memmap_message.restype = ctypes.c_char_p
    lib.xen_memmap_layout_range.restype = ctypes.POINTER(Range)
    handle = ctypes.c_void_p(lib.xen_memmap_open(None, 0))
    layout = ctypes.c_void_p()
    if lib.xen_memmap_read(handle, int(sys.argv[1]), 0, ctypes.byref(layout)):
        print(os.strerror(ctypes.get_errno()), lib.xen_memmap_message(handle).decode())
        return 1
    number = 0
    while one := lib.xen_memmap_layout_range(layout, number):
        print(f"{one.contents.gfn:#x} {one.contents.pages:#x} {one.contents.type}")
        number += 1
    lib.xen_memmap_layout_free(layout)
    lib.xen_memmap_close(handle)
    return 0


sys.exit(main())
