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

from s9s.backends.base import Backend, SupportsUsage
from s9s.domain.errors import S9SError
from s9s.domain.history import FinishedJob, completed
from s9s.domain.jobs import Job
from s9s.services.clusters import Cluster
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
#: How long a job that slurmctld has seen ending may be missing in accounting; then its own word is taken.
_PATIENCE_SECONDS: Final = 600.0
#: Without accounting, how often it is noted how far the history reaches.
_NOTED_SECONDS: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86_400
#: Rest after a question, in times of what it took.
_REST: Final = 3.0
_LONGEST_RETRY_SECONDS: Final = 60.0
#: Jobs whose end is waited for in accounting; their own stretch of time is read whatever their number.
_MOST_AWAITED: Final = 100_000


class Plan(Struct, frozen=True, kw_only=True):
    """How a history is kept; see the settings of the same names."""

    since: int | None = None
    days: int = 365
    interval_seconds: float = 10.0
    reread_days: int = 7
    jobs_per_second: int = 2000


class HistoryStatus(Struct, frozen=True, kw_only=True):
    """How a history is getting on."""

    source: str
    """``accounting``; or ``slurmctld``, which tells only what ends while it is watched, and of no usage."""
    since: int | None
    until: int | None
    wanted_since: int | None
    """The first fill goes back so far."""
    last_error: str | None

    @property
    def fraction(self) -> float | None:
        """The part of the first fill that is done; ``None`` where there is none to be done."""
        if self.since is None or self.until is None or self.wanted_since is None:
            return None
        whole = self.until - self.wanted_since
        return 1.0 if whole <= 0 or self.since <= self.wanted_since else (self.until - self.since) / whole


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
        self._key = key
        self._records = records
        self._plan = plan
        self._clock = clock
        self._awaited: dict[int, tuple[float, Job]] = {}
        self._recent: dict[tuple[int, int], FinishedJob] = {}
        self._forward, self._backward, self._repeated = Stretches(), Stretches(), Stretches()
        self._again: _Again | None = None
        self._wanted_since: int | None = None
        self._progress: Progress | None = None
        self._looked_at = -2 * _IDLE_SECONDS + clock.monotonic()
        self._has_seen_all = False
        self._failures = 0
        self._last_error: str | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._end_subscription: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Begin to follow the cluster. Raises `DatabaseUnavailable`."""
        self._progress = await self._records.progress(self._key)
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
        progress = self._progress
        return HistoryStatus(
            source="accounting" if self._has_accounting() else "slurmctld",
            since=progress.since if progress else None,
            until=progress.until if progress else None,
            wanted_since=self._wanted_since,
            last_error=self._last_error,
        )

    # -- following -------------------------------------------------------------------------------------------

    def _noticed(self, update: Update) -> None:
        for change in update.jobs:
            job = change.after
            if job is None:
                continue
            if not job.state.is_finished:
                self._awaited.pop(job.numeric_id, None)
            elif change.before is None or not change.before.state.is_finished:
                self._awaited[job.numeric_id] = (self._clock.monotonic(), job)
                self._news.set()
        while len(self._awaited) > _MOST_AWAITED:
            del self._awaited[next(iter(self._awaited))]

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
        if self._progress is None:
            await self._note(Progress(since=now, until=now))
        progress = self._progress
        assert progress is not None
        if not self._has_accounting():
            return await self._record_seen(progress, now)
        if self._wanted_since is None:
            self._wanted_since = (
                now - self._plan.days * _DAY if self._plan.since is None else self._plan.since
            )
        passed = self._clock.monotonic() - self._looked_at
        has_news = bool(self._awaited) and passed >= self._plan.interval_seconds
        if has_news or passed >= _IDLE_SECONDS:
            return await self._look(progress, now), False
        if self._again is None:
            self._plan_reread(progress, now)
        if self._again is not None:
            return await self._read_again(self._again), False
        if progress.since > self._wanted_since:
            return await self._fill(progress, self._wanted_since), False
        if self._awaited:
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
            await self._note(structs.replace(progress, until=until, since=since))
        return self._rest(began, len(jobs))

    async def _settle(self, now: int) -> int:
        """The instant up to which everything is recorded; jobs that accounting is silent about hold it."""
        given_up = self._clock.monotonic() - _PATIENCE_SECONDS
        lost = [job for since, job in self._awaited.values() if since < given_up]
        if lost:
            log.warning("accounting does not know jobs that have ended", jobs=len(lost), first=lost[0].job_id)
            await self._record([FinishedJob(job) for job in lost])
        ends = [job.end_time for _, job in self._awaited.values() if job.end_time is not None]
        return min([*ends, now - _SEEN_SECONDS])

    async def _record(self, jobs: list[FinishedJob]) -> None:
        """Write what is not written yet, with what slurmctld said of it."""
        fresh = []
        for one in jobs:
            job = one.job
            seen = self._awaited.get(job.numeric_id)
            if seen is not None and seen[1].submit_time == job.submit_time:
                one = completed(FinishedJob(seen[1]), one)
            if self._recent.get((job.numeric_id, job.submit_time)) != one:
                fresh.append(one)
        await self._records.add(self._key, fresh)
        for one in fresh:
            self._recent[one.job.numeric_id, one.job.submit_time] = one
        for one in jobs:
            seen = self._awaited.get(one.job.numeric_id)
            if seen is not None and seen[1].submit_time <= one.job.submit_time:
                del self._awaited[one.job.numeric_id]
        if len(self._recent) > 4 * self._forward.wanted_jobs:
            self._recent.clear()

    async def _record_seen(self, progress: Progress, now: int) -> tuple[float, bool]:
        """Without accounting: what slurmctld shows is all that there will ever be."""
        if not self._has_seen_all:
            for job in self._cluster.snapshot.jobs.finished_before(now + _DAY):
                self._awaited.setdefault(job.numeric_id, (0.0, job))
            self._has_seen_all = True
        await self._record([FinishedJob(job) for _, job in self._awaited.values()])
        observed = int(self._cluster.snapshot.observed_at)
        if observed - progress.until >= _NOTED_SECONDS:
            await self._note(structs.replace(progress, until=observed))
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
            now, progress = int(self._clock.now()), self._progress
            assert progress is not None
            daily_at = now if again.is_daily else progress.daily_at
            await self._note(structs.replace(progress, hourly_at=now, daily_at=daily_at))
        return self._rest(began, len(jobs))

    async def _fill(self, progress: Progress, wanted: int) -> float:
        """One more piece of the past, the newest that is missing."""
        began = self._clock.monotonic()
        start = max(wanted, progress.since - self._backward.seconds)
        jobs = await self._read(start, progress.since)
        self._backward.fit(len(jobs))
        await self._record(jobs)
        await self._note(structs.replace(progress, since=start))
        if start == wanted:
            log.info("history is filled", since=start)
        return self._rest(began, len(jobs))

    # -- the rest --------------------------------------------------------------------------------------------

    async def _read(self, start: int, end: int) -> list[FinishedJob]:
        return await finished_between(self._cluster.backend, start, end)

    async def _note(self, after: Progress) -> None:
        """Note how far the history reaches, unless somebody else (an import) has gone further meanwhile."""
        if await self._records.advance(self._key, self._progress, after):
            self._progress = after
            return
        self._progress = kept = await self._records.progress(self._key)
        if kept is not None:
            merged = structs.replace(after, since=min(after.since, kept.since))
            if await self._records.advance(self._key, kept, merged):
                self._progress = merged

    def _rest(self, began: float, jobs: int) -> float:
        took = self._clock.monotonic() - began
        return max(took * _REST, jobs / self._plan.jobs_per_second - took)

    def _has_accounting(self) -> bool:
        info = self._cluster.snapshot.info
        return info is None or info.has_accounting


async def finished_between(backend: Backend, start: int, end: int) -> list[FinishedJob]:
    """The jobs that ended in [start, end), with what they used where the backend can tell."""
    if isinstance(backend, SupportsUsage):
        return await backend.finished_with_usage(start, end)
    return list(map(FinishedJob, await backend.finished_jobs(start, end)))
