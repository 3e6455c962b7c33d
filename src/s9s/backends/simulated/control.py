"""scancel and scontrol on jobs: cancel, signal, hold, release, change, requeue, suspend, resume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from s9s.backends.simulated.cluster import Cluster, is_over, split_address
from s9s.backends.simulated.launcher import Launcher
from s9s.backends.simulated.lifecycle import SIGTERM, Lifecycle
from s9s.backends.simulated.privileges import ACCESS_DENIED, Privileges
from s9s.backends.simulated.records import Outcome, Record
from s9s.backends.simulated.requests import check_association, check_partition
from s9s.domain.durations import UNLIMITED
from s9s.domain.errors import PermissionDenied, ResourceConflict, ResourceNotFound, ValidationError
from s9s.domain.jobs import Job, JobState, JobUpdate

#: Signals that a synthetic program does not survive.
_DEADLY: Final = frozenset({1, 2, 3, 4, 6, 7, 8, 9, 11, 13, 14, 15, 24, 25, 31})


class Control:
    """What clients do to jobs, with Slurm's refusals.

    Every method raises `ResourceNotFound` for an unknown job, `ResourceConflict` where the job's state
    forbids it, and `PermissionDenied`. Of an array, all jobs that are not over are meant.
    """

    def __init__(
        self, cluster: Cluster, lifecycle: Lifecycle, privileges: Privileges, launcher: Launcher | None
    ) -> None:
        self._cluster = cluster
        self._lifecycle = lifecycle
        self._privileges = privileges
        self._launcher = launcher

    def cancel(self, job_id: str, actor: str, signal: int | None, *, force: bool) -> None:
        """End a job, or with `signal` only deliver that."""
        records = self._controlled(job_id, actor)
        if signal is not None:
            self._signal(job_id, records, signal)
            return
        live = [record for record in records if not is_over(record)]
        stubborn = [record for record in records if record.job.state == JobState.COMPLETING] if force else []
        if not live and not stubborn:
            raise ResourceConflict(f"Job {job_id}: Job/step already completing or completed")
        for record in live:
            record = self._own(record, job_id)
            if record.job.state == JobState.PENDING:
                self._lifecycle.give_up(record, JobState.CANCELLED)
            else:
                outcome = Outcome(JobState.CANCELLED, self._cluster.instant, signal=SIGTERM)
                self._lifecycle.end(record, outcome, at_once=force)
        for record in stubborn:
            self._lifecycle.kill(record)

    def _signal(self, job_id: str, records: list[Record], signal: int) -> None:
        running = [record for record in records if record.job.state in (JobState.RUNNING, JobState.SUSPENDED)]
        if not running:
            if any(record.job.state == JobState.PENDING for record in records):
                raise ResourceConflict(f"Job {job_id}: Job is pending execution")
            raise ResourceConflict(f"Job {job_id}: Job/step already completing or completed")
        for record in running:
            if self._launcher is not None and self._launcher.is_running(record):
                self._launcher.signal(record, signal)
            elif signal in _DEADLY:
                self._lifecycle.end(record, self._lifecycle.natural(0, signal))

    def update(self, job_id: str, update: JobUpdate, actor: str) -> None:
        """Hold, release, change."""
        records = [record for record in self._controlled(job_id, actor) if not is_over(record)]
        if not records:
            raise ResourceConflict(f"Job {job_id}: Job has already finished")
        for_pending = (update.hold, update.priority, update.partition, update.qos, update.account)
        if any(value is not None for value in for_pending):
            # Of an array that runs in part, the rest can still be changed.
            records = [record for record in records if record.job.state == JobState.PENDING]
            if not records:
                raise ResourceConflict(f"Job {job_id}: Job is no longer pending execution")
        for record in records:
            self._check(job_id, record, update, actor)
        for record in records:
            self._apply(self._own(record, job_id), update, actor)

    def _check(self, job_id: str, record: Record, update: JobUpdate, actor: str) -> None:
        """Raise before anything is changed."""
        job, pending = record.job, record.job.state == JobState.PENDING
        privileged = self._privileges.is_operator(actor)
        if update.hold is False and record.held_by == "admin" and not privileged:
            raise PermissionDenied(f"Job {job_id}: {ACCESS_DENIED}")
        if update.priority:
            if record.held_by and update.hold is not False:
                raise ResourceConflict(f"Job {job_id}: Job is in held state, pending scheduler release")
            if not privileged:
                lowers = update.priority < (job.priority or 0)
                words = "Changes to job priority are not persistent, change nice instead"
                raise PermissionDenied(f"Job {job_id}: {words if lowers else ACCESS_DENIED}")
        if update.nice is not None and update.nice < 0 and not privileged:
            raise PermissionDenied(f"Job {job_id}: {ACCESS_DENIED}")
        if update.time_limit_seconds is not None and not pending and not privileged:
            old, new = job.time_limit_seconds, update.time_limit_seconds
            if old != UNLIMITED and (new == UNLIMITED or new > (old or 0)):
                raise PermissionDenied(f"Job {job_id}: {ACCESS_DENIED}")
        if update.time_limit_seconds is not None and update.time_limit_seconds < UNLIMITED:
            raise ValidationError.of("time_limit", update.time_limit_seconds, "0 seconds or more")
        partition = check_partition(self._cluster, update.partition or job.partition)
        if update.partition or update.account or update.qos:
            check_association(
                self._cluster, job.user, update.account or job.account, partition, update.qos or job.qos
            )

    def _apply(self, record: Record, update: JobUpdate, actor: str) -> None:
        cluster, lifecycle, before = self._cluster, self._lifecycle, record.job
        hold = True if update.priority == 0 else update.hold
        if hold is True and record.held_by != "admin":
            record.held_by = "user" if before.user == actor else "admin"
        elif hold is False:
            record.held_by, record.has_fixed_priority = None, False
        changes: dict[str, Any] = {
            name: value
            for name in ("time_limit_seconds", "partition", "qos", "account", "job_name", "comment")
            if (value := getattr(update, name)) is not None
        }
        if update.priority:
            changes["priority"], record.has_fixed_priority = update.priority, True
        if update.nice is not None:
            record.nice = update.nice
        job = replace(before, **changes)
        dependency = cluster.waiters.dependency(job.numeric_id)
        if dependency is not None and job.job_name != before.job_name:
            # Singletons are found by name.
            cluster.waiters.drop(before)
            cluster.waiters.add(job, dependency)
        if job.qos != before.qos:
            waiting = len(record.tasks.waiting) if record.tasks and job.array_task_id is None else 1
            cluster.limits.submit(before, -waiting)
            cluster.limits.submit(job, waiting)
        cluster.show(record, job)
        if job.state == JobState.PENDING:
            cluster.queue.remove(record)
            lifecycle.pending.consider(record)
        elif update.time_limit_seconds is not None:
            lifecycle.change_limit(record)

    def requeue(self, job_id: str, actor: str) -> None:
        """Put a running, suspended or finished job back into the queue."""
        records = self._controlled(job_id, actor)
        ready = [
            record for record in records if record.job.state not in (JobState.PENDING, JobState.COMPLETING)
        ]
        if not ready:
            pending = any(record.job.state == JobState.PENDING for record in records)
            words = "Job is pending execution" if pending else "Job/step already completing or completed"
            raise ResourceConflict(f"Job {job_id}: {words}")
        for record in ready:
            if not record.can_requeue:
                raise ResourceConflict(f"Job {job_id}: Requested operation is presently disabled")
        for record in ready:
            self._lifecycle.requeue(record)

    def suspend(self, job_id: str, actor: str) -> None:
        """Stop a running job; takes an operator."""
        self._switch(job_id, actor, JobState.RUNNING, "Job is not running", self._stop)

    def resume(self, job_id: str, actor: str) -> None:
        """Continue a suspended job; takes an operator."""
        self._switch(job_id, actor, JobState.SUSPENDED, "Job is not suspended", self._continue)

    def _switch(
        self, job_id: str, actor: str, state: JobState, refusal: str, switch: Callable[[Record], None]
    ) -> None:
        records = self._seen(job_id, actor)
        self._privileges.operate(actor, f"Job {job_id}")
        ready = [record for record in records if record.job.state == state]
        if not ready:
            over = all(is_over(record) for record in records)
            words = "Job/step already completing or completed" if over else refusal
            raise ResourceConflict(f"Job {job_id}: {words}")
        for record in ready:
            switch(record)

    def _stop(self, record: Record) -> None:
        if self._launcher is not None:
            self._launcher.signal(record, 19)
        self._lifecycle.suspend(record)

    def _continue(self, record: Record) -> None:
        if self._launcher is not None:
            self._launcher.signal(record, 18)
        self._lifecycle.resume(record)

    # -- whom it concerns ------------------------------------------------------------------------------------

    def _seen(self, job_id: str, actor: str) -> list[Record]:
        try:
            records = self._cluster.addressed(job_id)
        except ResourceNotFound:
            # What accounting alone remembers has been there, and is over.
            if self._visible(self._cluster.find(job_id), actor):
                raise ResourceConflict(f"Job {job_id}: Job/step already completing or completed") from None
            raise
        if not self._visible(records[0].job, actor):
            raise ResourceNotFound.of("job", job_id)
        return records

    def _visible(self, job: Job, actor: str) -> bool:
        return "jobs" not in self._cluster.site.private_data or self._privileges.sees(job, actor)

    def _controlled(self, job_id: str, actor: str) -> list[Record]:
        records = self._seen(job_id, actor)
        for record in records:
            self._privileges.control(record.job, actor)
        return records

    def _own(self, record: Record, job_id: str) -> Record:
        """A task that is still part of its array's rest gets a record of its own when it is named."""
        _, task = split_address(job_id)
        if task is None or record.job.array_task_id is not None:
            return record
        queued = record.place is not None
        own = self._lifecycle.pending.split(record, task)
        if queued and own.job.state == JobState.PENDING:
            self._lifecycle.pending.consider(own)
        return own
