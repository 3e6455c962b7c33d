"""What the C library does with memory that is not needed any more."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

_MIB: Final = 1 << 20
#: glibc's numbers for what can be set, see mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


def keep_little() -> None:
    """Have large pieces returned to the system at once; call it before there are threads.

    glibc would raise both thresholds after the first large listing, to 32 and 64 MiB, and open eight heaps
    for each core: with 100,000 jobs the process would take 40 MB more for good.
    """
    with suppress(OSError, AttributeError):  # only glibc has it
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _MIB)
        mallopt(_TRIM_THRESHOLD, 4 * _MIB)
        mallopt(_ARENA_MAX, 2)
