"""A job's life: pending, running, completing, over, forgotten."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from s9s.backends.simulated.accounting import Remains
from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.conditions import Dependency
from s9s.backends.simulated.launcher import Launcher
from s9s.backends.simulated.limits import limits_of
from s9s.backends.simulated.pending import Pending
from s9s.backends.simulated.records import Outcome, Record, asked
from s9s.backends.simulated.usage import usage_of
from s9s.domain.durations import UNLIMITED
from s9s.domain.jobs import Job, JobState

#: How long a job without processes of its own is completing: the epilog.
EPILOG_SECONDS: Final = 0.8
#: Slurm lets a requeued job rest until its credential has run out everywhere.
REQUEUE_DELAY_SECONDS: Final = 121
#: How many of those who wait for a limit look again when something of it is given back.
_RECALLED: Final = 4
#: When a limit's end is "never".
NEVER: Final = 2**40

SIGTERM, SIGKILL = 15, 9


class Lifecycle:
    """The transitions; each keeps resources, limits, usage, arrays, dependants and accounting in step.

    Args:
        cluster: What is changed.
        launcher: ``None`` where nothing is really run: then submitted jobs follow their `Course`.
    """

    def __init__(self, cluster: Cluster, launcher: Launcher | None) -> None:
        self._cluster = cluster
        self._launcher = launcher
        self.pending = Pending(cluster)

    # -- beginning -------------------------------------------------------------------------------------------

    def enter(self, record: Record, dependency: Dependency | None = None) -> None:
        """A new pending job, or array."""
        cluster = self._cluster
        if record.tasks is not None:
            cluster.arrays[record.tasks.array_id] = record.tasks
        cluster.add(record)
        cluster.limits.submit(record.job, record.tasks.count if record.tasks else 1)
        if dependency is not None:
            cluster.waiters.add(record.job, dependency)
        cluster.priorities.watch(record.job.numeric_id)
        if record.deadline is not None:
            cluster.agenda.at(record.deadline, self._miss_deadline, record)
        self.pending.consider(record)

    # -- running ---------------------------------------------------------------------------------------------

    def start(self, record: Record, partition: str, nodes: list[int]) -> Record:
        """Start a queued job, or the next task of a queued array, on these nodes.

        Returns:
            What has been started.
        """
        cluster = self._cluster
        if record.tasks is not None and record.tasks.waiting and record.job.array_task_id is None:
            record = self.pending.split(record, record.tasks.waiting[0])
        cluster.queue.remove(record)
        cluster.waiters.drop(record.job)
        record.shares = cluster.pool.shares(record.need, nodes)
        job = replace(
            record.job,
            state=JobState.RUNNING,
            partition=partition,
            start_time=cluster.instant,
            expected_start_time=None,
            nodes=tuple(cluster.pool.names[node] for node in nodes),
            node_count=len(nodes),
            cpu_count=sum(share.cpus for share in record.shares),
            memory_mib=sum(share.memory_mib for share in record.shares),
            gpus=sum(share.gpus for share in record.shares),
            reason=None,
            dependency=None,
        )
        cluster.show(record, job)
        self.occupy(record)
        if record.batch is not None and self._launcher is not None:
            record.usage = None
            self._launcher.start(record)
        self.pending.wake(job)
        return record

    def occupy(self, record: Record) -> None:
        """Take the shares of a job that has just been shown as running, and plan its end."""
        cluster, job = self._cluster, record.job
        cluster.pool.allocate(job.numeric_id, record.shares, self._limit_end(job))
        cluster.limits.start(job)
        cluster.accounts.charge(job.user, job.cpu_count, cluster.now)
        record.charged_at = cluster.instant
        if record.tasks is not None:
            record.tasks.running += 1
        self.plan(record)

    def plan(self, record: Record) -> None:
        """Plan the end of a running job anew; what was planned before is void."""
        cluster, job = self._cluster, record.job
        record.run += 1
        passed = job.elapsed_seconds(cluster.instant)
        limit = job.time_limit_seconds
        left = None if limit is None or limit == UNLIMITED else max(0, limit - passed)
        if record.course is not None and (left is None or record.course.seconds - passed <= left):
            due = cluster.now + max(0, record.course.seconds - passed)
            cluster.agenda.at(due, self._run_out, record, record.run)
            return
        if left is not None:
            cluster.agenda.at(cluster.now + left, self._time_out, record, record.run)
            ahead = record.batch.limit_signal if record.batch else None
            if ahead is not None and left > ahead.seconds:
                cluster.agenda.at(
                    cluster.now + left - ahead.seconds, self._send_ahead, record, record.run, ahead.signal
                )

    def suspend(self, record: Record) -> None:
        """Stop a running job. Its CPUs stay its own here; Slurm would let others use them."""
        record.run += 1
        self._cluster.show(
            record,
            replace(record.job, state=JobState.SUSPENDED, suspend_time=self._cluster.instant),
        )

    def resume(self, record: Record) -> None:
        """Continue a suspended job."""
        job, now = record.job, self._cluster.instant
        away = job.suspended_seconds + now - (job.suspend_time or now)
        self._cluster.show(
            record, replace(job, state=JobState.RUNNING, suspend_time=None, suspended_seconds=away)
        )
        self.change_limit(record)

    def change_limit(self, record: Record) -> None:
        """Plan the end of a running or suspended job by its time limit as it is now."""
        self._cluster.pool.expect_end(record.job.numeric_id, record.shares, self._limit_end(record.job))
        if record.job.state == JobState.RUNNING:
            self.plan(record)

    def exited(self, record: Record, exit_code: int, signal: int | None) -> None:
        """The process of a really running job is gone."""
        outcome = record.outcome
        if outcome is None:
            self.end(record, self.natural(exit_code, signal))
            return
        record.outcome = replace(outcome, exit_code=exit_code, signal=signal)
        self._cluster.agenda.at(self._cluster.now + EPILOG_SECONDS / 4, self._finish, record, record.run)

    def natural(self, exit_code: int, signal: int | None) -> Outcome:
        """How a job ends that ends by itself."""
        if signal is not None:
            return Outcome(JobState.FAILED, self._cluster.instant, exit_code, signal, "RaisedSignal")
        if exit_code:
            return Outcome(JobState.FAILED, self._cluster.instant, exit_code, None, "NonZeroExitCode")
        return Outcome(JobState.COMPLETED, self._cluster.instant)

    # -- ending ----------------------------------------------------------------------------------------------

    def end(self, record: Record, outcome: Outcome, *, at_once: bool = False) -> None:
        """Bring a running or suspended job to its end; it is completing until nothing of it is left.

        Args:
            record: The job.
            outcome: What it will have been.
            at_once: Kill instead of asking first and waiting KillWait.
        """
        cluster, job = self._cluster, record.job
        record.outcome = outcome
        record.run += 1
        if job.suspend_time is not None:
            away = job.suspended_seconds + cluster.instant - job.suspend_time
            job = replace(job, suspend_time=None, suspended_seconds=away)
        cluster.show(record, replace(job, state=JobState.COMPLETING, flags=(str(outcome.state),)))
        cluster.pool.count_completing(record.shares, 1)
        if self._launcher is None or not self._launcher.is_running(record):
            cluster.agenda.at(cluster.now + EPILOG_SECONDS, self._finish, record, record.run)
        elif at_once:
            self._launcher.signal(record, SIGKILL)
        else:
            self._launcher.signal(record, SIGTERM)
            cluster.agenda.at(cluster.now + cluster.site.kill_wait_seconds, self._kill, record, record.run)

    def kill(self, record: Record) -> None:
        """Kill at once what a completing job still has."""
        if self._launcher is not None:
            self._launcher.signal(record, SIGKILL)

    def give_up(self, record: Record, state: JobState, reason: str | None = None) -> None:
        """End a pending job, or what is left of a pending array."""
        cluster, job = self._cluster, record.job
        cluster.queue.remove(record)
        cluster.waiters.drop(job)
        tasks = record.tasks
        cluster.limits.submit(job, -(len(tasks.waiting) if tasks and job.array_task_id is None else 1))
        self._close(
            record,
            replace(
                job,
                state=state,
                end_time=cluster.instant,
                exit_code=0,
                reason=reason,
                expected_start_time=None,
            ),
        )

    def _finish(self, record: Record, run: int) -> None:
        """Nothing of a completing job is left: give back what it had."""
        cluster, job, outcome = self._cluster, record.job, record.outcome
        if run != record.run or outcome is None:
            return
        cluster.pool.release(job.numeric_id, record.shares, cluster.instant)
        cluster.pool.count_completing(record.shares, -1)
        cluster.limits.start(job, -1)
        cluster.accounts.settle(job.user, job.cpu_count, record.charged_at, cluster.now)
        if record.tasks is not None:
            record.tasks.running -= 1
        record.shares = ()
        record.outcome = None
        for limit in limits_of(job):
            # Whoever stood aside because of a limit that this job counted for is looked at again.
            for waiting in cluster.queue.first_aside(limit, _RECALLED):
                cluster.queue.put(waiting, cluster.tier(waiting.job))
        self.pending.request_pass()
        if outcome.requeues:
            self._return(record)
            return
        cluster.limits.submit(job, -1)
        self._close(
            record,
            replace(
                job,
                state=outcome.state,
                flags=(),
                end_time=max(outcome.at, job.start_time or 0),
                exit_code=outcome.exit_code,
                signal=outcome.signal,
                reason=outcome.reason,
            ),
        )

    def _close(self, record: Record, job: Job) -> None:
        cluster = self._cluster
        record.run += 1
        cluster.show(record, job)
        usage = record.usage if record.course is None else usage_of(cluster, job)
        cluster.accounting.add(job, Remains(record.batch.environment if record.batch else None, usage))
        cluster.agenda.at(cluster.now + cluster.site.min_job_age_seconds, self._forget, record, record.run)
        self.pending.wake(job)

    def _return(self, record: Record) -> None:
        """Put a job back into the queue."""
        cluster, job, need = self._cluster, record.job, record.need
        record.begin_time = cluster.instant + REQUEUE_DELAY_SECONDS
        record.run += 1
        record.job = replace(
            asked(job, need),
            state=JobState.PENDING,
            flags=(),
            eligible_time=None,
            start_time=None,
            end_time=None,
            exit_code=None,
            signal=None,
            suspended_seconds=0,
            suspend_time=None,
            nodes=(),
            reason=None,
            requeue_count=job.requeue_count + 1,
        )
        cluster.journal.note(job.numeric_id)
        cluster.priorities.watch(job.numeric_id)
        self.pending.consider(record)

    def requeue(self, record: Record) -> None:
        """Put a running, suspended or finished job back into the queue."""
        cluster, job = self._cluster, record.job
        if job.state.is_finished:
            cluster.accounting.drop(job.numeric_id)
            cluster.limits.submit(job)
            self._return(record)
        else:
            outcome = Outcome(JobState.CANCELLED, cluster.instant, signal=SIGTERM, requeues=True)
            self.end(record, outcome)

    # -- events ----------------------------------------------------------------------------------------------

    def _run_out(self, record: Record, run: int) -> None:
        course = record.course
        if run == record.run and course is not None:
            natural = self.natural(course.exit_code, course.signal)
            if course.state not in (JobState.COMPLETED, JobState.FAILED):
                natural = replace(natural, state=course.state, reason=_REASONS.get(course.state))
            self.end(record, natural)

    def _time_out(self, record: Record, run: int) -> None:
        if run == record.run:
            self.end(record, Outcome(JobState.TIMEOUT, self._cluster.instant, 0, SIGTERM, "TimeLimit"))

    def _send_ahead(self, record: Record, run: int, signal: int) -> None:
        if run == record.run and self._launcher is not None:
            self._launcher.signal(record, signal)

    def _kill(self, record: Record, run: int) -> None:
        if run == record.run:
            self.kill(record)

    def _miss_deadline(self, entered: Record) -> None:
        cluster, tasks = self._cluster, entered.tasks
        ids = [entered.job.numeric_id, *(tasks.records.values() if tasks else ())]
        for record in [cluster.records[numeric_id] for numeric_id in ids if numeric_id in cluster.records]:
            if record.job.state == JobState.PENDING:
                self.give_up(record, JobState.DEADLINE, "DeadLine")
            elif record.job.state in (JobState.RUNNING, JobState.SUSPENDED):
                self.end(record, Outcome(JobState.DEADLINE, cluster.instant, 0, SIGTERM, "DeadLine"))

    def _forget(self, record: Record, run: int) -> None:
        if run == record.run:
            self._cluster.remove(record)

    def remember(self, record: Record) -> None:
        """Put a job that ended a while ago into memory; it is forgotten at its time."""
        cluster, job = self._cluster, record.job
        cluster.add(record)
        cluster.accounting.add(job)
        forgotten = (job.end_time or 0) + cluster.site.min_job_age_seconds
        cluster.agenda.at(forgotten, self._forget, record, record.run)

    def _limit_end(self, job: Job) -> int:
        limit = job.time_limit_seconds
        if limit is None or limit == UNLIMITED:
            return NEVER
        return (job.start_time or 0) + limit + job.suspended_seconds


_REASONS: Final = {JobState.OUT_OF_MEMORY: "OutOfMemory", JobState.NODE_FAIL: "NodeDown"}
