"""Finished jobs that slurmctld has forgotten, from accounting."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Final

from s9s.backends.base import Backend
from s9s.domain.errors import ResourceNotFound
from s9s.domain.jobs import Job
from s9s.snapshot.clock import Clock, Pulse
from s9s.snapshot.following import LOOK_UPS, PIECE
from s9s.snapshot.ordering import TEXTS
from s9s.snapshot.store import NEVER, JobChange, JobTable

#: Jobs that one call to accounting should bring; the window of time is fitted to it.
_WANTED_JOBS: Final = 4_000
_FIRST_WINDOW_SECONDS: Final = 3_600
_LONGEST_WINDOW_SECONDS: Final = 90 * 86_400
#: What was asked for beyond the usual window is kept for so long after it was asked for.
_KEPT_SECONDS: Final = 900.0
#: Clocks of slurmctld and slurmdbd, and records that are written late.
_SLACK_SECONDS: Final = 60
#: Attempts to learn what became of a vanished job.
_ATTEMPTS: Final = 6


class History:
    """Fills a `JobTable` with finished jobs, latest first, as far back as somebody asks for.

    Args:
        backend: To read from.
        table: To write to.
        clock: Of the epoch.
        window_seconds: Finished jobs of this span before now are always wanted.
        has_accounting: Whether there is anything to be had.
        publish: Told of what is news; finished jobs of former times are none.
    """

    def __init__(
        self,
        backend: Backend,
        table: JobTable,
        *,
        clock: Clock,
        window_seconds: int,
        has_accounting: Callable[[], bool],
        publish: Callable[[list[JobChange]], None],
    ) -> None:
        self._backend = backend
        self._table = table
        self._clock = clock
        self._window_seconds = window_seconds
        self._has_accounting = has_accounting
        self._publish = publish
        self._gaps: list[tuple[int, int]] = []
        self._wanted_since = NEVER
        self._wanted_until = 0.0
        self._last_seen = NEVER
        self._attempts: Counter[int] = Counter()
        self.progress: Final = Pulse()
        """Beats whenever `load` has come a step further."""

    def has_since(self, start: int) -> bool:
        """Whether the finished jobs since `start` are here, or cannot be, for want of room."""
        return self._table.finished_since <= max(0, start) or self._table.is_full

    def want_since(self, start: int) -> None:
        """Have `load` go back to `start`, and keep what it finds for a while."""
        if self._clock.monotonic() >= self._wanted_until:
            self._wanted_since = NEVER
        self._wanted_since = min(self._wanted_since, max(0, start))
        self._wanted_until = self._clock.monotonic() + _KEPT_SECONDS

    def missed(self, start: float, end: float) -> None:
        """Nobody looked at slurmctld between these instants; jobs may have come and gone."""
        self._gaps.append((int(start) - _SLACK_SECONDS, int(end) + _SLACK_SECONDS))

    def lost_sight(self, last_seen: float) -> None:
        """Jobs have vanished from slurmctld that were there at the instant `last_seen`."""
        self._last_seen = min(self._last_seen, int(last_seen))

    async def load(self) -> None:
        """Read what is missing and drop what nobody wants. Raises `SlurmUnavailable`."""
        while self._gaps:
            start, end = self._gaps[0]
            await self._add(await self._finished_jobs(start, end), news=True)
            del self._gaps[0]
        floor = self._floor()
        self._table.forget_finished(floor)
        window = _FIRST_WINDOW_SECONDS
        while not self.has_since(floor):
            end = min(self._table.finished_since, int(self._clock.now()) + _SLACK_SECONDS)
            start = max(floor, end - window)
            jobs = await self._finished_jobs(start, end)
            await self._add(jobs, news=False)
            self._table.add_finished([], since=start)
            self.progress.beat()
            fit = _WANTED_JOBS / max(1, len(jobs))
            window = min(max(_SLACK_SECONDS, int(window * min(fit, 4.0))), _LONGEST_WINDOW_SECONDS)
            # Somebody may have asked for more in the meantime.
            floor = min(floor, self._floor())

    async def settle(self) -> None:
        """Find out what became of vanished jobs, and give up those of which accounting does not tell."""
        vanished = dict(self._table.vanished)
        self._attempts = Counter({key: self._attempts[key] + 1 for key in vanished})
        if not vanished:
            self._last_seen = NEVER
            return
        try:
            await self._add(await self._ends_of(vanished), news=True)
        finally:
            hopeless = not self._has_accounting()
            self._publish(
                self._table.drop(key for key in vanished if hopeless or self._attempts[key] >= _ATTEMPTS)
            )

    def _floor(self) -> int:
        usual = int(self._clock.now()) - self._window_seconds
        return min(usual, self._wanted_since) if self._clock.monotonic() < self._wanted_until else usual

    async def _finished_jobs(self, start: int, end: int) -> list[Job]:
        return await self._backend.finished_jobs(start, end) if self._has_accounting() else []

    async def _ends_of(self, vanished: dict[int, Job]) -> list[Job]:
        if len(vanished) > LOOK_UPS:
            end = int(self._clock.now()) + _SLACK_SECONDS
            return await self._finished_jobs(min(self._last_seen, end) - _SLACK_SECONDS, end)
        found = [await self._end_of(job) for job in vanished.values()]
        return [job for job in found if job is not None]

    async def _end_of(self, job: Job) -> Job | None:
        try:
            found = (await self._backend.job(job.job_id)).job
        except ResourceNotFound:
            return None
        return found if found.numeric_id == job.numeric_id else None

    async def _add(self, jobs: list[Job], *, news: bool) -> None:
        for start in range(0, len(jobs), PIECE):
            made = self._table.add_finished(jobs[start : start + PIECE])
            self._publish(made if news else [change for change in made if change.before is not None])
            await asyncio.sleep(0)
        for name in TEXTS if len(jobs) > PIECE else ():
            self._table.warm(name)
            await asyncio.sleep(0)
