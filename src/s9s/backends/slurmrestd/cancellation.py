"""Ending jobs: as scancel does, at once, or with a signal of the caller's choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from s9s.backends.slurmrestd import build, payloads
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.errors import Problem, error_of
from s9s.backends.slurmrestd.lookup import JobLookup, asked
from s9s.backends.slurmrestd.steps import Request
from s9s.domain.errors import ResourceConflict, ValidationError
from s9s.domain.jobs import Job, JobState

_SIGKILL: Final = 9
#: Said of the records of an array that are over, or not yet running, while the others are signalled.
_OF_SOME: Final = frozenset({2020, 2021})


class Cancellation:
    """Ends jobs.

    The status of a DELETE is no evidence: 24.11 and 26.05 say 200 to unknown, finished and other people's
    jobs and tell the truth in ``status``; 22.05 says 200 to finished ones. So jobs are looked at before.
    """

    def __init__(self, client: Client, jobs: JobLookup) -> None:
        self._client = client
        self._jobs = jobs

    async def cancel(self, job_id: str, actor: str, *, signal: int | None, force: bool) -> None:
        """`base.Backend.cancel`."""
        # Slurm kills the job for signal 0 and for one that it does not know (24.11, 26.05).
        if signal is not None and not 1 <= signal <= 64:
            raise ValidationError.of("signal", signal, "1 to 64")
        records = await self._jobs.all_live(job_id, actor)
        if all(job.state.is_finished for job in records):
            raise ResourceConflict(f"Job {job_id} has already ended", state=str(records[0].state))
        has_started = any(job.state is not JobState.PENDING and not job.state.is_finished for job in records)
        if force and has_started:
            await self._kill(job_id, actor, records)
        elif force or signal in (None, _SIGKILL):
            await self._delete(build.cancel_job(job_id), job_id, actor, records)
        elif has_started:
            await self._delete(build.signal_job(job_id, signal), job_id, actor, records)
        else:
            raise ResourceConflict(f"Job {job_id} is not running", state=str(records[0].state))

    async def _kill(self, job_id: str, actor: str, records: Sequence[Job]) -> None:
        # A cancel by itself is SIGTERM and KillWait. So the steps are killed first and the batch script last;
        # slurmctld hears of its end some 50 ms later, when the job is cancelled: else it would be FAILED.
        await self._delete(build.kill_job(job_id, batch=False), job_id, actor, records)
        await self._delete(build.kill_job(job_id, batch=True), job_id, actor, records)
        await self._delete(build.cancel_job(job_id), job_id, actor, records, tolerated=_OF_SOME)

    async def _delete(
        self,
        request: Request,
        job_id: str,
        actor: str,
        records: Sequence[Job],
        tolerated: frozenset[int] = frozenset(),
    ) -> None:
        what = asked("cancel", job_id)
        answer = await self._client.ask(request, payloads.Killed, what, actor=actor)
        if len(records) > 1:
            tolerated = _OF_SOME
        for entry in answer.status:
            if entry.error.code and entry.error.code not in tolerated:
                raise error_of(Problem(error_number=entry.error.code, error=entry.error.message), what)
