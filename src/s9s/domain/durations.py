"""Spans of time: Slurm's notation to seconds and back.

Slurm keeps time limits as whole minutes in 32 bits; everything here is seconds.
"""

from __future__ import annotations

import re
from typing import Final

#: No limit. The same number as Slurm's own ``-1``.
UNLIMITED: Final = -1

#: The longest limit that Slurm can hold. sbatch itself overflows above 2**31 - 1 seconds (all versions).
LONGEST: Final = (2**32 - 1) * 60

_ALLOWED: Final = "a duration like 30 (minutes), 4:00:00, 1-12, 7-00:00:00, 2h, 30m, 7d or UNLIMITED"
_COLONS: Final = re.compile(r"(\d{1,12})(?::(\d{1,12}))?(?::(\d{1,12}))?", re.ASCII)
_DAYS: Final = re.compile(r"(\d{1,12})-(?:(\d{1,12})(?::(\d{1,12}))?(?::(\d{1,12}))?)?", re.ASCII)
_UNITS: Final = re.compile(
    r"(?=\d)(?:(\d{1,12})d ?)?(?:(\d{1,12})h ?)?(?:(\d{1,12})m ?)?(?:(\d{1,12})s)?", re.ASCII | re.IGNORECASE
)


def parse_duration(text: str) -> int:
    """Seconds, or `UNLIMITED`, from any form that Slurm's ``--time`` accepts, or ``2h``, ``1h30m``, ``7d``.

    A bare number is minutes and ``1:30`` is a minute and a half, as for sbatch. Parts may be larger
    than their unit: ``0:90:00`` is an hour and a half.

    Raises:
        ValueError: for anything else, and for what is longer than Slurm can hold.
    """
    stripped = text.strip()
    if stripped == "-1" or stripped.upper() in ("UNLIMITED", "INFINITE"):
        return UNLIMITED
    if match := _COLONS.fullmatch(stripped):
        first, second, third = match.groups(default="0")
        # Two parts are minutes and seconds, three begin with hours.
        total = _seconds("0", "0", first, second) if match[3] is None else _seconds("0", first, second, third)
    elif match := (_DAYS.fullmatch(stripped) or _UNITS.fullmatch(stripped)):
        total = _seconds(*match.groups(default="0"))
    else:
        raise ValueError(_ALLOWED)
    if total > LONGEST:
        raise ValueError(f"{_ALLOWED}, at most {LONGEST // 86400} days")
    return total


def _seconds(days: str, hours: str, minutes: str, seconds: str) -> int:
    return int(days) * 86400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def format_duration(seconds: int) -> str:
    """Slurm's notation without leading zeros on the first part: ``0:00:42``, ``2:15:30``, ``7-00:00:00``.

    Raises:
        ValueError: for negative seconds other than `UNLIMITED`.
    """
    if seconds == UNLIMITED:
        return "UNLIMITED"
    if seconds < 0:
        raise ValueError("seconds, at least 0, or UNLIMITED")
    hours, rest = divmod(seconds, 3600)
    tail = f"{rest // 60:02}:{rest % 60:02}"
    return f"{hours}:{tail}" if hours < 24 else f"{hours // 24}-{hours % 24:02}:{tail}"


def format_wait(seconds: float) -> str:
    """A wait to the precision that a person wants: ``42s``, ``12m 34s``, ``2h 15m``, ``3d 4h``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def format_hours(seconds: float) -> str:
    """Hours to one decimal at most: ``1247h``, ``127.5h``."""
    return f"{seconds / 3600:.1f}".removesuffix(".0") + "h"
