"""Routes that list, look up and submit jobs."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency

from s9s.api.pages import JobPages
from s9s.api.parameters import read_headers
from s9s.api.routers.job_ids import JobId
from s9s.api.schemas.jobs import JobDocument, JobList, JobListParameters, job_document
from s9s.api.schemas.submissions import JobSubmissionBody, SubmissionHeaders, SubmittedJob, submission_of
from s9s.services.access import Caller, may_see_secrets
from s9s.services.jobs.idempotency import Submissions
from s9s.services.jobs.service import Jobs


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
    headers=SubmissionHeaders,
    tags=["Jobs"],
    summary="Submit a job",
    acts_in_slurm=True,
    status_code=201,
)
async def submit_job(
    request: Request[Any, Any, Any],
    payload: NamedDependency[JobSubmissionBody],
    caller: NamedDependency[Caller],
    submissions: NamedDependency[Submissions],
) -> Response[SubmittedJob]:
    """Submit a batch job as the caller's own Slurm user.

    What Slurm accepts but will never start is answered with `warnings` that say why.

    With an `Idempotency-Key` the same request can be sent again and again, and submits one job: later ones
    get the first one's answer, with `Idempotent-Replayed: true`, whatever happened to the connection or the
    server in between. 409 when the key was used for another request, or when the server was ended while it
    submitted and cannot tell whether Slurm took the job. A refused request leaves its key unused.
    """
    key = read_headers(SubmissionHeaders, request.headers).idempotency_key
    accepted, is_replay = await submissions.submit(submission_of(payload), caller, key, payload)
    answer = SubmittedJob(accepted.job_id, "PENDING", accepted.message, accepted.warnings)
    headers = {"location": f"/v1/jobs/{accepted.job_id}"}
    if is_replay:
        headers["idempotent-replayed"] = "true"
    return Response(answer, status_code=201, headers=headers)


ROUTES = [list_jobs, get_job, submit_job]
