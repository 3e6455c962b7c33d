"""Look-ups of single jobs, kept for a moment so that a thousand readers of one job cost Slurm one call."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Final

from s9s.backends.base import Reads
from s9s.domain.jobs import Job, JobDetails

#: A running job's usage moves; a finished job's does not (accounting may still be a little late).
LIVE_SECONDS: Final = 5.0
FINISHED_SECONDS: Final = 60.0
MAX_ENTRIES: Final = 5_000

_Key = tuple[str, str | None]


class DetailsCache:
    """Single-flight, bounded, short-lived cache over `Reads.job`."""

    def __init__(self, backend: Reads) -> None:
        self._backend = backend
        self._kept: OrderedDict[_Key, tuple[float, Job | None, JobDetails]] = OrderedDict()
        self._running: dict[_Key, asyncio.Task[JobDetails]] = {}

    async def look_up(self, job_id: str, known: Job | None, actor: str | None) -> JobDetails:
        """The job as Slurm tells `actor` of it; at most a few seconds old, and newer than `known`.

        `known` is the snapshot's record: when it is another one than last time, Slurm is asked again.
        Raises what `Reads.job` raises.
        """
        key = (job_id, actor)
        kept = self._kept.get(key)
        if kept is not None and kept[0] > time.monotonic() and kept[1] is known:
            return kept[2]
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._backend.job(job_id, actor))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        details = await asyncio.shield(task)
        lifetime = FINISHED_SECONDS if details.job.state.is_finished else LIVE_SECONDS
        self._kept[key] = (time.monotonic() + lifetime, known, details)
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_ENTRIES:
            self._kept.popitem(last=False)
        return details
