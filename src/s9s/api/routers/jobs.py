"""Routes of jobs."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import Parameter
from litestar.response import Stream

from s9s.api.pages import JobPages
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
from s9s.api.schemas.jobs import JobDocument, JobList, JobListParameters, job_document
from s9s.api.schemas.output import JobOutput, OutputParameters
from s9s.api.schemas.submissions import JobSubmissionBody, SubmittedJob, submission_of
from s9s.domain.errors import ValidationError
from s9s.services.access import Caller, may_see_secrets
from s9s.services.bulk import Bulk
from s9s.services.job_control import JobControl, Outcome
from s9s.services.jobs import Jobs
from s9s.services.output import Output

JobId = Annotated[
    str, Parameter(description="Job id: `12345`, `12345_7` (array task), `12345+1` (het component)")
]


@get("/jobs", scope="jobs:read", parameters=JobListParameters, tags=["Jobs"], summary="List jobs")
async def list_jobs(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], job_pages: NamedDependency[JobPages]
) -> Response[JobList]:
    """Live jobs and finished ones, newest first.

    Filters take comma lists and combine. The answer comes from a snapshot that is refreshed every second or
    two; what the caller has changed is always in it.
    """
    page = await job_pages.answer(request.scope["query_string"], caller)
    return Response(page, media_type="application/json")  # type: ignore[arg-type]


@get("/jobs/{job_id:str}", scope="jobs:read", tags=["Jobs"], summary="Get job details")
async def get_job(job_id: JobId, caller: NamedDependency[Caller], jobs: NamedDependency[Jobs]) -> JobDocument:
    """One job, live or finished; environment and command for its owner and administrators only."""
    details, now = await jobs.details(job_id, caller)
    return job_document(
        details,
        now,
        hold_reason=jobs.hold_reason_of(details.job),
        shows_secrets=may_see_secrets(caller, details.job.user),
    )


@post(
    "/jobs",
    scope="jobs:write",
    payload=JobSubmissionBody,
    tags=["Jobs"],
    summary="Submit a job",
    status_code=201,
)
async def submit_job(
    request: Request[Any, Any, Any],
    payload: NamedDependency[JobSubmissionBody],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> Response[SubmittedJob]:
    """Submit a batch job as the caller's own Slurm user.

    What Slurm accepts but will never start is answered with `warnings` that say why.
    """
    accepted = await control.submit(submission_of(payload), caller)
    answer = SubmittedJob(accepted.job_id, "PENDING", accepted.message, accepted.warnings)
    return Response(answer, status_code=201, headers={"location": f"/v1/jobs/{accepted.job_id}"})


@delete(
    "/jobs/{job_id:str}",
    scope="jobs:write",
    parameters=CancelParameters,
    tags=["Jobs"],
    summary="Cancel a job",
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


@put("/jobs/{job_id:str}/hold", scope="jobs:write", payload=HoldBody, tags=["Jobs"], summary="Hold a job")
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
    "/jobs/{job_id:str}/resume", scope="jobs:write", payload=EmptyBody, tags=["Jobs"], summary="Resume a job"
)
async def resume_job(
    job_id: JobId,
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    control: NamedDependency[JobControl],
) -> JobAnswer:
    """Continue a suspended job."""
    return _answer(await control.resume(job_id, caller))


@get(
    "/jobs/{job_id:str}/output",
    scope="jobs:read",
    text=True,
    parameters=OutputParameters,
    tags=["Jobs"],
    summary="Get job output",
)
async def get_job_output(
    request: Request[Any, Any, Any],
    job_id: JobId,
    parameters: NamedDependency[OutputParameters],
    caller: NamedDependency[Caller],
    output: NamedDependency[Output],
) -> Response[JobOutput]:
    """A part of the standard output file; `Accept: text/plain` gives the bytes themselves."""
    return await _read_output(request, job_id, "output", parameters, caller, output)


@get(
    "/jobs/{job_id:str}/error",
    scope="jobs:read",
    text=True,
    parameters=OutputParameters,
    tags=["Jobs"],
    summary="Get job error",
)
async def get_job_error(
    request: Request[Any, Any, Any],
    job_id: JobId,
    parameters: NamedDependency[OutputParameters],
    caller: NamedDependency[Caller],
    output: NamedDependency[Output],
) -> Response[JobOutput]:
    """A part of the standard error file; `Accept: text/plain` gives the bytes themselves."""
    return await _read_output(request, job_id, "error", parameters, caller, output)


@post(
    "/jobs/bulk",
    scope="jobs:write",
    payload=BulkBody,
    tags=["Batch operations"],
    summary="Bulk job operations",
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
    list_jobs, bulk_jobs, get_job, submit_job, cancel_job, hold_job, release_job, set_job_priority,
    requeue_job, suspend_job, resume_job, get_job_output, get_job_error,
]  # fmt: skip


def _answer(outcome: Outcome) -> JobAnswer:
    return JobAnswer(outcome.job_id, outcome.state, outcome.message)


async def _read_output(
    request: Request[Any, Any, Any],
    job_id: str,
    stream: Literal["output", "error"],
    parameters: OutputParameters,
    caller: Caller,
    output: Output,
) -> Response[JobOutput]:
    if parameters.follow:
        raise ValidationError.of("follow", True, [False], "Following output is not available yet")
    if parameters.lines is not None and (parameters.offset is not None or parameters.length is not None):
        raise ValidationError.of("lines", parameters.lines, "either lines, or offset and length")
    as_text = _wants_text(request.headers.get("accept", ""))
    if as_text and parameters.lines is None and parameters.offset is None and parameters.length is None:
        _, _, pieces = await output.stream(job_id, stream, caller)
        return Stream(pieces, media_type="text/plain; charset=utf-8")  # type: ignore[return-value]
    part = await output.read(
        job_id, stream, caller, lines=parameters.lines, offset=parameters.offset, length=parameters.length
    )
    if as_text:
        return Response(part.content, media_type="text/plain; charset=utf-8")  # type: ignore[arg-type]
    text = part.content.decode(errors="replace")
    return Response(
        JobOutput(
            job_id, stream, part.path, text, len(text.splitlines()), part.size, part.offset, part.is_truncated
        )
    )


def _wants_text(accept: str) -> bool:
    return any(one.split(";")[0].strip().lower() == "text/plain" for one in accept.split(","))
