"""From two looks at a job to every state that it passed through in between.

Slurm is looked at again and again, and a short job may come and go between two looks. What its record says
of its times is as good as having seen it: a job that started was RUNNING, and every job was PENDING first.
Such steps are marked as inferred. Nothing is made up that Slurm does not tell: a job cancelled before it
started never ran, and whether one was COMPLETING for a moment nobody knows.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from s9s.domain.jobs import Job, JobState


class Step(Struct, frozen=True, gc=False):
    """A job's record before and after; ``None`` where there is none."""

    before: Job | None
    after: Job | None
    inferred: bool = False
    """Concluded from the job's times, not seen."""


_UNENDED: Final[dict[str, Any]] = {"flags": (), "end_time": None, "exit_code": None, "signal": None}
_UNSTARTED: Final[dict[str, Any]] = {
    **_UNENDED,
    "state": JobState.PENDING,
    "start_time": None,
    "nodes": (),
    "reason": None,
    "suspended_seconds": 0,
    "suspend_time": None,
}
_STARTED: Final[dict[str, Any]] = {
    **_UNENDED,
    "state": JobState.RUNNING,
    "reason": None,
    "suspend_time": None,
}


def steps(before: Job | None, after: Job | None) -> list[Step]:
    """All steps from one record to another of the same numeric id, in order.

    Empty where both are ``None`` or the same.
    """
    if before is not None and after is not None and before.job_id != after.job_id:
        # The unstarted rest of an array has become its last task.
        return [Step(before, None), *steps(None, after)]
    if after is None or before == after:
        return [] if before == after else [Step(before, None)]
    made: list[Step] = []

    def step(to: Job, *, inferred: bool = False) -> None:
        nonlocal before
        made.append(Step(before, to, inferred))
        before = to

    if after.state is not JobState.PENDING and (before is None or _began_anew(before, after)):
        step(replace(after, **_UNSTARTED), inferred=True)
    if (
        before is not None
        and before.state is JobState.PENDING
        and after.state not in (JobState.PENDING, JobState.RUNNING)
        and _has_run(after)
    ):
        step(replace(after, **_STARTED), inferred=True)
    step(after)
    return made


def _began_anew(before: Job, after: Job) -> bool:
    """Whether a job that had left the queue has been in it again since: it was requeued."""
    return before.state is not JobState.PENDING and (
        after.submit_time > before.submit_time or after.requeue_count > before.requeue_count
    )


def _has_run(job: Job) -> bool:
    # Accounting gives jobs that were cancelled in the queue a start too, when they were cancelled.
    return job.start_time is not None and bool(job.nodes)
