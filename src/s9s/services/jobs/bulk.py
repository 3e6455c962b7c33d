"""One action on many jobs, each with its own result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal

from msgspec import Struct

from s9s.domain.errors import ResourceNotFound, S9SError, ValidationError
from s9s.services.access import Caller
from s9s.services.audit import observe
from s9s.services.jobs.control import JobControl, Outcome
from s9s.services.jobs.service import Jobs

Action = Literal["cancel", "hold", "release", "requeue", "priority"]

#: Enough to keep Slurm busy, few enough to leave it time for others.
CONCURRENCY: Final = 8

_DONE: Final = {
    "cancel": "Job cancelled",
    "hold": "Job held",
    "release": "Job released",
    "requeue": "Job requeued",
    "priority": "Job priority set",
}


class BulkOutcome(Struct, frozen=True):
    """What came of one id; `error` is ``None`` where it went well."""

    job_id: str
    message: str
    error: S9SError | None = None


class Bulk:
    """Runs an action for many ids; one failure never stops the rest.

    Args:
        jobs: To learn at once which of them there are.
        control: One for bulk.
    """

    def __init__(self, jobs: Jobs, control: JobControl) -> None:
        self._jobs = jobs
        self._control = control

    async def run(
        self,
        action: Action,
        job_ids: Sequence[str],
        caller: Caller,
        *,
        force: bool = False,
        signal: str | None = None,
        reason: str | None = None,
        priority: int | None = None,
    ) -> list[BulkOutcome]:
        """An outcome for every id, in order. Raises `ValidationError` only for the request as a whole."""
        if action == "priority" and priority is None:
            raise ValidationError.of(
                "options.priority",
                None,
                "an integer of 0 or more",
                "The action priority needs options.priority",
            )
        control = self._control
        actions: dict[str, Callable[[str], Awaitable[Outcome]]] = {
            "cancel": lambda job_id: control.cancel(job_id, caller, signal=signal or "SIGTERM", force=force),
            "hold": lambda job_id: control.hold(job_id, caller, reason),
            "release": lambda job_id: control.release(job_id, caller),
            "requeue": lambda job_id: control.requeue(job_id, caller),
            "priority": lambda job_id: control.set_priority(job_id, caller, priority or 0),
        }
        act = actions[action]
        outcomes: dict[str, BulkOutcome] = {}
        # An id that is given twice is changed once.
        waiting = iter(dict.fromkeys(job_ids))

        unknown = await self._jobs.unknown_among(job_ids)

        async def work() -> None:
            for job_id in waiting:
                try:
                    if job_id in unknown:
                        raise ResourceNotFound.of("job", job_id)
                    await act(job_id)
                except S9SError as error:
                    observe(f"jobs/{job_id}", error=error.code)
                    outcomes[job_id] = BulkOutcome(job_id, error.message, error)
                else:
                    outcomes[job_id] = BulkOutcome(job_id, _DONE[action])

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(CONCURRENCY, len(job_ids))):
                    group.create_task(work())
        finally:
            self._jobs.touch([job_id for job_id in job_ids if job_id not in unknown])
        return [outcomes[job_id] for job_id in job_ids]
