"""Finished jobs of any age, as a caller may see them: from the database, without a question to Slurm."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from msgspec import structs

from s9s.domain.errors import ResourceNotFound
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job
from s9s.domain.queries import JobQuery, Visibility
from s9s.services.access import Caller, job_visibility, may_see_job
from s9s.services.clusters import Cluster
from s9s.services.history.long_lists import Older, long_page
from s9s.storage.history import HistoryRecords


class History:
    """The history of one cluster. Every method raises `DatabaseUnavailable`.

    Args:
        cluster: Whose it is.
        key: What it is called in the database.
        records: Where it is.
        is_kept: Whether anything is recorded at all.
    """

    def __init__(self, cluster: Cluster, key: str, records: HistoryRecords, *, is_kept: bool = True) -> None:
        self._cluster = cluster
        self._key = key
        self._records = records
        self.is_kept = is_kept

    def visibility(self, caller: Caller) -> Visibility | None:
        """Which rows the caller may see; ``None``: all."""
        snapshot = self._cluster.snapshot
        return job_visibility(caller, self._cluster.info, snapshot.users.get(caller.user))

    async def coverage(self) -> tuple[int, int] | None:
        """The jobs that ended in [since, until) are all there (epoch seconds); ``None``: nothing is."""
        progress = await self._records.progress(self._key) if self.is_kept else None
        return None if progress is None else (progress.since, progress.until)

    async def covers(self, start: int, end: int) -> bool:
        """Whether all jobs that ended in [start, end) are there."""
        reach = await self.coverage()
        return reach is not None and reach[0] <= start and end <= reach[1]

    async def long_page(
        self,
        query: JobQuery,
        ended_before: int,
        newer: Sequence[Job],
        newer_total: int,
        now: int,
        *,
        without: frozenset[int],
        hold_reason: Callable[[Job], str | None],
    ) -> tuple[list[Job | FinishedJob], int]:
        """A page of what ended before an instant together with what is in memory, as `long_lists` says."""
        older = Older(cluster=self._key, ended_before=ended_before, without=without)
        return await long_page(self._records, older, query, newer, newer_total, now, hold_reason)

    async def page(self, query: JobQuery, caller: Caller) -> tuple[list[FinishedJob], int]:
        """One page of what the caller may see, and how many there are in all. The query has no visibility."""
        return await self._records.page(self._key, self._visible(query, caller))

    async def walk(
        self, query: JobQuery, caller: Caller, *, after: tuple[int, int] | None = None
    ) -> AsyncIterator[list[FinishedJob]]:
        """All jobs that pass the filters and that the caller may see, in the order of their ends.

        `after` is the end and the numeric id of the last job of an earlier walk.
        """
        async for piece in self._records.walk(self._key, self._visible(query, caller), after=after):
            yield piece

    async def find(self, job_id: str) -> FinishedJob | None:
        """The latest finished job with this address, whoever asks; ``None`` when there is none."""
        return await self._records.get(self._key, job_id) if self.is_kept else None

    async def get(self, job_id: str, caller: Caller) -> FinishedJob:
        """The same, of those that the caller may see. Raises `ResourceNotFound`."""
        found = await self.find(job_id)
        if found is None or not may_see_job(self.visibility(caller), found.job):
            raise ResourceNotFound.of("job", job_id)
        return found

    def _visible(self, query: JobQuery, caller: Caller) -> JobQuery:
        """The query, narrowed to what the caller may see."""
        visibility = self.visibility(caller)
        return query if visibility is None else structs.replace(query, visibility=visibility)
