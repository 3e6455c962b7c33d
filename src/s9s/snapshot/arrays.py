"""Addresses of jobs, and what the unstarted rest of an array stands for."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_ADDRESS: Final = re.compile(r"(\d{1,10})(?:([_+])(\d{1,10}))?", re.ASCII)
_TASKS: Final = re.compile(r"(\d+)(?:-(\d+))?(?::(\d+))?", re.ASCII)


class Address(NamedTuple):
    """``123``, ``123_7`` or ``123+1``, taken apart."""

    number: int
    kind: str = ""
    """``_`` for an array task, ``+`` for a component of a heterogeneous job, else empty."""
    member: int = 0


def parse_address(text: str) -> Address | None:
    """What a user wrote for a job; ``None`` when it is no job's address."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return None
    number, kind, member = match.groups()
    return Address(int(number)) if kind is None else Address(int(number), kind, int(member))


def array_ranges(array_tasks: str) -> list[range]:
    """``2-5,8,10-20:5%2`` as ranges of task ids; what cannot be read is left out."""
    ranges = []
    for part in array_tasks.strip("[]").partition("%")[0].split(","):
        match = _TASKS.fullmatch(part)
        if match is not None:
            first, last, step = match.groups()
            ranges.append(range(int(first), int(last or first) + 1, int(step or 1) or 1))
    return ranges


def count_tasks(array_tasks: str | None) -> int:
    """How many jobs a record stands for: the unstarted tasks of an array, else 1."""
    return max(1, sum(map(len, array_ranges(array_tasks)))) if array_tasks else 1
