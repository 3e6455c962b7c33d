"""What running jobs use, read from /proc now and then, as Slurm's jobacct_gather/linux does."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Final

from msgspec import Struct

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE_MIB: Final = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
# Fields of /proc/PID/stat, counted from behind the command's name.
_SESSION, _UTIME, _CSTIME, _RSS = 3, 11, 14, 21


class Gathered(Struct):
    """One look at the processes of a session."""

    cpu_seconds: float = 0.0
    """User and system time of those that live, and of those that they have waited for."""
    memory_mib: float = 0.0
    """Resident."""


def gather(sessions: set[int]) -> dict[int, Gathered]:
    """One look at all of /proc, for these sessions. Call it in a thread."""
    found: defaultdict[int, Gathered] = defaultdict(Gathered)
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        try:
            # The command's name, in parentheses, may hold anything.
            fields = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        session = int(fields[_SESSION])
        if session in sessions:
            gathered = found[session]
            gathered.cpu_seconds += sum(map(int, fields[_UTIME : _CSTIME + 1])) / _TICKS
            gathered.memory_mib += int(fields[_RSS]) * _PAGE_MIB
    return dict(found)
