"""Sentences about figures: what every report says in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from s9s.domain.periods import Period, zone
from s9s.domain.reports import Kind, shown, signed

_MAX_NAME: Final = 40


def count(number: float, noun: str, plural: str | None = None) -> str:
    """``1 job``, ``1,234 jobs``, ``no jobs``."""
    words = noun if number == 1 else plural or f"{noun}s"
    return f"{'no' if number == 0 else f'{number:,.0f}'} {words}"


def hours(seconds: float, noun: str) -> str:
    """``12,345 CPU hours``, ``1 GPU hour``."""
    amount = seconds / 3600
    text = shown(amount, Kind.AMOUNT, 0 if amount >= 100 or float(amount).is_integer() else 1)
    return f"{text} {noun} hour{'' if text == '1' else 's'}"


def percent(part: float, whole: float) -> str:
    """``12.3 %``; of nothing ``0 %``."""
    return f"{100 * part / whole:.1f} %" if whole else "0 %"


def named(name: str) -> str:
    """A name within a sentence: a long one is cut."""
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…"


def listing(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def compared(change: float | None, before: Period, *, of: str = "than in") -> str:
    """``12.3 % more than in November 2023``, or that there is nothing to compare with."""
    if change is None:
        return f"with none in {before.label} to compare with"
    if abs(change) < 0.05:
        return f"as much as in {before.label}"
    return f"{abs(change):,.1f} % {'more' if change > 0 else 'less'} {of} {before.label}"


def on(change: float | None, before: Period) -> str:
    """``+4.2 % on November 2023``, for below a figure."""
    if change is None:
        return f"none in {before.label}"
    return f"as in {before.label}" if abs(change) < 0.05 else f"{signed(change)} % on {before.label}"


def day(epoch: float, time_zone: str) -> str:
    """``Tuesday 5 December``."""
    local = datetime.fromtimestamp(epoch, zone(time_zone))
    return f"{local:%A} {local.day} {local:%B}"


def minute(epoch: float, time_zone: str) -> str:
    """``5 December at 14:00``."""
    local = datetime.fromtimestamp(epoch, zone(time_zone))
    return f"{local.day} {local:%B} at {local:%H:%M}"
