"""Output files of jobs on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from s9s.api.parameters import Parameters


class OutputParameters(Parameters, frozen=True):
    """Which part of the file."""

    lines: Annotated[int, Meta(ge=0, le=1_000_000, description="The last so many lines")] | None = None
    offset: Annotated[int, Meta(ge=0, le=2**62, description="First byte of a range")] | None = None
    length: Annotated[int, Meta(ge=1, le=16 * 1024 * 1024, description="Bytes of a range")] | None = None
    follow: Annotated[bool, Meta(description="Follow the output as it grows")] = False


class JobOutput(Struct, frozen=True):
    """A part of a job's output file."""

    job_id: str
    stream: Annotated[Literal["output", "error"], Meta(description="Which of the two")]
    path: str
    content: Annotated[str, Meta(description="As UTF-8; bytes that are none are replaced")]
    lines: Annotated[int, Meta(description="Lines in `content`")]
    size: Annotated[int, Meta(description="Bytes in the whole file")]
    offset: Annotated[int, Meta(description="Where in the file `content` begins")]
    truncated: Annotated[bool, Meta(description="Whether the file has more than `content`")]
