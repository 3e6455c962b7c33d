"""Changes to jobs on the wire, one at a time and in bulk."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from s9s.api.parameters import Parameters


class JobAnswer(Struct, frozen=True):
    """The answer to a change of one job."""

    job_id: str
    state: str
    message: str


class CancelParameters(Parameters, frozen=True):
    """How to cancel."""

    signal: Annotated[str, Meta(description="Signal to send: `SIGUSR1`, `USR1` or `10`; SIGTERM cancels")] = (
        "SIGTERM"
    )
    force: Annotated[bool, Meta(description="Kill at once")] = False


class HoldBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the job is held."""

    reason: Annotated[str, Meta(max_length=1024, examples=["Debugging required"])] | None = None


class EmptyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is needed."""


class PriorityBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A new priority."""

    priority: Annotated[int, Meta(ge=0, le=2**32 - 3, examples=[1500])]


class BulkOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What goes with the action."""

    force: bool = False
    signal: str | None = None
    reason: Annotated[str, Meta(max_length=1024)] | None = None
    priority: Annotated[int, Meta(ge=0, le=2**32 - 3)] | None = None


class BulkBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One action on many jobs."""

    action: Literal["cancel", "hold", "release", "requeue", "priority"]
    job_ids: Annotated[list[str | int], Meta(min_length=1, max_length=10_000)]
    options: BulkOptions = BulkOptions()


class BulkResult(Struct, frozen=True, omit_defaults=True):
    """What came of one id."""

    job_id: str
    status: Literal["success", "error"]
    message: str
    code: Annotated[str, Meta(description="The error's code")] | None = None


class BulkSummary(Struct, frozen=True):
    """How many came out how."""

    total: int
    successful: int
    failed: int


class BulkAnswer(Struct, frozen=True):
    """A result for every id, in the order given."""

    batch_id: str
    results: list[BulkResult]
    summary: BulkSummary
