"""Freed memory stays with the process, as torch allocates every result anew.

glibc gives large freed blocks back to the system and has to fetch them again, page by page, at the next step: a third
of the time of a small convolutional network. Peak memory is the same. A person's own settings of malloc are left alone.

Source: mallopt(3), M_TRIM_THRESHOLD and M_MMAP_THRESHOLD.
"""

import ctypes
import os
import platform

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_SETTINGS = {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TOP_PAD_", "GLIBC_TUNABLES", "LD_PRELOAD"}
KEPT = 1 << 30
"""Bytes that may lie unused at the end of the heap, and from which on a block is fetched from the system by itself."""


def keep_freed_memory() -> bool:
    """Tells glibc so; False where there is no glibc, or a person has chosen another allocator or settings."""
    if platform.libc_ver()[0] != "glibc" or not _SETTINGS.isdisjoint(os.environ):
        return False
    libc = ctypes.CDLL(None)
    return bool(libc.mallopt(_MMAP_THRESHOLD, KEPT)) and bool(libc.mallopt(_TRIM_THRESHOLD, KEPT))
