"""Jobs that slurmctld holds, looked up one at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from s9s.backends.slurmcli import squeue, sstat
from s9s.backends.slurmcli.errors import Asked, check
from s9s.backends.slurmcli.job_ids import checked
from s9s.backends.slurmcli.programs import Programs
from s9s.domain.errors import ResourceNotFound, S9SError, SlurmError
from s9s.domain.jobs import Job, JobUsage

_USAGE_SECONDS = 3.0
_ATTEMPTS = 2


class LiveJobs:
    """Single look-ups with squeue."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    async def job(self, job_id: str, actor: str | None = None) -> Job:
        """The record that an id means. Raises `ResourceNotFound` and what `named` raises."""
        for job in await self.named(job_id, actor):
            if job_id in (job.job_id, str(job.numeric_id)):
                return job
        raise ResourceNotFound.of("job", job_id)

    async def named(self, job_id: str, actor: str | None = None) -> list[Job]:
        """All records that an id stands for: of a whole array its rest and every task.

        Raises:
            ResourceNotFound: when slurmctld has none, or `actor` may not see it.
            SlurmUnavailable: when slurmctld does not answer.
        """
        checked(job_id)
        asked = Asked(action=f"look up job {job_id}", resource_type="job", resource_id=job_id)
        # squeue reads 12+1 as 12 or not at all, depending on the version.
        shown = job_id.partition("+")[0]
        for _ in range(_ATTEMPTS):
            marks, began = squeue.Marks(), time.time()
            finished = await self._programs.run(squeue.argv(shown), actor=actor, env=marks.env)
            check(finished, asked)
            now = time.time()
            try:
                jobs = [
                    squeue.parse(row, used, marks, now, now - began)
                    for row, used in squeue.rows(finished.stdout, marks)
                ]
            except squeue.MarkForged:
                continue
            if "+" in job_id:
                jobs = [job for job in jobs if job.job_id == job_id]
            if not jobs:  # squeue lists nothing for a task that the array does not have
                raise ResourceNotFound.of("job", job_id)
            return jobs
        raise SlurmError("squeue's answer cannot be told apart")

    async def steps(self, job_id: str) -> list[str]:
        """The ids of the steps that run. Raises `SlurmUnavailable`."""
        finished = await self._programs.run(squeue.steps(checked(job_id).partition("+")[0]))
        return squeue.parse_steps(finished.stdout.decode("utf-8", "replace"))

    async def usage(self, jobs: Sequence[Job], actor: str) -> dict[int, JobUsage]:
        """By numeric id, what running jobs use, as far as sstat tells `actor`.

        It asks every slurmd, so it may well not, or only of some.
        """
        if not jobs or not self._programs.has("sstat"):
            return {}
        asked = sstat.of_jobs(job.numeric_id for job in jobs)
        try:
            finished = await asyncio.wait_for(self._programs.run(asked, actor=actor), _USAGE_SECONDS)
        except (S9SError, TimeoutError):
            return {}
        return sstat.parse(finished.stdout.decode("utf-8", "replace"))
