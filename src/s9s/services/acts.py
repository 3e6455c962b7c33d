"""What is done in Slurm, none of it before its intent is on disk."""

from __future__ import annotations

from collections.abc import Sequence

from s9s.backends.base import Acts
from s9s.domain.jobs import JobSubmission, JobUpdate, Submitted
from s9s.domain.nodes import NodeUpdate
from s9s.services.audit import recorded


class RecordedActs:
    """A backend's acts, for services, which have no other way to them.

    Each raises `ServiceUnavailable`, and does nothing, when the audit log cannot be written.
    """

    def __init__(self, acts: Acts) -> None:
        self._acts = acts

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        await recorded()
        return await self._acts.submit(submission, actor)

    async def cancel(
        self, job_id: str, actor: str, *, signal: int | None = None, force: bool = False
    ) -> None:
        await recorded()
        await self._acts.cancel(job_id, actor, signal=signal, force=force)

    async def update_job(self, job_id: str, update: JobUpdate, actor: str) -> None:
        await recorded()
        await self._acts.update_job(job_id, update, actor)

    async def requeue(self, job_id: str, actor: str) -> None:
        await recorded()
        await self._acts.requeue(job_id, actor)

    async def suspend(self, job_id: str, actor: str) -> None:
        await recorded()
        await self._acts.suspend(job_id, actor)

    async def resume(self, job_id: str, actor: str) -> None:
        await recorded()
        await self._acts.resume(job_id, actor)

    async def update_nodes(self, names: Sequence[str], update: NodeUpdate, actor: str) -> None:
        await recorded()
        await self._acts.update_nodes(names, update, actor)
