"""Keeps a cluster's history: what has just ended, what was missed, what has changed since, and the past.

One task asks accounting for one stretch of time at a time and rests three times as long as that took.
Whatever was read is recorded first and noted as read afterwards, so that an end at any moment loses nothing
and a job that is read twice is recorded once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog
from msgspec import Struct, structs

from s9s.domain.errors import S9SError
from s9s.domain.history import FinishedJob
from s9s.services.clusters import Cluster
from s9s.services.history.asking import count_runaways, finished_between
from s9s.services.history.ledger import Ledger
from s9s.services.history.plan import HistoryStatus, Plan
from s9s.services.history.stretches import Stretches
from s9s.snapshot.clock import Clock, within
from s9s.snapshot.snapshot import Update
from s9s.storage.history import HistoryRecords, Progress

log = structlog.get_logger(__name__)

#: Records that are written late, and clocks that differ.
OVERLAP_SECONDS: Final = 60
#: Whatever ended longer ago has been seen ending, unless nobody looked.
_SEEN_SECONDS: Final = 10
#: Without any news, accounting is asked all the same, for what nobody saw end.
_IDLE_SECONDS: Final = 300.0
#: Without accounting, how often it is noted how far the history reaches.
_NOTED_SECONDS: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
#: Rest after a question, in times of what it took.
_REST: Final = 3.0
_LONGEST_RETRY_SECONDS: Final = 60.0
#: How often what is too old is removed, and how much of it at once.
_FORGET_SECONDS: Final = 3600.0
_FORGOTTEN_AT_ONCE: Final = 1000


class _Again(Struct, frozen=True):
    """What is left to be read again of a stretch of the past: [start, end)."""

    start: int
    end: int
    is_daily: bool


def _is_due(done_at: int | None, now: int, every: int) -> bool:
    # What was done in the future was done before the clock was put back.
    return done_at is None or not 0 <= now - done_at < every


class Recorder:
    """Records what ends on one cluster.

    Args:
        cluster: To follow and to ask.
        key: What it is called in the database.
        records: Where to record.
        plan: How much and how often.
        clock: The cluster's time, and to wait on.
    """

    def __init__(self, cluster: Cluster, key: str, records: HistoryRecords, plan: Plan, clock: Clock) -> None:
        self._cluster = cluster
        self._ledger = Ledger(key, records, clock)
        self._plan = plan
        self._clock = clock
        self._forward, self._backward, self._repeated = Stretches(), Stretches(), Stretches()
        self._again: _Again | None = None
        self._first_since: int | None = None
        self._runaways: int | None = None
        self._forgotten_at = -_FORGET_SECONDS + clock.monotonic()
        self._looked_at = -2 * _IDLE_SECONDS + clock.monotonic()
        self._has_seen_all = False
        self._failures = 0
        self._last_error: str | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._end_subscription: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Begin to follow the cluster. Raises `DatabaseUnavailable`."""
        await self._ledger.begin()
        self._end_subscription = self._cluster.watcher.subscribe(self._noticed)
        self._task = asyncio.create_task(self._run(), name="history")

    async def stop(self) -> None:
        """End; what is being written is written."""
        self._end_subscription()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def status(self) -> HistoryStatus:
        """How it is getting on."""
        progress = self._ledger.progress
        return HistoryStatus(
            source="accounting" if self._has_accounting() else "slurmctld",
            since=progress.since if progress else None,
            until=progress.until if progress else None,
            wanted_since=self._first_since,
            last_error=self._last_error,
            runaway_jobs=self._runaways,
        )

    # -- following -------------------------------------------------------------------------------------------

    def _noticed(self, update: Update) -> None:
        if self._ledger.notice(update):
            self._news.set()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                pause, hurries = await self._turn()
            except Exception as error:  # the history outlives everything
                pause, hurries = self._failed(error), False
            else:
                if self._failures:
                    log.info("records history again")
                self._failures, self._last_error = 0, None
            if hurries:
                await within(pause, self._news.wait(), self._clock)
            else:
                await self._clock.sleep(pause)

    def _failed(self, error: Exception) -> float:
        self._failures += 1
        self._last_error = (
            error.message if isinstance(error, S9SError) else "Slurm's answer could not be read"
        )
        if self._failures == 1:
            expected = isinstance(error, S9SError)
            log.warning("cannot record history", error=str(error), exc_info=None if expected else error)
        return min(_LONGEST_RETRY_SECONDS, 2.0 ** min(self._failures, 10))

    async def _turn(self) -> tuple[float, bool]:
        """Do the most urgent thing; how long to rest then, and whether news may end the rest."""
        if self._cluster.snapshot.info is None:
            return 1.0, True
        now = int(self._clock.now())
        if self._ledger.progress is None:
            await self._ledger.note(Progress(since=now, until=now))
        progress = self._ledger.progress
        assert progress is not None
        if self._plan.keep_days and self._clock.monotonic() - self._forgotten_at >= _FORGET_SECONDS:
            return await self._forget(progress, now), False
        if not self._has_accounting():
            return await self._record_seen(progress, now)
        wanted = self._wanted_since(now)
        passed = self._clock.monotonic() - self._looked_at
        awaited = self._ledger.awaited
        has_news = bool(awaited) and passed >= self._plan.interval_seconds
        if has_news or passed >= _IDLE_SECONDS:
            return await self._look(progress, now), False
        if self._again is None:
            self._plan_reread(progress, now)
        if self._again is not None:
            return await self._read_again(self._again), False
        if progress.since > wanted:
            return await self._fill(progress, wanted), False
        if awaited:
            return self._plan.interval_seconds - passed, False
        return _IDLE_SECONDS - passed, True

    # -- what has just ended ---------------------------------------------------------------------------------

    async def _look(self, progress: Progress, now: int) -> float:
        """Read on from where the history ends; the rest of a long gap follows at once."""
        began = self._clock.monotonic()
        reached = min(progress.until, now)  # the clock may have been put back
        end = min(now + OVERLAP_SECONDS, reached + self._forward.seconds)
        jobs = await self._read(reached - OVERLAP_SECONDS, end)
        self._forward.fit(len(jobs))
        await self._record(jobs)
        if end <= now:
            until = end
        else:
            until, self._looked_at = await self._settle(now), began
        since = min(progress.since, until)
        if (until, since) != (progress.until, progress.since):
            await self._ledger.note(structs.replace(progress, until=until, since=since))
        return self._rest(began, len(jobs))

    async def _settle(self, now: int) -> int:
        """The instant up to which everything is recorded; jobs that accounting is silent about hold it."""
        await self._ledger.give_up(remembered=self._remembered)
        return self._ledger.complete_until(now - _SEEN_SECONDS)

    async def _record_seen(self, progress: Progress, now: int) -> tuple[float, bool]:
        """Without accounting: what slurmctld shows is all that there will ever be."""
        if not self._has_seen_all:
            table = self._cluster.snapshot.jobs
            for job in table.view(table.finished_before(now + _DAY)):
                self._ledger.awaited.setdefault(job.numeric_id, (0.0, job))
            self._has_seen_all = True
        await self._record([FinishedJob(job) for _, job in self._ledger.awaited.values()])
        observed = int(self._cluster.snapshot.observed_at)
        if observed - progress.until >= _NOTED_SECONDS:
            await self._ledger.note(structs.replace(progress, until=observed))
        return self._plan.interval_seconds, False

    # -- the past --------------------------------------------------------------------------------------------

    def _plan_reread(self, progress: Progress, now: int) -> None:
        """Once an hour the last day, once a day the last week: comments, exit codes, late records."""
        is_daily = _is_due(progress.daily_at, now, _DAY)
        if is_daily or _is_due(progress.hourly_at, now, _HOUR):
            start = now - (self._plan.reread_days * _DAY if is_daily else _DAY)
            self._again = _Again(max(start, progress.since), now, is_daily)

    async def _read_again(self, again: _Again) -> float:
        began = self._clock.monotonic()
        start = max(again.start, again.end - self._repeated.seconds)
        jobs = await self._read(start, again.end)
        self._repeated.fit(len(jobs))
        await self._record(jobs)
        if start > again.start:
            self._again = structs.replace(again, end=start)
        else:
            self._again = None
            now, progress = int(self._clock.now()), self._ledger.progress
            assert progress is not None
            jobs_of = self._cluster.snapshot.jobs.get
            self._runaways = await count_runaways(self._cluster.backend, jobs_of, now)
            daily_at = now if again.is_daily else progress.daily_at
            await self._ledger.note(structs.replace(progress, hourly_at=now, daily_at=daily_at))
        return self._rest(began, len(jobs))

    async def _fill(self, progress: Progress, wanted: int) -> float:
        """One more piece of the past, the newest that is missing."""
        began = self._clock.monotonic()
        start = max(wanted, progress.since - self._backward.seconds)
        jobs = await self._read(start, progress.since)
        self._backward.fit(len(jobs))
        await self._record(jobs)
        await self._ledger.note(structs.replace(progress, since=start))
        if start == wanted:
            log.info("history is filled", since=start)
        return self._rest(began, len(jobs))

    # -- the rest --------------------------------------------------------------------------------------------

    def _wanted_since(self, now: int) -> int:
        """The first fill goes back so far, but not to what would be removed again."""
        if self._first_since is None:
            days = now - self._plan.days * _DAY
            self._first_since = days if self._plan.since is None else self._plan.since
        if self._plan.keep_days:
            self._first_since = max(self._first_since, now - self._plan.keep_days * _DAY)
        return self._first_since

    async def _forget(self, progress: Progress, now: int) -> float:
        """Remove a piece of what is older than it is to be kept; the rest of it follows soon."""
        began, before = self._clock.monotonic(), now - self._plan.keep_days * _DAY
        if progress.since < before:
            # Noted first: lists must not take for complete what is being removed.
            await self._ledger.note(structs.replace(progress, since=min(before, progress.until)))
        removed = await self._ledger.forget(before, _FORGOTTEN_AT_ONCE)
        if removed < _FORGOTTEN_AT_ONCE:
            self._forgotten_at = began
        return self._rest(began, removed)

    async def _record(self, jobs: list[FinishedJob]) -> None:
        await self._ledger.record(jobs, remembered=self._remembered)

    @property
    def _remembered(self) -> int:
        return 4 * self._forward.wanted_jobs

    async def _read(self, start: int, end: int) -> list[FinishedJob]:
        return await finished_between(self._cluster.backend, start, end)

    def _rest(self, began: float, jobs: int) -> float:
        took = self._clock.monotonic() - began
        return max(took * _REST, jobs / self._plan.jobs_per_second - took)

    def _has_accounting(self) -> bool:
        info = self._cluster.snapshot.info
        return info is None or info.has_accounting
