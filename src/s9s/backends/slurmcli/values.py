"""Single values as Slurm's commands print them."""

from __future__ import annotations

from functools import lru_cache
from sys import intern
from typing import Final

from s9s.domain.durations import UNLIMITED, parse_duration
from s9s.domain.hostlists import expand_hostlist
from s9s.domain.tres import Tres, parse_tres

#: The ways to say that there is nothing, by command and field.
NOTHING: Final = frozenset(
    {
        "",
        "(null)",
        "N/A",
        "n/a",
        "None",
        "none",
        "NONE",
        "NULL",
        "Unknown",
        "None assigned",
        "INVALID",
        "NOT_SET",
    }
)

# NO_VAL and INFINITE of 32 bits, which accounting prints for jobs that never started (26.05).
_NO_INSTANTS: Final = frozenset({"0", "4294967294", "4294967295"})


def text(value: str) -> str | None:
    """The text; ``None`` for nothing.

    A value that really is ``N/A`` cannot be told from nothing: names of jobs are never passed through here.
    """
    return None if value in NOTHING else value


def number(value: str) -> int | None:
    """A whole number; ``None`` for anything else."""
    return int(value) if value.isascii() and value.isdecimal() else None


def instant(value: str) -> int | None:
    """Epoch seconds, which commands print because of ``SLURM_TIME_FORMAT=%s``; ``None`` for unset."""
    return None if value in _NO_INSTANTS else number(value)


@lru_cache(maxsize=1 << 12)
def span(value: str) -> int | None:
    """Seconds of ``2:15:30``, ``7-00:00:00``, ``2:21`` (minutes first), `UNLIMITED`; ``None`` for nothing.

    ``INVALID`` is what squeue prints for more than a year.
    """
    if value in NOTHING or value == "Partition_Limit":
        return None
    return UNLIMITED if value == "UNLIMITED" else parse_duration(value)


@lru_cache(maxsize=1 << 12)
def hosts(value: str) -> tuple[str, ...]:
    """The names of a hostlist, the same objects for the same text and the same name."""
    return () if value in NOTHING else tuple(map(intern, expand_hostlist(value)))


def shared(value: str) -> str | None:
    """As `text`, but the same object for the same text: of what is kept of many."""
    found = text(value)
    return None if found is None else intern(found)


@lru_cache(maxsize=1 << 14)
def tres(value: str) -> Tres:
    """Amounts of a TRES list; one beyond Slurm's own units (``mem=1?``) is left out."""
    try:
        return parse_tres(value)
    except ValueError:
        return parse_tres(",".join(filter(_is_tres, value.split(","))))


def _is_tres(item: str) -> bool:
    try:
        parse_tres(item)
    except ValueError:
        return False
    return bool(item)


@lru_cache(maxsize=1 << 10)
def words(value: str) -> tuple[str, ...]:
    """The items of a comma list, the same objects for the same list."""
    return tuple(value.split(",")) if value not in NOTHING else ()
