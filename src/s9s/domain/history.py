"""What is remembered of jobs that have ended."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, structs

from s9s.domain.jobs import Job, JobUsage

#: What only slurmctld knows, or only some version of accounting: it outlives a record without it.
_KEPT: Final = (
    "account", "qos", "eligible_time", "time_limit_seconds", "memory_mib", "priority", "reason",
    "working_directory", "command", "standard_input", "standard_output", "standard_error", "dependency",
    "comment", "features", "reservation",
)  # fmt: skip

#: Two runs of one id that follow each other no later than this are one job that was requeued.
_REQUEUED_WITHIN_SECONDS: Final = 86_400


class FinishedJob(Struct, frozen=True, gc=False):
    """A job that has ended, and what it used; ``None`` where nothing was measured."""

    job: Job
    usage: JobUsage | None = None


class Coverage(Struct, frozen=True, kw_only=True):
    """What a cluster's history holds: the jobs that ended in [since, until); epoch seconds."""

    since: int
    until: int


def completed(known: FinishedJob, told: FinishedJob) -> FinishedJob:
    """What is `told` of a job, with what was `known` before and is not told again.

    Args:
        known: What is remembered of the very same run of the job.
        told: What is heard of it now; wins wherever it says anything.
    """
    missing = {
        name: before
        for name in _KEPT
        if getattr(told.job, name) is None and (before := getattr(known.job, name)) is not None
    }
    job = structs.replace(told.job, **missing) if missing else told.job
    return FinishedJob(job, told.usage or known.usage)


def is_earlier_run(one: Job, other: Job) -> bool:
    """Whether `other` is the same job, requeued after `one` had ended: Slurm keeps the last run's record.

    Slurm gives its ids again only after millions of jobs, or after it has lost its state.
    """
    if one.numeric_id != other.numeric_id or one.user != other.user or one.submit_time >= other.submit_time:
        return False
    ended = one.submit_time if one.end_time is None else one.end_time
    return abs(other.submit_time - ended) <= _REQUEUED_WITHIN_SECONDS
