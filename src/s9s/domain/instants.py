"""Points in time: RFC 3339 to epoch seconds and back, always UTC, whole seconds."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

_ALLOWED: Final = "a time like 2023-12-15T10:30:00Z or 2023-12-15T11:30:00+01:00, a date, or epoch seconds"
_EPOCH: Final = re.compile(r"\d{1,12}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)

_TWO_DIGITS: Final = tuple(f"{number:02}" for number in range(60))

#: The last second of the year 9999, after which RFC 3339 has no notation.
_LATEST: Final = 253402300799


def parse_instant(text: str) -> int:
    """Epoch seconds from RFC 3339 with ``Z`` or an offset, a date (its beginning in UTC), or epoch digits.

    Fractions of a second are dropped. A time without an offset is refused: nobody could say when it is.

    Raises:
        ValueError: for anything else, and for what lies before 1970 or after 9999.
    """
    stripped = text.strip()
    if _EPOCH.fullmatch(stripped):
        epoch = int(stripped)
    elif _DATE.fullmatch(stripped):
        epoch = _epoch(f"{stripped}T00:00:00+00:00")
    elif match := _DATE_TIME.fullmatch(stripped):
        date, clock, offset = match.groups()
        epoch = _epoch(f"{date}T{clock}{'+00:00' if offset in 'Zz' else offset}")
    else:
        raise ValueError(_ALLOWED)
    if not 0 <= epoch <= _LATEST:
        raise ValueError(_ALLOWED)
    return epoch


def _epoch(text: str) -> int:
    try:
        # Not .timestamp(): it goes through floats.
        elapsed = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{_ALLOWED} ({error})") from None
    return elapsed.days * 86400 + elapsed.seconds


def format_instant(epoch: int) -> str:
    """``2023-12-15T10:30:00Z``."""
    day, second = divmod(epoch, 86400)
    hour, second = divmod(second, 3600)
    minute, second = divmod(second, 60)
    return f"{_date(day)}T{_TWO_DIGITS[hour]}:{_TWO_DIGITS[minute]}:{_TWO_DIGITS[second]}Z"


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(day * 86400))
