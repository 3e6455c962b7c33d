"""How well jobs used what they were given, and what would have been enough for them."""

from __future__ import annotations

from msgspec import Struct, structs

from s9s.domain.efficiency import (
    EFFICIENCY_SORT_FIELDS,
    Efficiency,
    EfficiencyQuery,
    Group,
    Kind,
    SuggestedRequest,
    efficiency_of,
    suggest,
    suggest_for,
)
from s9s.domain.errors import ValidationError
from s9s.domain.history import FinishedJob
from s9s.services.access import Caller, usage_visibility
from s9s.services.clusters import Cluster
from s9s.storage.efficiency import EfficiencyRecords


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
    """The efficiency of one cluster's finished jobs. Methods raise `DatabaseUnavailable`.

    Args:
        cluster: Whose jobs.
        key: What it is called in the database.
        records: Where its history is.
    """

    def __init__(self, cluster: Cluster, key: str, records: EfficiencyRecords) -> None:
        self._cluster = cluster
        self._key = key
        self._records = records

    def now(self) -> int:
        """The cluster's epoch seconds."""
        return int(self._cluster.watcher.now())

    async def find(self, query: EfficiencyQuery, caller: Caller, by: str = "job") -> Answer:
        """Jobs, or sums `by` one of `GROUPS`, of those whose usage the caller may see.

        The query has no visibility. Raises `ValidationError` for a sort field that there is not.
        """
        if query.sort not in EFFICIENCY_SORT_FIELDS:
            raise ValidationError.of("sort", query.sort, list(EFFICIENCY_SORT_FIELDS))
        user = self._cluster.snapshot.users.get(caller.user)
        visibility = usage_visibility(caller, self._cluster.info, user)
        query = structs.replace(query, visibility=visibility)
        if by == "job":
            return await self._jobs(query)
        groups, total, sums = await self._records.groups(self._key, query, by)
        kinds: dict[tuple[str, str], Kind] = {}
        if by == "job_name":
            pairs = [(group.user or "", group.job_name or "") for group in groups]
            kinds = await self._records.kinds(self._key, query, pairs)
        found = [
            KindEfficiency(group, suggest_for(kinds.get((group.user or "", group.job_name or ""))))
            for group in groups
        ]
        return Answer(groups=found, total=total, sums=sums)

    async def _jobs(self, query: EfficiencyQuery) -> Answer:
        finished, sums = await self._records.jobs(self._key, query)
        pairs = [(one.job.user, one.job.job_name) for one in finished]
        kinds = await self._records.kinds(self._key, query, pairs)
        jobs = [
            JobEfficiency(
                one,
                efficiency_of(one.job, one.usage, 0),
                suggest(one.job, one.usage, kinds.get((one.job.user, one.job.job_name))),
            )
            for one in finished
        ]
        return Answer(jobs=jobs, total=sums.jobs, sums=sums)
