"""What a test of a backend needs: the backend itself, waiting, and a place for jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from s9s.backends.base import Backend, Unsupported
from s9s.domain.jobs import Job, JobSubmission

T = TypeVar("T")


class SkipUnsupported:
    """The backend, except that a test which needs what it has no means for is skipped, and says so."""

    def __init__(self, backend: Backend, name: str) -> None:
        self._backend = backend
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._backend, attribute)
        if not asyncio.iscoroutinefunction(value):
            return value

        async def call(*arguments: Any, **named: Any) -> Any:
            try:
                return await value(*arguments, **named)
            except Unsupported as reason:
                pytest.skip(f"{self._name}: {attribute}: {reason}")

        return call


async def until(look: Callable[[], Awaitable[T]], seconds: float = 45.0) -> T:
    """What `look` gives as soon as that is true; fails with its last answer after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (answer := await look()):
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail(f"still {answer!r} after {seconds:g} s")
        await asyncio.sleep(0.1)
    return answer


@dataclass
class Site:
    """A backend, and the place its jobs live in.

    All clusters have the users alice, bob, carol (operator) and dave (administrator); the account research
    with the former two in it; the QOS normal and high; the partitions normal (default), gpu and debug.
    """

    backend: Any
    name: str
    folder: Path
    """Everybody may write there; jobs see it under the same path."""
    submitted: list[tuple[str, str]] = field(default_factory=list)

    async def submit(self, script: str = "sleep 300", actor: str = "alice", **fields: Any) -> str:
        """Submit a small job and return its id; it is cancelled after the test."""
        text = script if script.startswith("#!") else f"#!/bin/sh\n{script}\n"
        fields = {"working_directory": str(self.folder), "time_limit_seconds": 600, "memory_mib": 64} | fields
        submission = JobSubmission(script=text, **fields)
        job_id: str = (await self.backend.submit(submission, actor)).job_id
        self.submitted.append((job_id, actor))
        return job_id

    async def job(self, job_id: str, actor: str | None = None) -> Job:
        """The job as it is now."""
        job: Job = (await self.backend.job(job_id, actor)).job
        return job

    async def reach(self, job_id: str, *states: str, seconds: float = 45.0) -> Job:
        """The job once it is in one of the states."""

        async def look() -> Job | None:
            job = await self.job(job_id)
            return job if job.state in states else None

        try:
            return await until(look, seconds)
        except pytest.fail.Exception:
            pytest.fail(f"after {seconds:g} s not {'/'.join(states)} but {await self.job(job_id)}")

    async def finish(self, job_id: str, seconds: float = 45.0) -> Job:
        """The job once it has ended."""

        async def look() -> Job | None:
            job = await self.job(job_id)
            return job if job.state.is_finished else None

        return await until(look, seconds)

    async def jobs(self) -> list[Job]:
        """All jobs, as a fresh look finds them."""
        changes = await self.backend.jobs_feed().poll()
        return list(changes.changed)

    def read(self, name: str) -> str:
        """The text of a file in the folder, "" while there is none."""
        path = self.folder / name
        return path.read_text() if path.exists() else ""
