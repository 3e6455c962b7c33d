"""A simulated cluster whose time stands still until a test lets it pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from s9s.backends.simulated import Clock, SimulatedBackend
from s9s.domain.jobs import Job, JobSubmission, JobUpdate
from s9s.domain.nodes import Node, NodeAction, NodeUpdate

NOON = 1_700_000_000


@dataclass
class World:
    """An empty cluster: node[001-002] have 32 CPUs and 4 GPUs, node[003-006] 64 CPUs, gpu[001-002] 64 and 4.

    Nothing is really run: a job takes as long as its script sleeps.
    """

    backend: SimulatedBackend
    clock: Clock

    async def submit(self, script: str = "sleep 100", actor: str = "alice", **fields: Any) -> str:
        text = script if script.startswith("#!") else f"#!/bin/sh\n{script}\n"
        return (await self.backend.submit(JobSubmission(script=text, **fields), actor)).job_id

    async def job(self, job_id: str) -> Job:
        return (await self.backend.job(job_id)).job

    async def state(self, job_id: str) -> str:
        return str((await self.job(job_id)).state)

    async def reason(self, job_id: str) -> str | None:
        return (await self.job(job_id)).reason

    async def update(self, job_id: str, actor: str = "alice", **changes: Any) -> None:
        await self.backend.update_job(job_id, JobUpdate(**changes), actor)

    def step(self, seconds: float = 1) -> None:
        """Let time pass, and happen what is due."""
        self.clock.step(seconds)
        self.backend.catch_up()

    async def started(self, job_id: str) -> Job:
        """The job, after the few moments that the scheduler may take."""
        self.step(1)
        job = await self.job(job_id)
        assert job.state == "RUNNING", job.reason
        return job

    async def node(self, name: str) -> Node:
        return {node.node_name: node for node in (await self.backend.nodes_feed().poll()).changed}[name]

    async def set_node(
        self, name: str, action: str, reason: str | None = "test", actor: str = "dave", **more: Any
    ) -> None:
        update = NodeUpdate(action=NodeAction(action), reason=reason, **more)
        await self.backend.update_nodes([name], update, actor)


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[..., World]:
    def make(**options: Any) -> World:
        clock = Clock(NOON, speed=0)
        settings = {"state_dir": str(tmp_path), "nodes": 8, "jobs": 0, "run_jobs": False} | options
        return World(SimulatedBackend(user="root", clock=clock, **settings), clock)

    return make


@pytest.fixture
async def world(make_world: Callable[..., World]) -> AsyncIterator[World]:
    world = make_world()
    yield world
    await world.backend.close()
