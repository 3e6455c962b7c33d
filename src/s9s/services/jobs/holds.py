"""Why jobs are held: Slurm has no place for it, so it is kept here and shown with the job."""

from __future__ import annotations

import time
from typing import Protocol

from s9s.domain.jobs import Job
from s9s.snapshot.store import JobTable


class HoldNotes(Protocol):
    """Where the reasons outlive a restart."""

    async def put(
        self, cluster: str, numeric_id: int, submit_time: int, reason: str, user: str, at: int
    ) -> None:
        """Keep a reason; a later one for the same job replaces it."""
        ...

    async def remove(self, cluster: str, numeric_id: int, submit_time: int) -> None:
        """Forget a reason, if there is one."""
        ...

    async def all(self, cluster: str) -> dict[tuple[int, int], str]:
        """Every kept reason by numeric id and submit time."""
        ...


class Holds:
    """The reasons of a cluster's holds, in memory and in the notes."""

    def __init__(self, cluster: str, notes: HoldNotes, jobs: JobTable) -> None:
        self._cluster = cluster
        self._notes = notes
        self._jobs = jobs
        self._reasons: dict[tuple[int, int], str] = {}
        jobs.derived["hold_reason"] = self.reason_of

    async def load(self) -> None:
        """Read what was kept, once at start."""
        self._reasons = await self._notes.all(self._cluster)

    def reason_of(self, job: Job) -> str | None:
        """The reason given for the job's hold; ``None`` when it is not held, or no reason was given."""
        if job.priority != 0 or not self._reasons:
            return None
        return self._reasons.get((job.numeric_id, job.submit_time))

    async def remember(self, job: Job, reason: str | None, user: str) -> None:
        """Keep the reason of a hold that has just been set."""
        if not reason:
            await self.forget(job)
            return
        self._reasons[job.numeric_id, job.submit_time] = reason
        self._jobs.clear_memo(job.numeric_id)
        await self._notes.put(self._cluster, job.numeric_id, job.submit_time, reason, user, int(time.time()))

    async def forget(self, job: Job) -> None:
        """Drop the reason of a hold that is over."""
        if self._reasons.pop((job.numeric_id, job.submit_time), None) is not None:
            self._jobs.clear_memo(job.numeric_id)
            await self._notes.remove(self._cluster, job.numeric_id, job.submit_time)
