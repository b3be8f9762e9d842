"""How often a guest left for Xen, from Xen's trace buffer and QEMU's trace."""

import re
import struct

# xen/include/public/trace.h
_VMMCALL = 0x00082012
_MEMORY_OP = 12
_LOST = 0x0001f001

# IOREQ_TYPE_INVALIDATE of xen/include/public/hvm/ioreq.h.
_INVALIDATE = re.compile(r"handle_ioreq I/O=\S+ type=8 ")


def records(data):
    """(event, [word...]) of what xentrace wrote."""
    words = struct.unpack(f"<{len(data) // 4}I", data[:len(data) & ~3])
    at = 0
    while at < len(words):
        head = words[at]
        extra, stamped = head >> 28 & 7, head >> 31
        first = at + 1 + 2 * stamped
        yield head & 0x0fffffff, words[first:first + extra]
        at = first + extra


def of(trace, log):
    """The counts of a guest, all of its life; None for what was lost.

    memory_ops: memory hypercalls, each time that Xen was entered for one, so a
    continuation counts as often as it comes back.  invalidations: requests to
    the device model to forget its mappings.
    """
    memory_ops = 0
    for event, words in records(trace):
        if event == _LOST:
            memory_ops = None
            break
        if event == _VMMCALL and words[0] == _MEMORY_OP:
            memory_ops += 1
    return {"memory_ops": memory_ops,
            "invalidations": sum(bool(_INVALIDATE.search(line))
                                 for line in log)}
