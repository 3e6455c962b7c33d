"""Changes to jobs: each is done in Slurm as the caller's own user, who then sees it at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final

from msgspec import Struct, structs

from s9s.domain.errors import ResourceConflict, ValidationError
from s9s.domain.jobs import Job, JobState, JobSubmission, JobUpdate
from s9s.domain.signals import signal_name, signal_number
from s9s.services.access import Caller, narrowed_submission
from s9s.services.audit import observe
from s9s.services.clusters import Cluster
from s9s.services.jobs.holds import Holds
from s9s.services.jobs.service import Jobs
from s9s.services.jobs.submissions import read_script, warnings_for, with_mark, with_name

SUBMITTED: Final = "Job submitted successfully"
_SIGTERM: Final = 15
_SIGKILL: Final = 9


class Outcome(Struct, frozen=True):
    """What a change led to: the job's state after it, and a sentence."""

    job_id: str
    state: str
    message: str


class Accepted(Struct, frozen=True):
    """A submission that Slurm took. `warnings` say why it may never start."""

    job_id: str
    message: str
    warnings: list[str]


class JobControl:
    """Submit, cancel, hold, release and the like.

    Args:
        cluster: Where.
        jobs: Its jobs, to look at one before it is changed.
        holds: Keeps the reasons of holds.
        is_bulk: Neither wait for what was just changed nor ask for it: who changes many does so once for all.
    """

    def __init__(self, cluster: Cluster, jobs: Jobs, holds: Holds, *, is_bulk: bool = False) -> None:
        self._cluster = cluster
        self._jobs = jobs
        self._holds = holds
        self._is_bulk = is_bulk

    async def submit(self, submission: JobSubmission, caller: Caller, *, mark: str | None = None) -> Accepted:
        """Submit as the caller. `submission.script` may be a path or a command line (see `read_script`).

        With a `mark` the job can be told from all others (see `with_mark`).
        """
        self._cluster.require_reachable()
        script = await read_script(submission.script, caller.user, self._cluster.files)
        submission = with_name(structs.replace(submission, script=script), submission.script)
        submission = self._narrowed(submission, caller)
        if mark is not None:
            submission = with_mark(submission, mark)
        submitted = await self._cluster.acts.submit(submission, caller.user)
        self._cluster.watcher.touch([submitted.job_id])
        # A script's path says little: what is at it may be another one tomorrow.
        digest = sha256(script.encode("utf-8", "surrogatepass")).hexdigest()
        observe(f"jobs/{submitted.job_id}", after={"state": "PENDING", "script_sha256": digest})
        snapshot = self._cluster.snapshot
        warnings = warnings_for(submission, snapshot.partitions.all(), snapshot.nodes.all())
        message = f"{SUBMITTED} ({submitted.message})" if submitted.message else SUBMITTED
        return Accepted(submitted.job_id, message, warnings)

    async def cancel(
        self, job_id: str, caller: Caller, *, signal: str = "SIGTERM", force: bool = False
    ) -> Outcome:
        """Cancel; `force` kills at once; a signal other than SIGTERM is only delivered.

        Raises `ValidationError` for an unknown signal, `ResourceConflict` for a finished job.
        """
        try:
            number = signal_number(signal)
        except ValueError as error:
            raise ValidationError.of("signal", signal, str(error)) from error
        job = await self._live(job_id, caller)
        cancels = number == _SIGTERM or force
        if not cancels and job.state is JobState.PENDING:
            raise _conflict(job, "is pending: there is nothing to send a signal to")
        acts, sent = self._cluster.acts, None if cancels else number
        await self._change(job_id, lambda: acts.cancel(job_id, caller.user, signal=sent, force=force))
        if cancels:
            return _outcome(job_id, JobState.CANCELLED, "Job cancelled successfully")
        return _outcome(job_id, job.state, f"{signal_name(number)} sent to the job")

    async def hold(self, job_id: str, caller: Caller, reason: str | None) -> Outcome:
        """Keep a pending job from starting. The reason is shown with the job until it is released."""
        job = await self._live(job_id, caller)
        if job.state is not JobState.PENDING:
            raise _conflict(job, f"is {job.state.value}: only a pending job can be held")
        await self._update(job_id, JobUpdate(hold=True), caller)
        await self._holds.remember(job, reason, caller.user)
        return _outcome(job_id, JobState.PENDING, "Job held successfully", priority=0)

    async def release(self, job_id: str, caller: Caller) -> Outcome:
        """Let a held job start again."""
        job = await self._live(job_id, caller)
        if job.state is not JobState.PENDING:
            raise _conflict(job, f"is {job.state.value}: only a held job can be released")
        await self._update(job_id, JobUpdate(hold=False), caller)
        await self._holds.forget(job)
        return _outcome(job_id, JobState.PENDING, "Job released successfully")

    async def set_priority(self, job_id: str, caller: Caller, priority: int) -> Outcome:
        """Set the priority; 0 holds, as in Slurm."""
        job = await self._live(job_id, caller)
        if priority == 0:
            return await self.hold(job_id, caller, None)
        await self._update(job_id, JobUpdate(priority=priority), caller)
        return _outcome(job_id, job.state, f"Job priority set to {priority}", priority=priority)

    async def requeue(self, job_id: str, caller: Caller) -> Outcome:
        """Put a running or finished job back into the queue."""
        job = await self._seen(job_id, caller)
        if job.state is JobState.PENDING:
            raise _conflict(job, "is pending already")
        await self._change(job_id, lambda: self._cluster.acts.requeue(job_id, caller.user))
        return _outcome(job_id, JobState.PENDING, "Job requeued successfully")

    async def suspend(self, job_id: str, caller: Caller) -> Outcome:
        """Stop a running job's processes."""
        job = await self._live(job_id, caller)
        if job.state is not JobState.RUNNING:
            raise _conflict(job, f"is {job.state.value}: only a running job can be suspended")
        await self._change(job_id, lambda: self._cluster.acts.suspend(job_id, caller.user))
        return _outcome(job_id, JobState.SUSPENDED, "Job suspended successfully")

    async def resume(self, job_id: str, caller: Caller) -> Outcome:
        """Continue a suspended job."""
        job = await self._live(job_id, caller)
        if job.state is not JobState.SUSPENDED:
            raise _conflict(job, f"is {job.state.value}: only a suspended job can be resumed")
        await self._change(job_id, lambda: self._cluster.acts.resume(job_id, caller.user))
        return _outcome(job_id, JobState.RUNNING, "Job resumed successfully")

    async def _seen(self, job_id: str, caller: Caller) -> Job:
        job = await self._jobs.get(job_id, caller, waits=not self._is_bulk)
        before = {"state": job.state.value, "priority": job.priority, "user": job.user}
        observe(f"jobs/{job_id}", before=before)
        return job

    def _narrowed(self, submission: JobSubmission, caller: Caller) -> JobSubmission:
        snapshot = self._cluster.snapshot
        default = next((one.name for one in snapshot.partitions.all() if one.is_default), None)
        return narrowed_submission(caller, submission, snapshot.users.get(caller.user), default)

    async def _live(self, job_id: str, caller: Caller) -> Job:
        job = await self._seen(job_id, caller)
        if job.state.is_finished:
            raise _conflict(job, f"already {_ENDED.get(job.state, 'ended')}")
        return job

    async def _update(self, job_id: str, update: JobUpdate, caller: Caller) -> None:
        await self._change(job_id, lambda: self._cluster.acts.update_job(job_id, update, caller.user))

    async def _change(self, job_id: str, change: Callable[[], Awaitable[None]]) -> None:
        self._cluster.require_reachable()
        try:
            await change()
        finally:
            # A change that failed half-way may still have done something.
            if not self._is_bulk:
                self._cluster.watcher.touch([job_id])


def _outcome(job_id: str, state: JobState, message: str, **changed: object) -> Outcome:
    observe(f"jobs/{job_id}", after={"state": state.value, **changed})
    return Outcome(job_id, state.value, message)


_ENDED: Final = {JobState.COMPLETED: "completed", JobState.CANCELLED: "cancelled", JobState.FAILED: "failed"}


def _conflict(job: Job, what: str) -> ResourceConflict:
    return ResourceConflict(
        f"Job {job.job_id} {what}",
        resource_type="job",
        resource_id=job.job_id,
        state=job.state.value,
    )
