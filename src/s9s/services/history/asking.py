"""What accounting is asked for the history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from s9s.backends.base import Reads, SupportsUnended, SupportsUsage, Unsupported
from s9s.domain.errors import S9SError
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job

#: A job that began so lately is perhaps not in the snapshot yet.
_YOUNG_SECONDS: Final = 600


async def count_runaways(backend: Reads, known: Callable[[str], Job | None], now: int) -> int | None:
    """How many `runaways` there are; ``None`` where nobody can tell."""
    if not isinstance(backend, SupportsUnended):
        return None
    try:
        return len(runaways(await backend.unended_jobs(), known, now))
    except (S9SError, Unsupported):
        return None


def runaways(unended: Sequence[Job], known: Callable[[str], Job | None], now: int) -> list[Job]:
    """Of the jobs that run according to accounting, those that slurmctld does not know as living.

    Args:
        unended: What accounting tells.
        known: A job by its numeric id, as slurmctld has it.
        now: Epoch seconds.
    """
    lost = []
    for job in unended:
        live = known(str(job.numeric_id))
        is_alive = live is not None and not live.state.is_finished
        if not is_alive and (job.start_time or 0) < now - _YOUNG_SECONDS:
            lost.append(job)
    return lost


async def finished_between(backend: Reads, start: int, end: int) -> list[FinishedJob]:
    """The jobs that ended in [start, end), with what they used where the backend can tell."""
    if isinstance(backend, SupportsUsage):
        return await backend.finished_with_usage(start, end)
    return list(map(FinishedJob, await backend.finished_jobs(start, end)))
