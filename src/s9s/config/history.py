"""The finished jobs that are kept in the database."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from s9s.config.section import Section


def _date(text: str) -> str:
    date.fromisoformat(text)
    return text


Date = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2025-01-01"]), AfterValidator(_date)]


class History(Section):
    """The finished jobs that are kept in the database, with what they used."""

    enabled: bool = True
    """Record finished jobs; without it there is no efficiency, and old jobs are looked up in accounting."""
    days: Annotated[int, Field(ge=0, le=36_500)] = 365
    """How far back the first fill from accounting goes, newest first; it takes its time and goes on after a
    restart. `s9s history import` goes further back at once."""
    since: Date | None = None
    """The day (UTC) the first fill goes back to, instead of `days`."""
    keep_days: Annotated[int, Field(ge=0, le=36_500)] = 0
    """Jobs that ended longer ago are removed, a thousand at a time, once an hour; 0 keeps them for ever. The
    first fill goes no further back than this."""
    interval_seconds: Annotated[float, Field(ge=1, le=3600)] = 10.0
    """Shortest time between two questions to accounting for jobs that have just ended."""
    reread_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Jobs that ended so recently are read again once a day, and those of the last day once an hour, for what
    was changed after their end."""
    jobs_per_second: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """Most jobs a second that are asked of accounting, on average; never more than a quarter of the time is
    spent asking."""
