"""The efficiency of jobs that run, so far: summed up and put in order as those in the database are."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs

from s9s.domain.efficiency import (
    GROUPS,
    RUNNING_STATES,
    SORTED_BY_RATIO,
    SORTED_BY_SUM,
    Efficiency,
    EfficiencyQuery,
    Group,
    efficiency_of,
    sort_value,
)
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobUsage
from s9s.domain.queries import JobQuery
from s9s.services.access import Caller
from s9s.services.clusters import Cluster
from s9s.services.efficiency.usage import LiveUsage
from s9s.snapshot.query import find
from s9s.snapshot.vocabulary import Codes, Flags

Numbers = npt.NDArray[np.float64]

_SUMS: Final = Efficiency.__struct_fields__
_KEYS: Final = sorted({name for names in GROUPS.values() for name in names})
_EVERYTHING: Final = 2**31


class RunningJob(NamedTuple):
    """One of them, and what it is ordered by: ``None`` where nothing was measured."""

    job: FinishedJob
    efficiency: Efficiency
    value: float | None


class Running(Struct, frozen=True, kw_only=True):
    """The jobs of a query that run, at one moment. Made by `RunningJobs.find`."""

    jobs: Sequence[Job]
    terms: dict[str, Numbers]
    """What each adds to the sums, named as in `Efficiency`."""
    ids: Numbers
    """`Job.numeric_id` of each."""
    codes: dict[str, Codes]
    """By column: equal where the values are."""
    usage: dict[int, JobUsage]
    """By place, of those that were measured."""
    now: int

    def sums(self) -> Efficiency:
        """Of all of them."""
        return _sums({name: float(values.sum()) for name, values in self.terms.items()})

    def best(self, query: EfficiencyQuery) -> list[RunningJob]:
        """The first `query.offset` + `query.limit` in the order of the query."""
        ids = self.ids
        values = self._values(query.sort, ids)
        sign = -1.0 if query.descending else 1.0
        # The last key counts first; what was not measured is last in either direction.
        order = np.lexsort((sign * ids, sign * np.nan_to_num(values), np.isnan(values)))
        return [self._job(place, query.sort) for place in order[: query.offset + query.limit].tolist()]

    def groups(self, by: str) -> list[Group]:
        """Their sums by one of `GROUPS`, in no order."""
        names = GROUPS[by]
        codes = np.stack([self.codes[name] for name in names])
        _, first, members = np.unique(codes, axis=1, return_index=True, return_inverse=True)
        members = members.reshape(-1)
        sums = {name: np.bincount(members, values, len(first)) for name, values in self.terms.items()}
        return [
            Group(
                **{name: getattr(self.jobs[place], name) for name in names},
                sums=_sums({name: float(values[kind]) for name, values in sums.items()}),
                last_end=self.now,
            )
            for kind, place in enumerate(first.tolist())
        ]

    def _values(self, sort: str, ids: Numbers) -> Numbers:
        """What each is ordered by; ``nan`` where nothing was measured."""
        if sort == "end_time":
            return np.full(len(ids), float(self.now))
        if sort in SORTED_BY_RATIO:
            used, measured = (self.terms[name] for name in SORTED_BY_RATIO[sort])
            ratios = np.full(len(ids), np.nan)
            np.divide(used, measured, out=ratios, where=measured > 0)
            return ratios
        name = SORTED_BY_SUM.get(sort)
        if name is None:
            return ids
        if not name.endswith("_wasted"):
            return self.terms[name]
        has = self.terms[name.replace("_wasted", "_measured")] > 0
        return np.where(has, self.terms[name], np.nan)

    def _job(self, place: int, sort: str) -> RunningJob:
        job = FinishedJob(self.jobs[place], self.usage.get(place))
        sums = efficiency_of(job.job, job.usage, self.now)
        return RunningJob(job, sums, sort_value(sums, sort, self.now, job.job.numeric_id))


class RunningJobs:
    """The jobs of one cluster that run.

    Args:
        cluster: Whose jobs.
        usage: What they use.
    """

    def __init__(self, cluster: Cluster, usage: LiveUsage) -> None:
        self._cluster = cluster
        self._usage = usage

    async def find(self, query: EfficiencyQuery, caller: Caller, now: int) -> Running | None:
        """Those that pass the filters, whose visibility is the query's; ``None``: none is meant."""
        wanted = RUNNING_STATES & (query.states or frozenset())
        if not wanted or query.end_time < now:
            return None
        await self._cluster.watcher.settled()
        running = await self._measured(self._running(query, wanted, now), caller)
        if query.min_wasted_cpu_seconds:
            running = _some(running, running.terms["cpu_wasted"] >= query.min_wasted_cpu_seconds)
        return running

    def _running(self, query: EfficiencyQuery, wanted: Set[str], now: int) -> Running:
        table = self._cluster.snapshot.jobs
        plain = JobQuery(
            states=frozenset(wanted),
            users=query.users,
            partitions=query.partitions,
            accounts=query.accounts,
            names=query.names,
            visibility=query.visibility,
            limit=_EVERYTHING,
        )
        slots, columns = np.array(find(table, plain, now).slots, np.int32), table.columns
        statuses = columns.vocabularies["status"].values
        is_wanted = np.array([bool(one) and one[0] in wanted for one in statuses])
        elapsed = columns.elapsed(slots, now)
        kept = is_wanted.take(columns.codes("status").take(slots))
        kept &= elapsed >= max(1, query.min_runtime_seconds)
        kept &= columns.numbers("cpu_count").take(slots) >= query.min_cpus
        slots, elapsed = slots[kept], elapsed[kept].astype(np.float64)
        terms = {name: np.zeros(len(slots)) for name in _SUMS}
        terms["jobs"] += 1
        terms["elapsed_seconds"] = elapsed
        for name, column in (("cpu", "cpu_count"), ("memory", "memory_mib"), ("gpu", "gpus")):
            terms[f"{name}_seconds"] = elapsed * np.nan_to_num(columns.numbers(column).take(slots))
        return Running(
            jobs=table.view(slots),
            terms=terms,
            ids=columns.numbers("numeric_id").take(slots),
            codes={name: columns.codes(name).take(slots) for name in _KEYS},
            usage={},
            now=now,
        )

    async def _measured(self, running: Running, caller: Caller) -> Running:
        """With what Slurm tells the caller of the caller's own jobs."""
        jobs, terms = running.jobs, {name: values.copy() for name, values in running.terms.items()}
        users = self._cluster.snapshot.jobs.columns.vocabularies["user"]
        own = np.flatnonzero(np.isin(running.codes["user"], users.find([caller.user]))).tolist()
        own.sort(key=terms["cpu_seconds"].__getitem__, reverse=True)
        told = await self._usage.of([jobs[place] for place in own], caller)
        usage = {place: told[jobs[place].numeric_id] for place in own if jobs[place].numeric_id in told}
        for place, used in usage.items():
            sums = efficiency_of(jobs[place], used, running.now)
            for name in _SUMS:
                terms[name][place] = getattr(sums, name)
        return structs.replace(running, terms=terms, usage=usage)


def _some(running: Running, kept: Flags) -> Running:
    places = np.flatnonzero(kept).tolist()
    return Running(
        jobs=[running.jobs[place] for place in places],
        terms={name: values[kept] for name, values in running.terms.items()},
        ids=running.ids[kept],
        codes={name: codes[kept] for name, codes in running.codes.items()},
        usage={now: running.usage[was] for now, was in enumerate(places) if was in running.usage},
        now=running.now,
    )


def _sums(values: dict[str, float]) -> Efficiency:
    whole: dict[str, Any] = {name: int(values[name]) for name in ("jobs", "elapsed_seconds")}
    return Efficiency(**{**values, **whole})
