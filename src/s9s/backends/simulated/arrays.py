"""Job arrays: ``--array`` read, and tasks folded back into it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from s9s.backends.simulated.records import Tasks

#: Slurm's default MaxArraySize: task numbers are below it.
MAX_ARRAY_SIZE: Final = 1001

_PART: Final = re.compile(r"(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?", re.ASCII)
_SPEC: Final = re.compile(r"([^%]+)(?:%(\d{1,7}))?", re.ASCII)


def parse_array(array_id: int, text: str) -> Tasks:
    """The book of a new array from ``0-9``, ``1,3,5-11:2`` or ``0-15%4``.

    Raises:
        ValueError: for anything else, no task at all, or a task number of `MAX_ARRAY_SIZE` and more.
    """
    spec = _SPEC.fullmatch(text.replace(" ", ""))
    if spec is None:
        raise ValueError("Invalid job array specification")
    numbers: set[int] = set()
    step = 1
    for part in spec[1].split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError("Invalid job array specification")
        low, high, each = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
        if each < 1 or high < low or high >= MAX_ARRAY_SIZE:
            raise ValueError("Invalid job array specification")
        numbers.update(range(low, high + 1, each))
        step = each
    waiting = sorted(numbers)
    return Tasks(
        array_id=array_id,
        waiting=waiting,
        text=fold_tasks(waiting),
        limit=int(spec[2]) or None if spec[2] else None,
        count=len(waiting),
        lowest=waiting[0],
        highest=waiting[-1],
        step=step,
        records={},
    )


def fold_tasks(numbers: Iterable[int]) -> str:
    """``0-3,7`` for ascending task numbers."""
    folded: list[list[int]] = []
    for number in numbers:
        if folded and folded[-1][-1] == number - 1:
            folded[-1][1:] = [number]
        else:
            folded.append([number])
    return ",".join("-".join(map(str, ends)) for ends in folded)
