"""What running jobs use at the moment, of whom Slurm tells it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from s9s.backends.base import SupportsLiveUsage
from s9s.domain.errors import S9SError
from s9s.domain.jobs import Job, JobUsage
from s9s.services.access import Caller
from s9s.services.clusters import Cluster

#: Slurm asks every node of a job: so many are measured for an answer, those with the most CPU time first.
MOST_MEASURED: Final = 100
#: How long it takes at most; what is not there by then counts as not measured.
_SECONDS: Final = 4.0
#: How long a measurement is good for.
_KEPT_SECONDS: Final = 15.0
_MOST_KEPT: Final = 10_000
#: Questions at a time, whoever asks.
_AT_ONCE: Final = 2


class LiveUsage:
    """Measurements of running jobs, kept for some seconds.

    Args:
        cluster: Where they run.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._kept: dict[int, tuple[float, JobUsage | None]] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def of(self, jobs: Sequence[Job], caller: Caller) -> dict[int, JobUsage]:
        """By numeric id, of the caller's own jobs: Slurm tells a job's owner only.

        Args:
            jobs: Running ones, the most important first; `MOST_MEASURED` of them are measured.
            caller: Whoever asks.
        """
        backend = self._cluster.backend
        own = [job for job in jobs if job.user == caller.user][:MOST_MEASURED]
        if not own or not isinstance(backend, SupportsLiveUsage) or not self._cluster.can_act_as(caller.user):
            return {}
        wanted = [job for job in own if not self._is_kept(job.numeric_id)]
        if wanted:
            try:
                async with asyncio.timeout(_SECONDS), self._turn:
                    found = await backend.usage_of_running(wanted, caller.user)
            except (S9SError, TimeoutError):
                found = {}  # asked again when that is old, and not by everybody at once
            good_until = time.monotonic() + _KEPT_SECONDS
            if len(self._kept) > _MOST_KEPT:
                self._kept.clear()
            self._kept |= {job.numeric_id: (good_until, found.get(job.numeric_id)) for job in wanted}
        measured = {job.numeric_id: self._kept[job.numeric_id][1] for job in own}
        return {numeric_id: usage for numeric_id, usage in measured.items() if usage is not None}

    def _is_kept(self, numeric_id: int) -> bool:
        kept = self._kept.get(numeric_id)
        return kept is not None and kept[0] > time.monotonic()
