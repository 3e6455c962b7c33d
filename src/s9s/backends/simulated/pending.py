"""Pending jobs: whether they may be scheduled, and if not, why."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from s9s.backends.simulated.arrays import fold_tasks
from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.conditions import Condition, Verdict, verdict_on
from s9s.backends.simulated.records import Record
from s9s.domain.jobs import Job, JobState


class Pending:
    """Keeps reason, priority, dependency and place in the queue of pending jobs in step.

    Args:
        cluster: Whose jobs they are.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.request_pass: Callable[[], None] = lambda: None
        """Called when something happened that could let a job start."""

    def consider(self, record: Record) -> None:
        """Find out anew whether a pending job may be scheduled, and if not, why."""
        cluster, job = self._cluster, record.job
        if job.state != JobState.PENDING:
            return
        dependency = cluster.waiters.dependency(job.numeric_id)
        verdict, left = Verdict.MET, None
        if dependency is not None:
            verdict, left = dependency.judge(lambda condition: self._verdict(job, condition))
        if verdict is Verdict.MET and dependency is not None:
            cluster.waiters.drop(job)
        begins_later = record.begin_time is not None and record.begin_time > cluster.now
        eligible_time = job.eligible_time
        if record.held_by:
            reason: str | None = "JobHeldUser" if record.held_by == "user" else "JobHeldAdmin"
        elif verdict is Verdict.NEVER:
            reason = "DependencyNeverSatisfied"
        elif verdict is Verdict.OPEN:
            reason = "Dependency"
        elif begins_later:
            reason = "BeginTime"
            eligible_time = record.begin_time
            cluster.agenda.at(float(record.begin_time or 0), self.consider, record)
        else:
            reason = job.reason if record.place else "Priority"
            if eligible_time is None or eligible_time > cluster.now:
                eligible_time = cluster.instant
        changed = replace(job, reason=reason, eligible_time=eligible_time, dependency=left)
        if record.held_by:
            changed = replace(changed, priority=0)
        elif not record.has_fixed_priority:
            changed = replace(changed, priority=cluster.priorities.of(changed, record.nice, cluster.now))
        if changed != job:
            cluster.show(record, changed)
        if record.held_by or verdict is not Verdict.MET or begins_later:
            cluster.queue.remove(record)
        else:
            cluster.queue.put(record, cluster.tier(changed))
            self.request_pass()

    def refresh_priority(self, record: Record) -> None:
        """Let a pending job age."""
        if record.held_by or record.has_fixed_priority:
            return
        cluster, job = self._cluster, record.job
        priority = cluster.priorities.of(job, record.nice, cluster.now)
        if priority != job.priority:
            cluster.show(record, replace(job, priority=priority))
            cluster.queue.move(record, cluster.tier(job))

    def explain(self, record: Record, reason: str, expected_start: int | None = None) -> None:
        """Say why a queued job does not start."""
        job = record.job
        if job.reason != reason or job.expected_start_time != expected_start:
            self._cluster.show(record, replace(job, reason=reason, expected_start_time=expected_start))

    def split(self, record: Record, task: int) -> Record:
        """Give one waiting task of an array a record of its own; the last one keeps the array's.

        The record is pending and not in the queue.
        """
        cluster, tasks = self._cluster, record.tasks
        assert tasks is not None
        tasks.waiting.remove(task)
        tasks.text = fold_tasks(tasks.waiting)
        own = {"job_id": f"{tasks.array_id}_{task}", "array_task_id": task, "array_tasks": None}
        if not tasks.waiting:
            cluster.queue.remove(record)
            tasks.records[task] = record.job.numeric_id
            cluster.show(record, replace(record.job, **own))
            return record
        numeric_id = cluster.ids.next()
        split = replace(record, job=replace(record.job, numeric_id=numeric_id, **own), place=None)
        dependency = cluster.waiters.dependency(record.job.numeric_id)
        if dependency is not None:
            cluster.waiters.add(split.job, dependency)
        tasks.records[task] = numeric_id
        cluster.add(split)
        cluster.priorities.watch(numeric_id)
        cluster.show(record, replace(record.job, array_tasks=tasks.shown))
        return split

    def wake(self, job: Job) -> None:
        """Look again at the jobs that depend on this one, in whose life something happened."""
        for numeric_id in self._cluster.waiters.on(job):
            record = self._cluster.records.get(numeric_id)
            if record is not None:
                self.consider(record)

    def _verdict(self, job: Job, condition: Condition) -> Verdict:
        cluster = self._cluster
        if condition.job_id is None:
            return cluster.waiters.singleton(job, cluster.records.values())
        verdict = verdict_on(condition, cluster.meant_by(condition.job_id), cluster.instant)
        if verdict is Verdict.OPEN and condition.delay_seconds:
            record = cluster.records[job.numeric_id]
            for other in cluster.meant_by(condition.job_id):
                if other.start_time is not None:
                    cluster.agenda.at(other.start_time + condition.delay_seconds, self.consider, record)
        return verdict
