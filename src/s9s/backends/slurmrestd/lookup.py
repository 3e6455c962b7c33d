"""One job, by any of its names: live from slurmctld, else from accounting."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import accounted, build, parse, parse_accounting, payloads
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.errors import Asked
from s9s.domain.errors import ResourceConflict, ResourceNotFound, SlurmUnavailable
from s9s.domain.jobs import Job, JobUsage

_JOB_ID: Final = re.compile(r"([0-9]{1,10})(?:_[0-9]{1,10}|\+[0-9]{1,5})?")
#: MAX_JOB_ID of Slurm's; slurmrestd has no route for larger ones.
_LARGEST_ID: Final = 0x03FFFFFF
_RANGE: Final = re.compile(r"([0-9]+)(?:-([0-9]+)(?::([0-9]+))?)?")


def asked(verb: str, job_id: str) -> Asked:
    """For messages about a job: ``asked("hold", "12")``."""
    return Asked(action=f"{verb} job {job_id}", resource_type="job", resource_id=job_id)


def leading_id(job_id: str) -> str:
    """``123`` of ``123``, ``123_4`` and ``123+1``.

    Raises:
        ResourceNotFound: for what cannot be a job's name.
    """
    match = _JOB_ID.fullmatch(job_id)
    if match is None or not 0 < int(match[1]) <= _LARGEST_ID:
        raise ResourceNotFound.of("job", job_id)
    return match[1]


class JobLookup:
    """Finds jobs, as the server (``None``) or as the user who asks."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def live(self, job_id: str, actor: str | None) -> Job | None:
        """The record in slurmctld that a name means; ``None`` when there is none (any more)."""
        return _pick(await self._records(job_id, actor), job_id)

    async def all_live(self, job_id: str, actor: str) -> list[Job]:
        """What a write to that name concerns: of an array or a heterogeneous job every record.

        Raises:
            ResourceNotFound: when no such job is known.
            ResourceConflict: when it has ended so long ago that only accounting knows it.
        """
        records = await self._records(job_id, actor)
        if job_id.isdigit():
            family = [job for job in records if int(job_id) in (job.array_job_id, job.het_job_id)]
        else:
            family = []
        job = _pick(records, job_id)
        found = family or ([] if job is None else [job])
        if not found:
            raise await self._missing(job_id, actor)
        return found

    async def accounted(self, job_id: str, actor: str | None) -> tuple[Job, JobUsage | None] | None:
        """The record in accounting and what the job used; ``None`` when there is none, or no accounting."""
        leading_id(job_id)
        request = build.show_accounted_job(job_id)
        try:
            answer = await self._client.ask(request, accounted.Jobs, asked("show", job_id), actor=actor)
        except (ResourceNotFound, Unsupported):
            return None
        # Of a requeued job the last record is the current one.
        records = {record.job_id: record for record in answer.jobs}
        job = _pick([parse_accounting.job(record) for record in records.values()], job_id)
        return None if job is None else (job, parse_accounting.usage(records[job.numeric_id]))

    async def _records(self, job_id: str, actor: str | None) -> list[Job]:
        # 22.05 answers the name of a task with that task, later versions with the whole array; all answer the
        # leading number with everything below it.
        request = build.show_job(leading_id(job_id))
        try:
            answer = await self._client.ask(request, payloads.Jobs, asked("show", job_id), actor=actor)
        except ResourceNotFound:
            return []
        return [parse.job(record) for record in answer.jobs]

    async def _missing(self, job_id: str, actor: str) -> ResourceNotFound | ResourceConflict:
        try:
            accounted = await self.accounted(job_id, actor)
        except SlurmUnavailable:
            accounted = None
        # One that has not ended is hidden from the actor (PrivateData), and accounting is less discreet.
        if accounted is None or not accounted[0].state.is_finished:
            return ResourceNotFound.of("job", job_id)
        return ResourceConflict(f"Job {job_id} has already ended", state=str(accounted[0].state))


def _pick(records: list[Job], job_id: str) -> Job | None:
    """The record that a name means."""
    by_name = {job.job_id: job for job in records}
    if job_id in by_name:
        return by_name[job_id]
    array, underscore, task = job_id.partition("_")
    if underscore:
        rest = by_name.get(array)
        if rest is None or not rest.array_tasks or not _stands_for(rest.array_tasks, int(task)):
            return None
        return replace(rest, job_id=job_id, array_task_id=int(task), array_tasks=None)
    if not job_id.isdigit():
        return None
    own = next((job for job in records if job.numeric_id == int(job_id)), None)
    return own or next((job for job in records if int(job_id) in (job.array_job_id, job.het_job_id)), None)


def _stands_for(array_tasks: str, task: int) -> bool:
    """Whether ``2-5,9-15:2%3`` names a task."""
    for part in array_tasks.partition("%")[0].split(","):
        if match := _RANGE.fullmatch(part):
            first, last, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
            if first <= task <= last and (task - first) % max(1, step) == 0:
                return True
    return False
