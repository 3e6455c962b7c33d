"""Job ids as users and commands write them."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from s9s.domain.errors import ResourceNotFound

# Nothing else is ever given to a command: no option, no list, no name.
_JOB_ID: Final = re.compile(r"[1-9]\d{0,9}(?:[_+]\d{1,10})?", re.ASCII)


class Address(Struct, frozen=True, gc=False):
    """What an id says about its record."""

    job_id: str
    """``123``, ``123_4``, ``123+1``; an array's for the rest that has not started."""
    array_job_id: int | None = None
    array_task_id: int | None = None
    array_tasks: str | None = None
    het_job_id: int | None = None
    het_job_offset: int | None = None


def parse_address(job_id: str) -> Address:
    """Read ``123``, ``123_4``, ``123_[5-9%2]`` or ``123+1`` of a command's output. Raises `ValueError`."""
    array, underscore, task = job_id.partition("_")
    if underscore and task.startswith("["):
        return Address(array, array_job_id=int(array), array_tasks=task.strip("[]"))
    if underscore:
        return Address(job_id, array_job_id=int(array), array_task_id=int(task))
    leader, plus, offset = job_id.partition("+")
    if plus:
        return Address(job_id, het_job_id=int(leader), het_job_offset=int(offset))
    return Address(str(int(job_id)))


def checked(job_id: str) -> str:
    """The id, if it is one. Raises `ResourceNotFound` for whatever else somebody asked for."""
    if not _JOB_ID.fullmatch(job_id):
        raise ResourceNotFound.of("job", job_id)
    return job_id
