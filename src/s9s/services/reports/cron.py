"""When a cron expression is due, by the clock of a time zone.

A time that the clocks skip is due at the first moment after the jump; one that they show twice is due the
first time, if the expression names minute and hour. What is due every so many minutes or hours follows real
time, as Debian's cron has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from cronsim import CronSim, CronSimError

from s9s.domain.periods import zone

_FIELDS: Final = 5
#: Abbreviations that people know.
_NAMED: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def cron(text: str, time_zone: str = "UTC") -> str:
    """An expression of five fields, in its usual spelling. Raises `ValueError` saying what is wrong."""
    found = _NAMED.get(text.strip().lower(), " ".join(text.split()))
    if len(found.split(" ")) != _FIELDS:
        raise ValueError("five fields are needed: minute, hour, day of month, month, day of week")
    try:
        first = next(_after(found, time_zone, 0), None)
    except CronSimError as error:
        raise ValueError(str(error)) from None
    if first is None:
        raise ValueError("it is never due")
    return found


def next_due(expression: str, time_zone: str, after: float) -> int | None:
    """The first instant after `after` (epoch seconds) that is due; ``None`` when there is none any more."""
    return next(_after(expression, time_zone, after), None)


def last_due(expression: str, time_zone: str, first: int, now: float) -> int:
    """The last instant that was due up to `now`, if it is later than `first`, which was; epoch seconds."""
    local = datetime.fromtimestamp(now, zone(time_zone))
    before = next(CronSim(expression, local, reverse=True), None)
    found = first if before is None else max(first, int(before.timestamp()))
    # The way back passes over a time that clocks show twice.
    for due in _after(expression, time_zone, found):
        if due > now:
            break
        found = due
    return found


def _after(expression: str, time_zone: str, after: float) -> Iterator[int]:
    """Every instant after one, in order and none twice."""
    clock = zone(time_zone)
    last = int(after)
    for local in CronSim(expression, datetime.fromtimestamp(after, clock)):
        # By way of UTC: a moment that clocks skip is moved to one that there is.
        due = int(local.astimezone(UTC).timestamp())
        if due > last and due > after:
            yield due
            last = due
