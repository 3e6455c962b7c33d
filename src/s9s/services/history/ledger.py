"""What is recorded of one cluster's finished jobs, how far it reaches, and whose end is still awaited."""

from __future__ import annotations

from typing import Final

import structlog
from msgspec import structs

from s9s.domain.history import FinishedJob, completed
from s9s.domain.jobs import Job
from s9s.snapshot.clock import Clock
from s9s.snapshot.snapshot import Update
from s9s.storage.history import HistoryRecords, Progress

log = structlog.get_logger(__name__)

#: How long a job that slurmctld has seen ending may be missing in accounting; then its own word is taken.
_PATIENCE_SECONDS: Final = 600.0
#: Jobs whose end is waited for in accounting; their own stretch of time is read whatever their number.
_MOST_AWAITED: Final = 100_000


class Ledger:
    """Records each job once, with what slurmctld said of it.

    Args:
        key: What the cluster is called in the database.
        records: Where to record.
        clock: To measure patience.
    """

    def __init__(self, key: str, records: HistoryRecords, clock: Clock) -> None:
        self._key = key
        self._records = records
        self._clock = clock
        self._recent: dict[tuple[int, int], FinishedJob] = {}
        self.progress: Progress | None = None
        """How far the history reaches; ``None`` before it begins."""
        self.awaited: dict[int, tuple[float, Job]] = {}
        """Jobs that slurmctld has shown ending and accounting has not, with when (monotonic)."""

    async def begin(self) -> None:
        """Read how far the history reaches. Raises `DatabaseUnavailable`."""
        self.progress = await self._records.progress(self._key)

    def notice(self, update: Update) -> bool:
        """Await the ends that a refresh has shown; whether there are any."""
        has_news = False
        for change in update.jobs:
            job = change.after
            if job is None:
                continue
            if not job.state.is_finished:
                self.awaited.pop(job.numeric_id, None)
            elif change.before is None or not change.before.state.is_finished:
                self.awaited[job.numeric_id] = (self._clock.monotonic(), job)
                has_news = True
        while len(self.awaited) > _MOST_AWAITED:
            del self.awaited[next(iter(self.awaited))]
        return has_news

    async def record(self, jobs: list[FinishedJob], *, remembered: int) -> None:
        """Write what is not written yet, with what slurmctld said of it.

        Args:
            jobs: As accounting tells them.
            remembered: Of so many at least it is known for a while what was written.
        """
        fresh = []
        for one in jobs:
            job = one.job
            seen = self.awaited.get(job.numeric_id)
            if seen is not None and seen[1].submit_time == job.submit_time:
                one = completed(FinishedJob(seen[1]), one)
            if self._recent.get((job.numeric_id, job.submit_time)) != one:
                fresh.append(one)
        await self._records.add(self._key, fresh)
        for one in fresh:
            self._recent[one.job.numeric_id, one.job.submit_time] = one
        for one in jobs:
            seen = self.awaited.get(one.job.numeric_id)
            if seen is not None and seen[1].submit_time <= one.job.submit_time:
                del self.awaited[one.job.numeric_id]
        if len(self._recent) > remembered:
            self._recent.clear()

    async def give_up(self, *, remembered: int) -> None:
        """Take slurmctld's word for the jobs that accounting has been silent about for long."""
        given_up = self._clock.monotonic() - _PATIENCE_SECONDS
        lost = [job for since, job in self.awaited.values() if since < given_up]
        if lost:
            log.warning("accounting does not know jobs that have ended", jobs=len(lost), first=lost[0].job_id)
            await self.record([FinishedJob(job) for job in lost], remembered=remembered)

    def complete_until(self, now: int) -> int:
        """The instant up to which all is recorded: ends that accounting is silent about hold it."""
        ends = [job.end_time for _, job in self.awaited.values() if job.end_time is not None]
        return min([*ends, now])

    async def note(self, after: Progress) -> None:
        """Note how far the history reaches, unless somebody else (an import) has gone further meanwhile."""
        if await self._records.advance(self._key, self.progress, after):
            self.progress = after
            return
        self.progress = kept = await self._records.progress(self._key)
        if kept is not None:
            merged = structs.replace(after, since=min(after.since, kept.since))
            if await self._records.advance(self._key, kept, merged):
                self.progress = merged

    async def forget(self, before: int, most: int) -> int:
        """Remove some of what ended before an instant; how many that were. Note first that it is gone."""
        return await self._records.forget(self._key, before, most)
