"""Dependencies between jobs: Slurm's notation to conditions and back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from s9s.domain.jobs import Dependency

#: Every type of Slurm 22.05 to 26.05.
DEPENDENCY_TYPES: Final = (
    "after", "afterany", "afterburstbuffer", "aftercorr", "afternotok", "afterok", "expand", "singleton",
)  # fmt: skip

_ALLOWED: Final = (
    f"dependencies like afterok:123:124,afterany:125 or singleton; types are {', '.join(DEPENDENCY_TYPES)}"
)
_LONGEST: Final = 100_000
# 123, 123_4 and 123_* (array), 123+1 (het component, or minutes with `after`); then Slurm's remark.
_JOB: Final = re.compile(r"(\d{1,10}(?:_(?:\d{1,10}|\*))?(?:\+\d{1,10})?)(?:\((\w{1,20})\))?", re.ASCII)


def parse_dependency(text: str) -> list[Dependency]:
    """The conditions of ``afterok:3400(unfulfilled)?afterany:3396:3397``, one for each job.

    ``,`` (all must hold) and ``?`` (one is enough) both separate. ``""`` and Slurm's ``(null)`` are no
    conditions.

    Raises:
        ValueError: for an unknown type or something that is no job id.
    """
    stripped = text.strip()
    if stripped in ("", "(null)"):
        return []
    if len(stripped) > _LONGEST:
        raise ValueError(_ALLOWED)
    found: list[Dependency] = []
    for condition in re.split("[,?]", stripped):
        kind, colon, jobs = condition.partition(":")
        # Slurm remarks on singleton too: "singleton(unfulfilled)".
        word, _, remark = kind.partition("(")
        if word.lower() not in DEPENDENCY_TYPES or (word.lower() == "singleton") == bool(colon):
            raise ValueError(_ALLOWED)
        if not colon:
            found.append(Dependency(type=word.lower(), status=remark.removesuffix(")") or None))
            continue
        if remark:
            raise ValueError(_ALLOWED)
        for job in jobs.split(":"):
            match = _JOB.fullmatch(job)
            if match is None:
                raise ValueError(_ALLOWED)
            found.append(Dependency(type=word.lower(), job_id=match[1], status=match[2]))
    return found


def format_dependency(dependencies: Iterable[Dependency]) -> str:
    """``afterok:1:2,afterany:3``: neighbours of one type share a condition; statuses are left out."""
    conditions = []
    for kind, group in groupby(dependencies, key=lambda dependency: dependency.type):
        jobs = [dependency.job_id for dependency in group if dependency.job_id is not None]
        conditions.append(":".join([kind, *jobs]))
    return ",".join(conditions)
