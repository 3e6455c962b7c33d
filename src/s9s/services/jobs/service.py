"""Jobs as a caller may see them: lists from the snapshot, and single ones with all that is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar, cast

from msgspec import structs

from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import (
    PermissionDenied,
    ResourceNotFound,
    ServiceUnavailable,
    SlurmUnavailable,
    ValidationError,
)
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobDetails
from s9s.domain.queries import JOB_SORT_FIELDS, JobQuery, Page, Visibility
from s9s.services.access import Caller, job_visibility, may_see_job, may_see_secrets
from s9s.services.clusters import Cluster
from s9s.services.history.finished import History
from s9s.services.jobs.details import DetailsCache
from s9s.services.jobs.holds import Holds
from s9s.snapshot.query import find
from s9s.snapshot.store import NEVER

R = TypeVar("R")

#: Generation and instant of the jobs, generation of the users, and what is known of the cluster.
Version = tuple[int, float, int, ClusterInfo | None]

_SORT_FIELDS: Final = frozenset(JOB_SORT_FIELDS)

#: So many unknown ids are looked up one by one in accounting too.
FEW: Final = 16


class Listing(NamedTuple, Generic[R]):
    """A page, and what the run times of its jobs follow from."""

    page: Page[R]
    clocks: list[int]
    """`Job.clock` of each row."""
    now: int
    """Epoch seconds, the snapshot's."""


class Jobs:
    """The jobs of one cluster.

    Args:
        cluster: Whose jobs.
        holds: Why they are held.
        history: What has ended long ago; ``None``: only what the snapshot and accounting know.
    """

    def __init__(self, cluster: Cluster, holds: Holds, history: History | None = None) -> None:
        self._cluster = cluster
        self._holds = holds
        self._history = history
        self._details = DetailsCache(cluster.backend)

    def visibility(self, caller: Caller) -> Visibility | None:
        """Which rows the caller may see; ``None``: all."""
        snapshot = self._cluster.snapshot
        return job_visibility(caller, self._cluster.info, snapshot.users.get(caller.user))

    def is_ready_for(self, query: JobQuery) -> bool:
        """Whether `page` can answer at once and with all that was written and all that was asked for."""
        since = query.start_time
        return self.is_settled and (since is None or since >= self._cluster.snapshot.jobs.finished_since)

    @property
    def is_settled(self) -> bool:
        """Whether everything that was written is in the snapshot."""
        return self._cluster.watcher.is_settled

    async def prepare(self, query: JobQuery) -> None:
        """Wait for what `is_ready_for` misses."""
        await self._cluster.watcher.settled()
        if query.start_time is not None and not await self.is_long(query):
            await self._cluster.watcher.ensure_finished_since(query.start_time)

    async def is_long(self, query: JobQuery) -> bool:
        """Whether the list goes back beyond the snapshot, and the history has what is missing there."""
        since, known_since = query.start_time, self._cluster.snapshot.jobs.finished_since
        if self._history is None or since is None or since >= known_since or known_since == NEVER:
            return False
        return await self._history.covers(since, known_since)

    async def long_page(
        self, query: JobQuery, visibility: Visibility | None, render: Callable[[Job, str | None], R]
    ) -> Listing[R]:
        """As `page`, for a list of which `is_long` is true."""
        assert self._history is not None
        _check_sort(query)
        snapshot = self._cluster.snapshot
        table, now, known_since = snapshot.jobs, int(snapshot.observed_at), snapshot.jobs.finished_since
        if visibility is not None:
            query = structs.replace(query, visibility=visibility)
        needed = structs.replace(query, offset=0, limit=query.offset + query.limit)
        found = find(table, needed, now)
        rows, total = await self._history.long_page(
            query,
            known_since,
            [table.jobs[slot] for slot in found.slots],
            found.total,
            now,
            without=frozenset(table.columns.ids(table.finished_before(known_since))),
            hold_reason=self._holds.reason_of,
        )
        jobs = [row.job if isinstance(row, FinishedJob) else row for row in rows]
        items = [render(job, self._holds.reason_of(job)) for job in jobs]
        page = Page(items=items, total=total, limit=query.limit, offset=query.offset)
        return Listing(page, [job.clock for job in jobs], now)

    def page(
        self, query: JobQuery, visibility: Visibility | None, render: Callable[[Job, str | None], R]
    ) -> Listing[R]:
        """One page from the snapshot, as `render` makes it of each job.

        `render` gets a job and the reason of its hold; its results are kept until the job changes, so it must
        always be the same function.
        """
        _check_sort(query)
        table = self._cluster.snapshot.jobs
        now = int(table.observed_at)
        found = find(table, structs.replace(query, visibility=visibility) if visibility else query, now)
        slots, memo = found.slots, cast("list[R | None]", table.memo)
        rows = [memo[slot] for slot in slots]
        if not all(rows):
            for place, slot in enumerate(slots):
                if memo[slot] is None:
                    job = table.jobs[slot]
                    rows[place] = memo[slot] = render(job, self._holds.reason_of(job))
        page = Page(items=cast("list[R]", rows), total=found.total, limit=query.limit, offset=query.offset)
        return Listing(page, table.columns.clocks(slots), now)

    @property
    def version(self) -> Version:
        """Changes whenever a page could come out differently, or a caller see other jobs."""
        snapshot = self._cluster.snapshot
        table = snapshot.jobs
        return table.generation, table.observed_at, snapshot.users.generation, snapshot.info

    async def get(self, job_id: str, caller: Caller, *, waits: bool = True) -> Job:
        """One job, from the snapshot, or from accounting when slurmctld has forgotten it.

        With `waits`, what has just been changed is in it. Raises `ResourceNotFound` when there is none that
        the caller may see.
        """
        if waits:
            await self._cluster.watcher.settled()
        job = self._cluster.snapshot.jobs.get(job_id)
        if job is None:
            check_job_id(job_id)
            recorded = await self._recorded(job_id)
            job = recorded.job if recorded else (await self._details.look_up(job_id, None, None)).job
        return self._shown(job, job_id, caller)

    async def details(self, job_id: str, caller: Caller) -> tuple[JobDetails, int]:
        """One job with the environment and usage that the caller can see in Slurm, and when that was.

        Errors as in `get`. When Slurm is out of reach, what the snapshot knows.
        """
        job = await self.get(job_id, caller)
        recorded = await self._recorded(job_id) if job.state.is_finished else None
        if recorded is not None and (recorded.job.submit_time != job.submit_time or recorded.usage is None):
            recorded = None
        if recorded is not None and not may_see_secrets(caller, job.user):
            # All that Slurm could add is the environment, and that is not for this caller.
            return JobDetails(job=job, usage=recorded.usage), int(self._cluster.snapshot.observed_at)
        actor = caller.user if self._cluster.can_act_as(caller.user) else None
        try:
            details = await self._details.look_up(job_id, job, actor)
        except (SlurmUnavailable, ResourceNotFound, PermissionDenied):
            details = JobDetails(job=job, usage=recorded.usage if recorded else None)
        # The snapshot is the newer of the two: what is kept of a look-up is its environment and usage.
        return structs.replace(details, job=job), int(self._cluster.snapshot.observed_at)

    async def _recorded(self, job_id: str) -> FinishedJob | None:
        try:
            return await self._history.find(job_id) if self._history is not None else None
        except ServiceUnavailable:
            return None  # Slurm may know it all the same

    async def unknown_among(self, job_ids: Sequence[str]) -> frozenset[str]:
        """Those of many ids that Slurm does not list, even when it is asked once more; accounting is not.

        Empty for so few that looking each up costs no more.
        """
        watcher, table = self._cluster.watcher, self._cluster.snapshot.jobs
        await watcher.settled()
        missing = [job_id for job_id in job_ids if table.get(job_id) is None]
        if len(missing) <= FEW:
            return frozenset()
        watcher.touch(missing)
        await watcher.settled()
        return frozenset(job_id for job_id in missing if table.get(job_id) is None)

    def touch(self, job_ids: Sequence[str]) -> None:
        """These have been changed: the next read of anybody shows it."""
        self._cluster.watcher.touch(job_ids)

    def hold_reason_of(self, job: Job) -> str | None:
        """The reason given for the job's hold."""
        return self._holds.reason_of(job)

    def _shown(self, job: Job, job_id: str, caller: Caller) -> Job:
        if not may_see_job(self.visibility(caller), job):
            raise ResourceNotFound.of("job", job_id)
        return job


def _check_sort(query: JobQuery) -> None:
    if query.sort not in _SORT_FIELDS:
        raise ValidationError.of("sort", query.sort, list(JOB_SORT_FIELDS))


_JOB_ID: Final = re.compile(r"[1-9]\d{0,9}(?:_\d{1,9}|\+\d{1,4})?", re.ASCII)


def check_job_id(job_id: str) -> str:
    """The id if it has the form of one: ``123``, ``123_4``, ``123+1``; else `ResourceNotFound`."""
    if not _JOB_ID.fullmatch(job_id):
        raise ResourceNotFound.of("job", job_id)
    return job_id
