"""How well jobs used what they were given, and what would have been enough for them."""

from __future__ import annotations

import asyncio
import heapq
from typing import Final

from msgspec import Struct, structs

from s9s.domain.efficiency import (
    EFFICIENCY_SORT_FIELDS,
    GROUPS,
    RUNNING_STATES,
    Efficiency,
    EfficiencyQuery,
    Group,
    Kind,
    SuggestedRequest,
    added_up,
    efficiency_of,
    sort_value,
    suggest,
    suggest_for,
)
from s9s.domain.errors import ValidationError
from s9s.domain.history import FinishedJob
from s9s.services.access import Caller, usage_visibility
from s9s.services.clusters import Cluster
from s9s.services.efficiency.running import Running, RunningJob, RunningJobs
from s9s.services.efficiency.usage import LiveUsage
from s9s.storage.efficiency import EfficiencyRecords

_Kinds = dict[tuple[str, str], Kind]

#: So far down a list that running jobs are merged into one can page.
MOST_BEFORE_MERGED: Final = 10_000


class JobEfficiency(Struct, frozen=True):
    """One job, what it used of what it had, and what it should ask for."""

    finished: FinishedJob
    efficiency: Efficiency
    suggestion: SuggestedRequest | None


class KindEfficiency(Struct, frozen=True):
    """Jobs with something in common; a suggestion only where they are of one kind."""

    group: Group
    suggestion: SuggestedRequest | None


class Answer(Struct, frozen=True, kw_only=True):
    """One page, of `jobs` or of `groups`, and the sums over everything that was asked for."""

    jobs: list[JobEfficiency] = []
    groups: list[KindEfficiency] = []
    total: int
    sums: Efficiency


class Efficiencies:
    """The efficiency of one cluster's jobs. Methods raise `DatabaseUnavailable`.

    Args:
        cluster: Whose jobs.
        key: What it is called in the database.
        records: Where its history is.
    """

    def __init__(self, cluster: Cluster, key: str, records: EfficiencyRecords) -> None:
        self._cluster = cluster
        self._key = key
        self._records = records
        self._running = RunningJobs(cluster, LiveUsage(cluster))

    def now(self) -> int:
        """The cluster's epoch seconds."""
        return int(self._cluster.watcher.now())

    async def find(self, query: EfficiencyQuery, caller: Caller, by: str = "job") -> Answer:
        """Jobs, or sums `by` one of `GROUPS`, of those whose usage the caller may see.

        The query has no visibility. Raises `ValidationError` for a sort field that there is not, and for a
        page far down a list of running and finished jobs.
        """
        if query.sort not in EFFICIENCY_SORT_FIELDS:
            raise ValidationError.of("sort", query.sort, list(EFFICIENCY_SORT_FIELDS))
        user = self._cluster.snapshot.users.get(caller.user)
        visibility = usage_visibility(caller, self._cluster.info, user)
        query = structs.replace(query, visibility=visibility)
        running = await self._running.find(query, caller, self.now())
        if query.states is not None:
            query = structs.replace(query, states=query.states - RUNNING_STATES)
        return await (self._jobs(query, running) if by == "job" else self._groups(query, by, running))

    async def _jobs(self, query: EfficiencyQuery, running: Running | None) -> Answer:
        if query.states is not None and not query.states:
            best = running.best(query)[query.offset :] if running else []
            shown = [(one.job, one.efficiency) for one in best]
            sums = running.sums() if running else Efficiency()
            kinds = await self._kinds(query, [job for job, _ in shown])
        else:
            # Two threads for what are two walks through the same rows.
            sums, (shown, kinds) = await asyncio.gather(
                self._records.sums(self._key, query), self._page(query, running)
            )
            sums = added_up((sums, running.sums())) if running else sums
        jobs = [JobEfficiency(job, used, _suggested(job, kinds)) for job, used in shown]
        return Answer(jobs=jobs, total=sums.jobs, sums=sums)

    async def _page(
        self, query: EfficiencyQuery, running: Running | None
    ) -> tuple[list[tuple[FinishedJob, Efficiency]], _Kinds]:
        """A page of finished jobs, and between them those that run."""
        first = running.best(query) if running else []
        if first and query.offset > MOST_BEFORE_MERGED:
            raise ValidationError.of(
                "offset", query.offset, f"at most {MOST_BEFORE_MERGED} with running jobs"
            )
        # At most all that run come before the page: finished jobs before the rest cannot be on it.
        skipped = max(0, query.offset - len(first))
        more = structs.replace(query, offset=skipped, limit=query.offset + query.limit - skipped)
        finished = await self._records.jobs(self._key, more)
        shown = [(one, efficiency_of(one.job, one.usage, 0)) for one in finished]
        if first:
            rest = [
                RunningJob(job, used, sort_value(used, query.sort, _end_of(job), job.job.numeric_id))
                for job, used in shown
            ]
            merged = heapq.merge(first, rest, key=lambda one: _key(one, descending=query.descending))
            shown = [(one.job, one.efficiency) for one in merged][query.offset - skipped :][: query.limit]
        return shown, await self._kinds(query, [job for job, _ in shown])

    async def _groups(self, query: EfficiencyQuery, by: str, running: Running | None) -> Answer:
        if running is None:
            groups, total, sums = await self._records.groups(self._key, query, by)
        else:
            groups, total, sums = await self._merged(query, by, running)
        kinds: _Kinds = {}
        if by == "job_name":
            pairs = [(group.user or "", group.job_name or "") for group in groups]
            kinds = await self._records.kinds(self._key, query, pairs)
        found = [
            KindEfficiency(group, suggest_for(kinds.get((group.user or "", group.job_name or ""))))
            for group in groups
        ]
        return Answer(groups=found, total=total, sums=sums)

    async def _merged(
        self, query: EfficiencyQuery, by: str, running: Running
    ) -> tuple[list[Group], int, Efficiency]:
        """A page of sums over finished jobs and those that run."""
        found, sums = running.groups(by), running.sums()
        if query.states is None or query.states:
            everything = structs.replace(query, offset=0, limit=2**31)
            others, _, finished = await self._records.groups(self._key, everything, by)
            found, sums = [*others, *found], added_up((finished, sums))
        names, groups = GROUPS[by], dict[tuple[str | None, ...], Group]()
        for group in found:
            key = tuple(getattr(group, name) for name in names)
            known = groups.get(key)
            groups[key] = group if known is None else _together(known, group)

        def place(group: Group) -> tuple[bool, float, tuple[str, ...]]:
            value = sort_value(group.sums, query.sort, group.last_end, group.sums.jobs)
            return value is None, value or 0.0, tuple(getattr(group, name) or "" for name in names)

        measured = [group for group in groups.values() if not place(group)[0]]
        measured.sort(key=place, reverse=query.descending)
        unmeasured = [group for group in groups.values() if place(group)[0]]
        unmeasured.sort(key=place, reverse=query.descending)
        ordered = measured + unmeasured
        return ordered[query.offset : query.offset + query.limit], len(ordered), sums

    async def _kinds(self, query: EfficiencyQuery, jobs: list[FinishedJob]) -> _Kinds:
        pairs = [(one.job.user, one.job.job_name) for one in jobs]
        return await self._records.kinds(self._key, query, pairs)


def _suggested(one: FinishedJob, kinds: _Kinds) -> SuggestedRequest | None:
    kind = kinds.get((one.job.user, one.job.job_name))
    # What a job needs that runs is not known yet, but what others like it needed is.
    return suggest(one.job, one.usage, kind) if one.job.state.is_finished else suggest_for(kind)


def _together(one: Group, other: Group) -> Group:
    sums, last = added_up((one.sums, other.sums)), max(one.last_end, other.last_end)
    return structs.replace(one, sums=sums, last_end=last)


def _end_of(one: FinishedJob) -> int:
    return one.job.submit_time if one.job.end_time is None else one.job.end_time


def _key(one: RunningJob, *, descending: bool) -> tuple[bool, float, float]:
    sign = -1.0 if descending else 1.0
    return one.value is None, sign * (one.value or 0.0), sign * one.job.job.numeric_id
