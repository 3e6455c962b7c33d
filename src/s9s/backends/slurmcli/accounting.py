"""What slurmdbd remembers, through sacct: finished jobs, and what a job used."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import structlog

from s9s.backends.slurmcli import sacct
from s9s.backends.slurmcli.errors import Asked, check
from s9s.backends.slurmcli.programs import Programs, in_memory
from s9s.domain.errors import ResourceNotFound, S9SError
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobState, JobUsage

log = structlog.get_logger(__name__)

_BULK_SECONDS: Final = 300.0
#: States after which Slurm may have put the job back into the queue, under the same id.
_REQUEUED: Final = frozenset({JobState.NODE_FAIL, JobState.PREEMPTED, JobState.BOOT_FAIL})
_MOST_IDS: Final = 1000
#: Slurm was not yet born, and does not read instants of the first days of 1970.
_FIRST_INSTANT: Final = 1_000_000_000


class Accounting:
    """Reads of the cluster's history."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._columns: tuple[str, ...] | None = None

    async def finished(self, start: int, end: int) -> list[Job]:
        """Jobs that ended in [start, end). Raises `SlurmUnavailable`."""
        if end <= _FIRST_INSTANT:
            return []
        query = sacct.finished_between(max(start, _FIRST_INSTANT), end, await self._wanted())
        return [one.job for one in await self._finished(query, start, end)]

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        """The same jobs with what they used. Raises `SlurmUnavailable`."""
        if end <= _FIRST_INSTANT:
            return []
        query = sacct.finished_with_steps(max(start, _FIRST_INSTANT), end, await self._wanted())
        return await self._finished(query, start, end)

    async def unended(self) -> list[Job]:
        """Jobs that have begun and have no end, of any age. Raises `SlurmUnavailable`."""
        query = sacct.running_at(int(time.time()), await self._wanted())
        jobs = [one.job for one in await self._jobs(query, "read running jobs")]
        return [job for job in jobs if not job.state.is_finished and job.start_time is not None]

    async def _finished(self, query: sacct.Query, start: int, end: int) -> list[FinishedJob]:
        found = {
            one.job.numeric_id: one
            for one in await self._jobs(query, "read finished jobs")
            if one.job.end_time is not None and start <= one.job.end_time < end
        }
        return list((await self._without_requeued(found)).values())

    async def job(self, job_id: str, actor: str | None = None) -> tuple[Job, JobUsage | None]:
        """The last record of a job, with its usage. Raises `ResourceNotFound`, `SlurmUnavailable`."""
        query = sacct.of_job(job_id, await self._wanted())
        asked = Asked(action=f"look up job {job_id}", resource_type="job", resource_id=job_id)
        finished = await self._programs.run(query.argv, actor=actor)
        check(finished, asked)
        # Steps follow their job.
        record, steps = None, []
        for row in sacct.parse(finished.stdout, query):
            if row.is_step:
                if record is not None and row.job_id == record.job_id:
                    steps.append(row)
            elif row.matches(job_id):
                record, steps = row, []
        if record is None:
            raise ResourceNotFound.of("job", job_id)
        return sacct.job(record), sacct.usage(steps)

    async def environment(self, job_id: str, actor: str) -> dict[str, str] | None:
        """A batch job's environment, if Slurm keeps it and shows it to `actor`."""
        try:
            finished = await self._programs.run(sacct.env_vars(job_id), actor=actor)
        except S9SError as error:
            log.debug("no environment", job=job_id, error=error.message)
            return None
        return sacct.parse_env_vars(finished.stdout.decode("utf-8", "replace"))

    async def _wanted(self) -> tuple[str, ...]:
        if self._columns is None:
            finished = await self._programs.run(sacct.HELP_FORMAT)
            check(finished, Asked(action="list sacct's columns"))
            self._columns = sacct.columns(finished.stdout.decode())
        return self._columns

    async def _jobs(self, query: sacct.Query, action: str) -> list[FinishedJob]:
        with in_memory() as output:
            finished = await self._programs.run(query.argv, stdout=output, timeout=_BULK_SECONDS)
            check(finished, Asked(action=action))
            return await asyncio.to_thread(_read, output, query)

    async def _without_requeued(self, jobs: dict[int, FinishedJob]) -> dict[int, FinishedJob]:
        """Leave out jobs that live on or ended otherwise: sacct gives the last record that has the state."""
        suspects = [numeric_id for numeric_id, one in jobs.items() if one.job.state in _REQUEUED]
        for first in range(0, len(suspects), _MOST_IDS):
            query = sacct.latest_of(suspects[first : first + _MOST_IDS], await self._wanted())
            for latest in [one.job for one in await self._jobs(query, "read requeued jobs")]:
                known = jobs.get(latest.numeric_id)
                if known is not None and _run(latest) != _run(known.job):
                    del jobs[latest.numeric_id]
        return jobs


def _run(job: Job) -> tuple[JobState, int | None]:
    return job.state, job.end_time


def _read(output: int, query: sacct.Query) -> list[FinishedJob]:
    """Jobs with the steps that follow each of them."""
    with open(output, "rb", closefd=False) as file:
        file.seek(0)
        answer = file.read()
    jobs: list[FinishedJob] = []
    record: sacct.Record | None = None
    steps: list[sacct.Record] = []
    for row in sacct.parse(answer, query):
        if not row.is_step:
            if record is not None:
                jobs += _understood(record, steps)
            record, steps = row, []
        elif record is not None and row.job_id == record.job_id:
            steps.append(row)
    if record is not None:
        jobs += _understood(record, steps)
    return jobs


def _understood(record: sacct.Record, steps: list[sacct.Record]) -> list[FinishedJob]:
    try:
        return [FinishedJob(sacct.job(record), sacct.usage(steps))]
    except ValueError as error:
        log.warning("a finished job is not understood", error=str(error))
        return []
