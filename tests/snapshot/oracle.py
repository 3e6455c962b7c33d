"""A job table as anyone would write it: a dict, and comprehensions over it."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any

from s9s.domain.changes import Changes
from s9s.domain.durations import UNLIMITED
from s9s.domain.jobs import Job
from s9s.domain.queries import JobQuery, Visibility

_ATTRIBUTES = {"memory": "memory_mib", "time_limit": "time_limit_seconds"}


class PlainTable:
    """What `JobTable` must agree with."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}
        self.listed: set[int] = set()
        self.vanished: set[int] = set()

    def apply(self, changes: Changes[Job], keep: Collection[int] = ()) -> None:
        for job in changes.changed:
            if job.numeric_id not in keep:
                self.jobs[job.numeric_id] = job
                self.listed.add(job.numeric_id)
                self.vanished.discard(job.numeric_id)
        shown = {job.numeric_id for job in changes.changed}
        gone = self.listed - shown if changes.complete else set(changes.removed)
        for numeric_id in gone - set(keep):
            self.listed.discard(numeric_id)
            if numeric_id in self.jobs and not self.jobs[numeric_id].state.is_finished:
                self.vanished.add(numeric_id)

    def add_finished(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            number = job.numeric_id
            known = self.jobs.get(number)
            if job.state.is_finished and number not in self.listed:
                same_submission = known is not None and known.submit_time == job.submit_time
                if (
                    known is None
                    or known.submit_time < job.submit_time
                    or (same_submission and number in self.vanished)
                ):
                    self.jobs[number] = job
                    self.vanished.discard(number)

    def drop(self, numeric_ids: Iterable[int]) -> None:
        for numeric_id in numeric_ids:
            if numeric_id in self.vanished:
                self.vanished.discard(numeric_id)
                del self.jobs[numeric_id]

    def forget_finished(self, before: int) -> None:
        for job in list(self.jobs.values()):
            end = job.submit_time if job.end_time is None else job.end_time
            if job.state.is_finished and job.numeric_id not in self.listed and end < before:
                del self.jobs[job.numeric_id]

    def find(self, query: JobQuery, now: int) -> tuple[list[Job], int]:
        """The page and the total."""
        found = sorted_jobs([job for job in self.jobs.values() if matches(job, query)], query, now)
        return found[query.offset : query.offset + query.limit], len(found)


def matches(job: Job, query: JobQuery) -> bool:
    """Whether a job passes all filters."""
    eligible = job.submit_time if job.eligible_time is None else job.eligible_time
    return (
        (query.states is None or bool({job.state, *job.flags} & query.states))
        and (query.users is None or job.user in query.users)
        and (query.partitions is None or bool(set(job.partition.split(",")) & query.partitions))
        and (query.accounts is None or lower(job.account) in set(map(lower, query.accounts)))
        and (query.qos is None or lower(job.qos) in set(map(lower, query.qos)))
        and (query.names is None or job.job_name in query.names)
        and (query.nodes is None or bool(set(job.nodes) & query.nodes))
        and (query.job_ids is None or any(answers_to(job, address) for address in query.job_ids))
        and (query.start_time is None or job.end_time is None or job.end_time >= query.start_time)
        and (query.end_time is None or eligible <= query.end_time)
        and is_visible(job, query.visibility)
    )


def is_visible(job: Job, visibility: Visibility | None) -> bool:
    """Whether every one of the circles around each other has the job."""
    return visibility is None or (
        (
            job.user in visibility.users
            or lower(job.account) in set(map(lower, visibility.accounts))
            or bool(set(job.partition.split(",")) & visibility.partitions)
        )
        and is_visible(job, visibility.within)
    )


def lower(text: str | None) -> str | None:
    return text.lower() if text is not None else None


def answers_to(job: Job, address: str) -> bool:
    """Whether a record is what an address stands for. (Tasks of an unstarted rest are tested elsewhere.)"""
    names = {str(job.numeric_id), job.job_id} - ({""} if job.array_tasks is None else {job.job_id})
    return address in names or address in {str(job.array_job_id), str(job.het_job_id)}


def sorted_jobs(jobs: list[Job], query: JobQuery, now: int) -> list[Job]:
    """In the order of the query: ``None`` last, ties by numeric id."""
    keyed = [(key, job.numeric_id, job) for job in jobs for key in [sort_key(job, query.sort, now)]]
    present = sorted((row for row in keyed if row[0] is not None), key=lambda row: row[:2])
    absent = sorted((row for row in keyed if row[0] is None), key=lambda row: row[1])
    if query.descending:
        present.reverse()
        absent.reverse()
    return [row[2] for row in present + absent]


def reason_of_hold(job: Job) -> str | None:
    """What somebody gave as reason for holding a job."""
    return job.user or None


def sort_key(job: Job, field: str, now: int) -> Any:
    """What a sort compares."""
    if field == "hold_reason":
        return reason_of_hold(job) if job.priority == 0 else None
    if field == "elapsed_time":
        return job.elapsed_seconds(now)
    if field == "job_id":
        if job.array_job_id is not None:
            return job.array_job_id, math.inf if job.array_task_id is None else job.array_task_id
        if job.het_job_id is not None:
            return job.het_job_id, job.het_job_offset or 0
        return job.numeric_id, 0
    # What others add to jobs is not there in a table by itself.
    value = None if field == "hold_reason" else getattr(job, _ATTRIBUTES.get(field, field))
    return math.inf if field == "time_limit" and value == UNLIMITED else value
