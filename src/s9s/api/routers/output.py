"""Routes of what jobs write."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.response import Stream

from s9s.api.following import OutputStreams
from s9s.api.routers.job_ids import JobId
from s9s.api.schemas.output import JobOutput, OutputParameters
from s9s.domain.errors import ValidationError
from s9s.services.access import Caller
from s9s.services.jobs.output import Output


@get(
    "/jobs/{job_id:str}/output",
    scope="jobs:read",
    text=True,
    events=True,
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
    output_streams: NamedDependency[OutputStreams],
) -> Response[JobOutput]:
    """A part of the standard output file; `Accept: text/plain` gives the bytes themselves.

    With `follow=true` the bytes come as they are written, until the job has ended; a file that is not there
    yet is waited for. As a WebSocket the same path sends them as messages, and with
    `Accept: text/event-stream` as Server-Sent Events: whoever was cut off names the last one's id as
    `Last-Event-ID` and goes on there.
    """
    if parameters.follow:
        return await _followed(request, job_id, "output", parameters, caller, output_streams)
    return await _read_output(request, job_id, "output", parameters, caller, output)


@get(
    "/jobs/{job_id:str}/error",
    scope="jobs:read",
    text=True,
    events=True,
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
    output_streams: NamedDependency[OutputStreams],
) -> Response[JobOutput]:
    """A part of the standard error file; `Accept: text/plain` gives the bytes themselves.

    `follow=true` is as for the output.
    """
    if parameters.follow:
        return await _followed(request, job_id, "error", parameters, caller, output_streams)
    return await _read_output(request, job_id, "error", parameters, caller, output)


ROUTES = [get_job_output, get_job_error]


async def _read_output(
    request: Request[Any, Any, Any],
    job_id: str,
    stream: Literal["output", "error"],
    parameters: OutputParameters,
    caller: Caller,
    output: Output,
) -> Response[JobOutput]:
    if parameters.lines is not None and (parameters.offset is not None or parameters.length is not None):
        raise ValidationError.of("lines", parameters.lines, "either lines, or offset and length")
    as_text = _wants(request.headers.get("accept", ""), "text/plain")
    if as_text and parameters.lines is None and parameters.offset is None and parameters.length is None:
        _, _, pieces = await output.stream(job_id, stream, caller)
        return _streamed(pieces)
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


async def _followed(
    request: Request[Any, Any, Any],
    job_id: str,
    stream: Literal["output", "error"],
    parameters: OutputParameters,
    caller: Caller,
    output_streams: OutputStreams,
) -> Response[JobOutput]:
    if not _wants(request.headers.get("accept", ""), "text/event-stream"):
        return _streamed(await output_streams.open(job_id, stream, parameters, caller, request.scope))
    last = request.headers.get("last-event-id", "")
    events = await output_streams.open(job_id, stream, parameters, caller, request.scope, last)
    return Stream(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})  # type: ignore[return-value]


def _streamed(pieces: AsyncIterator[bytes]) -> Response[JobOutput]:
    return Stream(pieces, media_type="text/plain; charset=utf-8")  # type: ignore[return-value]


def _wants(accept: str, media_type: str) -> bool:
    return any(one.split(";")[0].strip().lower() == media_type for one in accept.split(","))
