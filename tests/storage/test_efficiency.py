"""SQL's arithmetic against the domain's."""

import math
from collections import defaultdict
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, event

from s9s.domain.efficiency import (
    EFFICIENCY_SORT_FIELDS,
    GROUPS,
    Efficiency,
    EfficiencyQuery,
    Kind,
    added_up,
    efficiency_of,
)
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import JobUsage
from s9s.domain.queries import Visibility
from s9s.storage.database import Database
from s9s.storage.efficiency import EfficiencyRecords
from s9s.storage.history import HistoryRecords
from tests.snapshot.making import NOON, job

#: Each example has a cluster of its own.
FRESH = count()
USAGE = st.none() | st.builds(
    JobUsage,
    cpu_seconds=st.none() | st.floats(0, 500),
    max_memory_mib=st.none() | st.floats(1, 5000),
    gpu_utilization=st.none() | st.floats(0, 1),
)


@st.composite
def a_job(draw: st.DrawFn, numeric_id: int) -> FinishedJob:
    started = draw(st.none() | st.integers(NOON, NOON + 50))
    fields: dict[str, Any] = {
        "user": draw(st.sampled_from(["alice", "bob"])),
        "account": draw(st.sampled_from(["bio", "physics", None])),
        "partition": draw(st.sampled_from(["gpu", "normal"])),
        "job_name": draw(st.sampled_from(["a", "b"])),
        "start_time": started,
        "end_time": draw(st.integers(NOON + 50, NOON + 150)),
        "cpu_count": draw(st.integers(0, 8)),
        "memory_mib": draw(st.none() | st.integers(1, 4000)),
        "gpus": draw(st.integers(0, 2)),
    }
    state = draw(st.sampled_from(["COMPLETED", "FAILED"]))
    return FinishedJob(job(numeric_id, state, **fields), draw(USAGE))


QUERY = st.builds(
    EfficiencyQuery,
    start_time=st.integers(NOON + 40, NOON + 80),
    end_time=st.integers(NOON + 80, NOON + 150),
    states=st.none() | st.just(frozenset(["COMPLETED"])),
    users=st.none() | st.just(frozenset(["alice"])),
    partitions=st.none() | st.just(frozenset(["gpu"])),
    accounts=st.none() | st.just(frozenset(["BIO"])),
    min_runtime_seconds=st.sampled_from([0, 1, 60]),
    min_cpus=st.sampled_from([0, 4]),
    min_wasted_cpu_seconds=st.sampled_from([0.0, 100.0]),
    sort=st.sampled_from(EFFICIENCY_SORT_FIELDS),
    descending=st.booleans(),
    limit=st.just(50),
    visibility=st.none() | st.just(Visibility(users=frozenset(["bob"]))),
)


def passes(one: FinishedJob, query: EfficiencyQuery) -> bool:
    made, found = one.job, efficiency_of(one.job, one.usage, 0)
    end = made.end_time or 0
    return (
        query.start_time <= end <= query.end_time
        and (query.states is None or made.state in query.states)
        and (query.users is None or made.user in query.users)
        and (query.partitions is None or made.partition in query.partitions)
        and (query.accounts is None or made.account == "bio")
        and found.elapsed_seconds >= max(1, query.min_runtime_seconds)
        and made.cpu_count >= query.min_cpus
        and (not query.min_wasted_cpu_seconds or found.cpu_wasted >= query.min_wasted_cpu_seconds)
        and (query.visibility is None or made.user == "bob")
    )


def is_like(one: Efficiency, other: Efficiency) -> bool:
    names = Efficiency.__struct_fields__
    return all(
        math.isclose(getattr(one, name), getattr(other, name), rel_tol=1e-9, abs_tol=1e-6) for name in names
    )


def value(found: Efficiency, sort: str, end: int) -> float | None:
    wasted = {"cpu": found.cpu_measured, "memory": found.memory_measured, "gpu": found.gpu_measured}
    for what, measured in wasted.items():
        if sort.startswith(f"wasted_{what}"):
            return getattr(found, f"{what}_wasted") if measured else None
        if sort == f"{what}_efficiency":
            return getattr(found, what)  # type: ignore[no-any-return]
        if sort.startswith(f"{what}_"):
            return getattr(found, f"{what}_seconds")  # type: ignore[no-any-return]
    return {"elapsed_time": found.elapsed_seconds, "end_time": end, "jobs": found.jobs}[sort]


def is_ordered(values: list[float | None], *, descending: bool) -> bool:
    present = [one for one in values if one is not None]
    if values[: len(present)] != present:
        return False
    return all((a >= b - 1e-6) if descending else (a <= b + 1e-6) for a, b in pairwise(present))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), query=QUERY)
async def test_lists_and_sums_are_those_of_the_domain(
    url: str, data: st.DataObject, query: EfficiencyQuery
) -> None:
    jobs = [data.draw(a_job(number)) for number in range(1, data.draw(st.integers(1, 8)) + 1)]
    by = data.draw(st.sampled_from(sorted(GROUPS)))
    cluster = f"cluster {next(FRESH)}"
    async with await Database.open(url) as database:
        await HistoryRecords(database).add(cluster, jobs)
        records = EfficiencyRecords(database)
        wanted = {one.job.numeric_id: one for one in jobs if passes(one, query)}
        found, sums = await records.jobs(cluster, query), await records.sums(cluster, query)
        assert {one.job.numeric_id: one.job for one in found} == {key: one.job for key, one in wanted.items()}
        rows = [efficiency_of(one.job, one.usage, 0) for one in found]
        assert is_like(sums, added_up(rows))
        ends = [one.job.end_time or 0 for one in found]
        if query.sort != "jobs":
            values = [value(row, query.sort, end) for row, end in zip(rows, ends, strict=True)]
            assert is_ordered(values, descending=query.descending)

        groups, total, whole = await records.groups(cluster, query, by)
        assert is_like(whole, sums)
        expected: defaultdict[Any, list[FinishedJob]] = defaultdict(list)
        for one in wanted.values():
            expected[tuple(getattr(one.job, name) for name in GROUPS[by])].append(one)
        assert total == len(groups) == len(expected)
        for group in groups:
            members = expected[tuple(getattr(group, name) for name in GROUPS[by])]
            assert is_like(group.sums, added_up(efficiency_of(one.job, one.usage, 0) for one in members))
            assert group.last_end == max(one.job.end_time or 0 for one in members)
        values = [value(group.sums, query.sort, group.last_end) for group in groups]
        assert is_ordered(values, descending=query.descending)


async def test_kinds_are_what_the_most_demanding_needed(database: Database) -> None:
    def ran(number: int, seconds: int, **more: Any) -> FinishedJob:
        usage = JobUsage(cpu_seconds=2.0 * seconds, max_memory_mib=100.0 * number)
        times = {"start_time": NOON, "end_time": NOON + seconds}
        return FinishedJob(job(number, **({"state": "COMPLETED", "node_count": 2} | times | more)), usage)

    jobs = [ran(1, 600), ran(2, 1200), ran(3, 30), ran(4, 900, state="FAILED"), ran(5, 900, user="bob")]
    await HistoryRecords(database).add("one", jobs)
    query = EfficiencyQuery(start_time=NOON, end_time=NOON + 5000)
    kinds = await EfficiencyRecords(database).kinds("one", query, [("alice", "simulation")])
    assert kinds[("alice", "simulation")] == Kind(
        jobs=2, cpus=pytest.approx(2.0), node_memory_mib=100.0, elapsed_seconds=1200
    )
    assert await EfficiencyRecords(database).kinds("one", query, []) == {}


@pytest.mark.parametrize("by", sorted(GROUPS))
async def test_a_users_sums_are_read_from_the_users_jobs_alone(database: Database, by: str) -> None:
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        asked.append((statement, parameters))

    query = EfficiencyQuery(start_time=NOON, end_time=NOON + 5000, users=frozenset({"alice"}))
    event.listen(Engine, "before_cursor_execute", note)
    try:
        await EfficiencyRecords(database).groups("one", query, by)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    (statement, parameters) = next(one for one in asked if one[0].startswith("SELECT"))

    def explain(connection: Connection) -> str:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return " ".join(row[-1] for row in rows)

    assert "ix_finished_jobs_usage (cluster=? AND user=? AND end_time>?" in await database.ask(explain)
