"""Background work: what was asked for, how far it is, and what came of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

#: Kinds of work.
EXPORT: Final = "export"
REPORT: Final = "report"
DELIVERY: Final = "delivery"
NOTICE: Final = "notice"
#: What carries messages away. It waits for others, for days if need be, and never holds up the rest.
ERRANDS: Final = frozenset({DELIVERY, NOTICE})


class WorkState(StrEnum):
    """Where an item stands."""

    QUEUED = "queued"
    RUNNING = "running"
    """Leased by a worker; when that one dies the lease ends, and another one goes on."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will become of it."""
        return self not in (WorkState.QUEUED, WorkState.RUNNING)


class WorkItem(Struct, frozen=True, kw_only=True):
    """One piece of work. Instants are epoch seconds; what does not apply is ``None``."""

    item_id: str
    kind: str
    """What has to be done: ``export``, ``report``."""
    owner: str
    """The user who asked for it."""
    payload: dict[str, Any]
    """All that is needed to do it, as JSON."""
    state: WorkState = WorkState.QUEUED
    created_at: int
    not_before: int = 0
    """Not to be begun earlier."""
    attempts: int = 0
    """How often a worker has begun it."""
    fence: int = 0
    """Grows with every lease: of a worker that has lost its lease nothing is taken any more."""
    worker: str | None = None
    lease_until: int | None = None
    cursor: dict[str, Any] | None = None
    """What the handler saved to go on from."""
    progress: float = 0.0
    """0..1."""
    records: int = 0
    """Rows that are done."""
    is_cancelling: bool = False
    """Somebody has cancelled it while it runs: it will never be completed."""
    result: dict[str, Any] | None = None
    error: str | None = None
    """Why it failed, or why its last attempt did: a sentence for whoever asked."""
    started_at: int | None = None
    finished_at: int | None = None
    expires_at: int | None = None
    """When it is forgotten with all that it made; ``None`` until it is finished."""

    @property
    def status(self) -> WorkState:
        """The state as others see it: what is being cancelled is cancelled."""
        return WorkState.CANCELLED if self.is_cancelling else self.state


class Stored(Struct, frozen=True, kw_only=True):
    """A file that work has made."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""
