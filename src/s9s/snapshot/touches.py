"""Reading at once what somebody has just changed, so that the next read shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

import structlog

from s9s.snapshot.clock import Clock, within
from s9s.snapshot.following import LOOK_UPS
from s9s.snapshot.rounds import Round

log = structlog.get_logger(__name__)

#: What is changed within this span is looked up together, unless somebody waits for it. The answer to the
#: change itself goes out meanwhile, and does not share the processor with the look-up.
GATHER_SECONDS: Final = 0.02


class Touches:
    """What has been changed and may not be in the snapshot yet.

    Jobs are collected for a moment, and while a look-up is under way, and then looked up together; a poll of
    everything takes the place of many look-ups, and of one that failed.

    Args:
        look_up: Reads jobs one by one; False when only a poll can tell what became of them.
        jobs: Polls all jobs.
        nodes: Polls all nodes.
        clock: For the patience.
        patience_seconds: What has not arrived after this time is waited for no more.
    """

    def __init__(
        self,
        look_up: Callable[[Iterable[str]], Awaitable[bool]],
        jobs: Round,
        nodes: Round,
        *,
        clock: Clock,
        patience_seconds: float,
    ) -> None:
        self._look_up = look_up
        self._jobs: Final = jobs
        self._nodes: Final = nodes
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._give_up_at = 0.0
        self._is_waiting = False
        self._jobs_wanted = 0
        self._nodes_wanted = 0
        self._collected: set[str] = set()
        self._collected_done = asyncio.Event()
        self._running_done: asyncio.Event | None = None
        self._is_waited_for = asyncio.Event()
        self._work: asyncio.Task[None] | None = None

    def add(self, job_ids: Sequence[str], nodes: Sequence[str]) -> None:
        """These jobs and nodes have been changed."""
        self._give_up_at = self._clock.monotonic() + self._patience_seconds
        self._is_waiting = True
        if nodes:
            self._nodes_wanted = self._nodes.soon()
        for job_id in job_ids:
            # One more than can be looked up: which ones they are matters no longer.
            if len(self._collected) > LOOK_UPS:
                break
            self._collected.add(job_id)
        if self._collected and self._work is None:
            self._work = asyncio.create_task(self._read())

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to wait for: all has arrived, or Slurm is out of reach."""
        if self._is_waiting:
            arrived = (
                self._work is None
                and self._jobs.has_reached(self._jobs_wanted)
                and self._nodes.has_reached(self._nodes_wanted)
            )
            # What has arrived stays so: nobody asks the rounds again before something else is added.
            self._is_waiting = not arrived and self._clock.monotonic() < self._give_up_at
        return not self._is_waiting

    async def settled(self) -> None:
        """Wait until what has been added so far has arrived, as long as the patience lasts."""
        if not self.is_settled:
            self._is_waited_for.set()
            await within(self._give_up_at - self._clock.monotonic(), self._arrive(), self._clock)

    async def stop(self) -> None:
        """Look nothing up any more."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait((self._work,))

    async def _arrive(self) -> None:
        done = self._collected_done if self._collected else self._running_done
        if done is not None:
            await done.wait()
        jobs, nodes = self._jobs_wanted, self._nodes_wanted
        await self._jobs.reached(jobs)
        await self._nodes.reached(nodes)

    async def _read(self) -> None:
        try:
            while self._collected:
                await within(GATHER_SECONDS, self._is_waited_for.wait(), self._clock)
                self._is_waited_for.clear()
                job_ids, self._collected = self._collected, set()
                done, self._collected_done = self._collected_done, asyncio.Event()
                self._running_done = done
                if not await self._looked_up(job_ids):
                    self._jobs_wanted = self._jobs.soon()
                done.set()
        finally:
            self._work = self._running_done = None

    async def _looked_up(self, job_ids: set[str]) -> bool:
        try:
            return await self._look_up(job_ids)
        except Exception:  # a poll still tells
            log.exception("cannot look up jobs", jobs=sorted(job_ids))
            return False
