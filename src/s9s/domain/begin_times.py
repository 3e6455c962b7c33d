"""The times that users write for ``--begin`` and ``--deadline``, in the local zone as sbatch reads them."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Final

_ALLOWED: Final = "a time like now+1hour, 16:00, tomorrow, 2024-01-20T12:34:00 or 01/20/24-16:00"
_RELATIVE: Final = re.compile(r"now(?: ?([+-]) ?(\d{1,9}) ?([a-z]*))?", re.ASCII)
_UNITS: Final = {"": 1, "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
#: Slurm's own: fika is the coffee break at 15:00.
_HOURS: Final = {"midnight": 0, "noon": 12, "fika": 15, "teatime": 16}
_DAYS: Final = {"today": 0, "tomorrow": 1}
_DAY_NAMES: Final = re.compile("|".join(_DAYS))
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))? ?(am|pm)?", re.ASCII)
_DATES: Final = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII),
    re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})(?:/(?P<year>\d\d))?", re.ASCII),
    re.compile(r"(?P<month>\d{1,2})\.(?P<day>\d{1,2})(?:\.(?P<year>\d\d))?", re.ASCII),
    re.compile(r"(?P<month>\d\d)(?P<day>\d\d)(?P<year>\d\d)?", re.ASCII),
)


def parse_begin_time(text: str, now: int | None = None) -> int:
    """Epoch seconds of what sbatch would understand.

    A time without a date is the next such time; a date without a time is its beginning, as is
    ``today`` and ``tomorrow``; a date without a year is this year's, or next year's if that is past.

    Args:
        text: ``now+2hours``, ``16:00``, ``4:30pm``, ``noon``, ``tomorrow``, ``2024-01-20[T12:34[:00]]``,
            ``01/20/24-16:00``, ``uts1700000000``.
        now: Epoch seconds; ``None`` asks the clock.

    Raises:
        ValueError: for anything else.
    """
    current = int(time.time()) if now is None else now
    word = text.strip().lower()
    if len(word) > 64:
        raise ValueError(_ALLOWED)
    if match := _RELATIVE.fullmatch(word):
        sign, amount, unit = match.groups()
        seconds = _UNITS.get((unit or "").removesuffix("s"))
        if seconds is None:
            raise ValueError(_ALLOWED)
        offset = int(amount or 0) * seconds
        return max(0, current - offset if sign == "-" else current + offset)
    if word.startswith("uts") and word[3:].isascii() and word[3:].isdecimal() and len(word) < 15:
        return int(word[3:])
    today = datetime.fromtimestamp(current).replace(hour=0, minute=0, second=0)  # noqa: DTZ006 - local
    date_text, clock_text = _split(word)
    try:
        clock = timedelta() if date_text and not clock_text else _clock(clock_text)
        if date_text:
            return _epoch(_date(date_text, today) + clock)
        moment = _epoch(today + clock)
        # Not plus 86400 seconds: the clock may be changed in between.
        return moment if moment > current else _epoch(today + timedelta(days=1) + clock)
    except (ValueError, OverflowError):
        raise ValueError(_ALLOWED) from None


def _split(word: str) -> tuple[str, str]:
    """The date's and the clock's text; either may be empty, not both."""
    for date in (*_DATES, _DAY_NAMES):
        match = date.match(word)
        if match is None:
            continue
        rest = word[match.end() :]
        if not rest:
            return match[0], ""
        if rest[0] in "t- " and len(rest) > 1:
            return match[0], rest[1:]
    return "", word


def _date(text: str, today: datetime) -> datetime:
    if text in _DAYS:
        return today + timedelta(days=_DAYS[text])
    match = next(match for date in _DATES if (match := date.fullmatch(text)))
    year, month, day = match["year"], int(match["month"]), int(match["day"])
    if year is not None:
        return today.replace(year=int(year) if len(year) == 4 else 2000 + int(year), month=month, day=day)
    this_year = today.replace(month=month, day=day)
    return this_year if this_year >= today else this_year.replace(year=today.year + 1)


def _clock(text: str) -> timedelta:
    if text in _HOURS:
        return timedelta(hours=_HOURS[text])
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(_ALLOWED)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[4] and not 1 <= hour <= 12:
        raise ValueError(_ALLOWED)
    if match[4]:
        hour = hour % 12 + (12 if match[4] == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(_ALLOWED)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _epoch(moment: datetime) -> int:
    epoch = int(moment.timestamp())
    if epoch < 0:
        raise ValueError(_ALLOWED)
    return epoch
