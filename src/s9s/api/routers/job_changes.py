"""Routes that change jobs, one at a time and in bulk."""

from __future__ import annotations

import uuid

from litestar import delete, post, put
from litestar.di import NamedDependency

from s9s.api.routers.job_ids import JobId
from s9s.api.schemas.job_changes import (
    BulkAnswer,
    BulkBody,
    BulkResult,
    BulkSummary,
    CancelParameters,
    EmptyBody,
    HoldBody,
    JobAnswer,
    PriorityBody,
)
from s9s.services.access import Caller
from s9s.services.jobs.bulk import Bulk
from s9s.services.jobs.control import JobControl, Outcome


@delete(
    "/jobs/{job_id:str}",
    scope="jobs:write",
    parameters=CancelParameters,
    tags=["Jobs"],
    summary="Cancel a job",
    acts_in_slurm=True,
    status_code=200,
)
async def cancel_job(
    job_id: JobId,
    parameters: NamedDependency[CancelParameters],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> JobAnswer:
    """Cancel as `scancel` does. Any signal but SIGTERM is only delivered; `force` kills at once."""
    outcome = await control.cancel(job_id, caller, signal=parameters.signal, force=parameters.force)
    return _answer(outcome)


@put(
    "/jobs/{job_id:str}/hold",
    scope="jobs:write",
    payload=HoldBody,
    tags=["Jobs"],
    summary="Hold a job",
    acts_in_slurm=True,
)
async def hold_job(
    job_id: JobId,
    payload: NamedDependency[HoldBody],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> JobAnswer:
    """Keep a pending job from starting. The reason is shown with the job as `hold_reason`."""
    return _answer(await control.hold(job_id, caller, payload.reason))


@put(
    "/jobs/{job_id:str}/release",
    scope="jobs:write",
    payload=EmptyBody,
    tags=["Jobs"],
    summary="Release a job",
    acts_in_slurm=True,
)
async def release_job(
    job_id: JobId,
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> JobAnswer:
    """Let a held job start again."""
    return _answer(await control.release(job_id, caller))


@put(
    "/jobs/{job_id:str}/priority",
    scope="jobs:write",
    payload=PriorityBody,
    tags=["Jobs"],
    summary="Update job priority",
    acts_in_slurm=True,
)
async def set_job_priority(
    job_id: JobId,
    payload: NamedDependency[PriorityBody],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> JobAnswer:
    """Set the priority of a job; Slurm lets only operators and administrators raise it."""
    return _answer(await control.set_priority(job_id, caller, payload.priority))


@put(
    "/jobs/{job_id:str}/requeue",
    scope="jobs:write",
    payload=EmptyBody,
    tags=["Jobs"],
    summary="Requeue a job",
    acts_in_slurm=True,
)
async def requeue_job(
    job_id: JobId,
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> JobAnswer:
    """Put a running or finished job back into the queue."""
    return _answer(await control.requeue(job_id, caller))


@put(
    "/jobs/{job_id:str}/suspend",
    scope="jobs:write",
    payload=EmptyBody,
    tags=["Jobs"],
    summary="Suspend a job",
    acts_in_slurm=True,
)
async def suspend_job(
    job_id: JobId,
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> JobAnswer:
    """Stop the processes of a running job; Slurm allows it to operators and administrators."""
    return _answer(await control.suspend(job_id, caller))


@put(
    "/jobs/{job_id:str}/resume",
    scope="jobs:write",
    payload=EmptyBody,
    tags=["Jobs"],
    summary="Resume a job",
    acts_in_slurm=True,
)
async def resume_job(
    job_id: JobId,
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> JobAnswer:
    """Continue a suspended job."""
    return _answer(await control.resume(job_id, caller))


@post(
    "/jobs/bulk",
    scope="jobs:write",
    payload=BulkBody,
    tags=["Batch operations"],
    summary="Bulk job operations",
    acts_in_slurm=True,
    status_code=200,
)
async def bulk_jobs(
    payload: NamedDependency[BulkBody], caller: NamedDependency[Caller], bulk: NamedDependency[Bulk]
) -> BulkAnswer:
    """One action on up to 10,000 jobs; each has a result of its own, and a failure never stops the rest."""
    options = payload.options
    outcomes = await bulk.run(
        payload.action,
        [str(job_id) for job_id in payload.job_ids],
        caller,
        force=options.force,
        signal=options.signal,
        reason=options.reason,
        priority=options.priority,
    )
    results = [
        BulkResult(one.job_id, "error", one.error.message, one.error.code)
        if one.error
        else BulkResult(one.job_id, "success", one.message)
        for one in outcomes
    ]
    failed = sum(one.status == "error" for one in results)
    return BulkAnswer(
        batch_id=f"batch_{uuid.uuid4().hex[:12]}",
        results=results,
        summary=BulkSummary(len(results), len(results) - failed, failed),
    )


ROUTES = [
    bulk_jobs, cancel_job, hold_job, release_job, set_job_priority, requeue_job, suspend_job, resume_job,
]  # fmt: skip


def _answer(outcome: Outcome) -> JobAnswer:
    return JobAnswer(outcome.job_id, outcome.state, outcome.message)
