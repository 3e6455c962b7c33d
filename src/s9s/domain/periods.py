"""Stretches of the calendar: days, weeks, months, quarters and years of a time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

#: Names of periods that the calendar has.
CALENDAR: Final = ("day", "week", "month", "quarter", "year")
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
_DAYS: Final = {"day": 1, "week": 7}

#: Periods within these years can be reckoned with.
FIRST_DAY: Final = date(1971, 1, 1)
LAST_DAY: Final = date(9000, 12, 31)


class Period(Struct, frozen=True):
    """Whole days in a time zone."""

    first: date
    last: date
    """The last day that belongs to it."""
    time_zone: str = "UTC"
    """IANA name."""

    @property
    def start(self) -> int:
        """When the first day begins, epoch seconds."""
        return midnight(self.first, self.time_zone)

    @property
    def end(self) -> int:
        """When the day after the last one begins, epoch seconds."""
        return midnight(self.last + timedelta(days=1), self.time_zone)

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def seconds(self) -> int:
        """How long it is; a day in which clocks change is not 86,400 seconds."""
        return self.end - self.start

    @property
    def kind(self) -> str:
        """The calendar's word for it, or ``custom``."""
        for kind in CALENDAR:
            first = beginning(self.first, kind)
            if first == self.first and following(first, kind) == self.last + timedelta(days=1):
                return kind
        return "custom"

    @property
    def label(self) -> str:
        """For people: ``December 2023``, ``Q4 2023``, ``1–15 December 2023``."""
        first, last, kind = self.first, self.last, self.kind
        if kind == "year":
            return str(first.year)
        if kind == "quarter":
            return f"Q{first.month // 3 + 1} {first.year}"
        if kind == "month":
            return f"{first:%B} {first.year}"
        if first == last:
            return _day(first)
        if first.year != last.year:
            return f"{_day(first)} – {_day(last)}"
        if first.month != last.month:
            return f"{first.day} {first:%B} – {_day(last)}"
        return f"{first.day}–{_day(last)}"

    def before(self) -> Period:
        """The period before this one: the calendar's, or as many days."""
        kind = self.kind
        last = self.first - timedelta(days=1)
        first = last - timedelta(days=self.days - 1) if kind == "custom" else beginning(last, kind)
        return Period(max(first, FIRST_DAY - timedelta(days=400)), last, self.time_zone)


def last_full(kind: str, time_zone: str, now: float) -> Period:
    """The latest day, week (from Monday), month, quarter or year that is over."""
    today = datetime.fromtimestamp(now, zone(time_zone)).date()
    end = beginning(today, kind)
    return Period(beginning(end - timedelta(days=1), kind), end - timedelta(days=1), time_zone)


def beginning(day: date, kind: str) -> date:
    """The first day of the period that a day is in."""
    if kind == "week":
        return day - timedelta(days=day.weekday())
    if kind in _MONTHS:
        return date(day.year, (day.month - 1) // _MONTHS[kind] * _MONTHS[kind] + 1, 1)
    return day


def following(first: date, kind: str) -> date:
    """The first day of the period after the one that begins with `first`."""
    if kind in _DAYS:
        return first + timedelta(days=_DAYS[kind])
    months = first.month - 1 + _MONTHS[kind]
    return date(first.year + months // 12, months % 12 + 1, 1)


def midnight(day: date, time_zone: str) -> int:
    """When a day begins, epoch seconds. Where clocks skip midnight, the first moment after it."""
    local = datetime.combine(day, time(), zone(time_zone))
    # By way of UTC: a moment that clocks skip is moved to one that there is.
    return int(local.astimezone(UTC).timestamp())


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises `ValueError` when there is none of that name."""
    if name not in _names():
        raise ValueError(f"no time zone {name}")
    return ZoneInfo(name)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"
