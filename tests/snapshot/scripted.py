"""A cluster that does what a test says, and a clock that stands still until a test turns it."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from s9s.domain.accounting import User
from s9s.domain.changes import Changes
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import ResourceNotFound, SlurmUnavailable
from s9s.domain.jobs import Job, JobDetails
from s9s.domain.nodes import Node
from s9s.domain.partitions import Partition
from tests.snapshot.making import NOON, node


async def idle() -> None:
    """Let everything run that can run without time going on."""
    for _ in range(60):
        await asyncio.sleep(0)


class ManualClock:
    """Starts at noon and moves when told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return NOON + self.seconds

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return
        self._count += 1
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.seconds + seconds, self._count, woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Let time pass, waking each sleeper at its own instant."""
        target = self.seconds + seconds
        await idle()
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                self.seconds = max(self.seconds, due)
                woken.set_result(None)
                await idle()
        self.seconds = target
        await idle()


class ScriptedFeed:
    """A feed as the interface describes it, over what `look` shows."""

    def __init__(self, cluster: ScriptedCluster, call: str, look: Callable[[], dict[Any, Any]]) -> None:
        self._cluster = cluster
        self._call = call
        self._look = look
        self._told: dict[Any, Any] | None = None

    async def poll(self) -> Changes[Any]:
        asked_at = self._cluster.clock.now()
        seen = await self._cluster.answer(self._call, lambda: dict(self._look()))
        told, self._told = self._told, seen
        if told is None:
            return Changes(asked_at=asked_at, changed=list(seen.values()), removed=[], complete=True)
        return Changes(
            asked_at=asked_at,
            changed=[one for key, one in seen.items() if told.get(key) != one],
            removed=[key for key in told if key not in seen],
        )

    def forget(self, keys: Sequence[Any]) -> None:
        for key in keys:
            if self._told is not None:
                self._told.pop(key, None)


class ScriptedCluster:
    """A backend over plain dictionaries. Each call can be held up after it has looked, or made to fail."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.jobs: dict[int, Job] = {}
        self.accounting: dict[int, Job] = {}
        self.nodes: dict[str, Node] = {"n1": node("n1")}
        self.info = ClusterInfo(name="scripted", slurm_version="24.11.5", routes={}, min_job_age_seconds=300)
        self.calls: Counter[str] = Counter()
        self.failing: dict[str, Exception] = {}
        """Call to what it raises; ``*`` for all of them."""
        self.windows: list[tuple[int, int]] = []
        """What accounting was asked for."""
        self.latency: Callable[[str], float] = lambda _: 0.0
        """Call to the seconds until its answer is there."""
        self._gates: dict[str, asyncio.Event] = {}

    def hold_up(self, call: str) -> asyncio.Event:
        """Calls of this name look at once, but answer only when the event is set."""
        gate = self._gates[call] = asyncio.Event()
        return gate

    def break_down(self) -> None:
        """Nothing answers."""
        self.failing["*"] = SlurmUnavailable("slurmctld is out of reach")

    def recover(self) -> None:
        """Everything answers."""
        self.failing.clear()

    async def answer(self, call: str, look: Callable[[], Any]) -> Any:
        self.calls[call] += 1
        error = self.failing.get(call) or self.failing.get("*")
        if error is None:
            seen = look()
        await self.clock.sleep(self.latency(call))
        gate = self._gates.get(call)
        if gate is not None:
            await gate.wait()
        if error is not None:
            raise error
        return seen

    async def discover(self) -> ClusterInfo:
        return await self.answer("discover", lambda: self.info)  # type: ignore[no-any-return]

    async def close(self) -> None:
        return

    async def ping(self) -> None:
        await self.answer("ping", lambda: None)

    def jobs_feed(self) -> ScriptedFeed:
        self.calls["jobs_feed"] += 1
        return ScriptedFeed(self, "jobs", lambda: self.jobs)

    def nodes_feed(self) -> ScriptedFeed:
        return ScriptedFeed(self, "nodes", lambda: self.nodes)

    async def partitions(self) -> list[Partition]:
        return await self.answer("partitions", lambda: [Partition(name="normal", state="UP")])  # type: ignore[no-any-return]

    async def users(self) -> list[User]:
        return await self.answer("users", lambda: [User(username="alice")])  # type: ignore[no-any-return]

    async def finished_jobs(self, start: int, end: int) -> list[Job]:
        self.windows.append((start, end))
        ended = (job for job in self.accounting.values() if start <= (job.end_time or job.submit_time) < end)
        return await self.answer("finished_jobs", lambda: list(ended))  # type: ignore[no-any-return]

    async def job(self, job_id: str, actor: str | None = None) -> JobDetails:
        found = await self.answer("job", lambda: self._find(job_id))
        if found is None:
            raise ResourceNotFound.of("job", job_id)
        return JobDetails(job=found)

    def _find(self, job_id: str) -> Job | None:
        for jobs in (self.jobs, self.accounting):
            if job_id.isdigit() and int(job_id) in jobs:
                return jobs[int(job_id)]
            for job in jobs.values():
                if job.job_id == job_id:
                    return job
        return None
