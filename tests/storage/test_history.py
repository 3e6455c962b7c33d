import sqlite3
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobUsage
from s9s.domain.queries import JOB_SORT_FIELDS, JobQuery, Visibility
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords, Progress
from tests.snapshot.making import NOON, job, task
from tests.snapshot.oracle import PlainTable, matches

USED = JobUsage(
    cpu_seconds=50.5, max_memory_mib=200.0, max_task_memory_mib=120.0, max_memory_node="n1", tasks=2,
    gpu_utilization=0.5,
)  # fmt: skip


@pytest.fixture
def records(database: Database) -> HistoryRecords:
    return HistoryRecords(database)


def ended(
    numeric_id: int, state: str = "COMPLETED", *, usage: JobUsage | None = None, **more: Any
) -> FinishedJob:
    return FinishedJob(job(numeric_id, state, **more), usage)


async def everything(records: HistoryRecords, cluster: str = "one") -> list[FinishedJob]:
    return [one async for piece in records.walk(cluster, JobQuery()) for one in piece]


FULL = structs.replace(
    task(12, 10, 3, "TIMEOUT"),
    flags=("LAUNCH_FAILED", "REVOKED"), account="Physics", qos="normal", eligible_time=NOON + 1,
    start_time=NOON + 10, end_time=NOON + 110, suspended_seconds=20, time_limit_seconds=-1,
    nodes=("node001", "node002", "node010"), node_count=3, cpu_count=12, memory_mib=8192, gpus=2, priority=7,
    reason="TimeLimit", working_directory="/home/alice", command="/home/alice/run.sh", standard_input="/in",
    standard_output="%j.out", standard_error="%j.err", exit_code=0, signal=15, dependency="afterok:3",
    comment="a, b", features="gpu&big", reservation="course", requeue_count=1,
)  # fmt: skip


async def test_what_is_recorded_comes_back_as_it_was(records: HistoryRecords) -> None:
    given = [FinishedJob(FULL, USED), ended(5), ended(6, "CANCELLED", usage=JobUsage(cpu_seconds=0.0))]
    assert await records.add("one", given) == 3
    assert await everything(records) == [given[1], given[2], given[0]]
    assert await records.get("one", "10_3") == given[0]
    assert await records.get("one", "12") == given[0]
    assert await records.get("one", "10") is None
    assert await records.get("one", "nonsense") is None
    assert await everything(records, "two") == []


async def test_a_job_is_recorded_once_and_changes_are_counted(records: HistoryRecords) -> None:
    assert await records.add("one", [ended(5), ended(5), ended(6)]) == 2
    assert await records.add("one", [ended(5), ended(6)]) == 0
    assert await records.add("one", [ended(5, usage=USED), ended(6)]) == 1
    assert await records.add("one", [ended(5, "FAILED", exit_code=3)]) == 1
    found = await everything(records)
    assert [(one.job.numeric_id, one.job.state) for one in found] == [(5, "FAILED"), (6, "COMPLETED")]
    # What is told of it without usage does not take away what was measured.
    assert found[0].usage == USED


async def test_what_only_slurmctld_knew_is_kept(records: HistoryRecords) -> None:
    await records.add("one", [ended(5, command="/run.sh", dependency="afterok:1", comment="first")])
    await records.add("one", [ended(5, comment="second", usage=USED)])
    kept = await records.get("one", "5")
    assert kept is not None
    assert (kept.job.command, kept.job.dependency, kept.job.comment) == ("/run.sh", "afterok:1", "second")


async def test_the_last_run_of_a_requeued_job_counts(records: HistoryRecords) -> None:
    first = ended(5, "NODE_FAIL", end_time=NOON + 60)
    second = ended(5, submit_time=NOON + 61, end_time=NOON + 200)
    for order in ([[first], [second]], [[second], [first]], [[first, second]], [[second, first]]):
        for some in order:
            await records.add("one", some)
        assert await everything(records) == [second]
    again = ended(5, submit_time=NOON + 90 * 86_400, end_time=NOON + 91 * 86_400)
    another = ended(5, submit_time=NOON + 201, end_time=NOON + 300, user="bob")
    await records.add("one", [again, another])  # the id came round again
    assert await everything(records) == [second, another, again]


async def test_a_walk_is_in_order_and_can_be_taken_up_again(records: HistoryRecords) -> None:
    jobs = [ended(number, end_time=NOON + 60 + number % 7) for number in range(1, 101)]
    await records.add("one", jobs)
    ordered = sorted(jobs, key=lambda one: (one.job.end_time, one.job.numeric_id))
    pieces = [piece async for piece in records.walk("one", JobQuery(), batch=33)]
    assert [len(piece) for piece in pieces] == [33, 33, 33, 1]
    assert [one for piece in pieces for one in piece] == ordered
    last = pieces[0][-1].job
    assert last.end_time is not None
    rest = records.walk("one", JobQuery(), after=(last.end_time, last.numeric_id))
    assert [one async for piece in rest for one in piece] == ordered[33:]


async def test_progress_is_noted_only_over_what_was_read(records: HistoryRecords) -> None:
    assert await records.progress("one") is None
    first = Progress(since=100, until=200)
    assert await records.advance("one", None, first)
    assert not await records.advance("one", None, Progress(since=0, until=1))
    second = Progress(since=50, until=200, hourly_at=7)
    assert await records.advance("one", first, second)
    assert not await records.advance("one", first, Progress(since=60, until=200))
    assert await records.progress("one") == second


USERS, PARTITIONS, ACCOUNTS = ["alice", "bob"], ["gpu", "normal", "gpu,normal", "g"], ["Physics", "bio", None]
STATES = ["COMPLETED", "FAILED", "CANCELLED"]
NODES: list[tuple[str, ...]] = [(), ("n1",), ("n1", "n2"), ("n3",)]
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "user": st.sampled_from(USERS),
    "partition": st.sampled_from(PARTITIONS),
    "account": st.sampled_from(ACCOUNTS),
    "qos": st.sampled_from(["normal", "High", None]),
    "job_name": st.sampled_from(["a", "B", "ä", "%_\\"]),
    "nodes": st.sampled_from(NODES),
    "flags": st.sampled_from([(), ("REVOKED",), ("LAUNCH_FAILED", "REVOKED")]),
    "submit_time": st.integers(NOON, NOON + 5),
    "eligible_time": st.none() | st.integers(NOON, NOON + 5),
    "start_time": st.none() | st.integers(NOON, NOON + 5),
    "end_time": st.integers(NOON + 5, NOON + 9),
    "time_limit_seconds": st.sampled_from([None, -1, 60, 7200]),
    "priority": st.none() | st.integers(0, 3),
    "comment": st.sampled_from([None, "x", "y"]),
    "memory_mib": st.none() | st.integers(1, 3),
}
SHAPES = st.sampled_from(["job", "task", "het"])


@st.composite
def a_job(draw: st.DrawFn, numeric_id: int) -> Job:
    fields = {name: draw(strategy) for name, strategy in FIELDS.items()}
    shape, state = draw(SHAPES), draw(st.sampled_from(STATES))
    if shape == "task":
        return task(numeric_id, 100, numeric_id, state, **fields)
    if shape == "het":
        het = {"job_id": f"200+{numeric_id}", "het_job_id": 200, "het_job_offset": numeric_id}
        return job(numeric_id, state, **het, **fields)
    return job(numeric_id, state, **fields)


def some_of(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.frozensets(st.sampled_from(values), min_size=1)


VISIBILITY = st.builds(
    Visibility,
    users=st.frozensets(st.sampled_from(USERS)),
    accounts=st.frozensets(st.sampled_from(["physics", "BIO"])),
    partitions=st.frozensets(st.sampled_from(["gpu"])),
)
QUERY = st.builds(
    JobQuery,
    states=some_of(["COMPLETED", "FAILED", "REVOKED"]),
    users=some_of(USERS),
    partitions=some_of(["gpu", "normal"]),
    accounts=some_of(["PHYSICS", "bio"]),
    qos=some_of(["NORMAL", "high"]),
    names=some_of(["a", "b", "ä", "%_\\"]),
    nodes=some_of(["n1", "n2", "n4"]),
    job_ids=some_of(["1", "2", "100", "100_3", "200", "200+4", "9", "x"]),
    start_time=st.none() | st.integers(NOON + 4, NOON + 10),
    end_time=st.none() | st.integers(NOON - 1, NOON + 6),
    sort=st.sampled_from(JOB_SORT_FIELDS),
    descending=st.booleans(),
    limit=st.integers(1, 5),
    offset=st.integers(0, 5),
    visibility=st.none()
    | VISIBILITY
    | st.builds(lambda inner, outer: structs.replace(inner, within=outer), VISIBILITY, VISIBILITY),
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # the database is emptied by the test itself
@given(data=st.data(), query=QUERY)
async def test_lists_are_those_of_a_plain_table(url: str, data: st.DataObject, query: JobQuery) -> None:
    jobs = [data.draw(a_job(number)) for number in range(1, data.draw(st.integers(1, 7)) + 1)]
    plain = PlainTable()
    plain.add_finished(jobs)
    async with await Database.open(url) as database:
        records = HistoryRecords(database)
        with sqlite3.connect(url.removeprefix("sqlite:///")) as other:
            other.execute("DELETE FROM finished_jobs")
        other.close()
        await records.add("one", [FinishedJob(one) for one in jobs])
        wanted = structs.replace(query, sort="submit_time") if query.sort == "hold_reason" else query
        found, total = await records.page("one", wanted)
        assert ([one.job for one in found], total) == plain.find(wanted, NOON)
        assert await records.count("one", wanted) == total
        walked = [one.job.numeric_id async for piece in records.walk("one", wanted, batch=2) for one in piece]
        assert sorted(walked) == sorted(one.numeric_id for one in jobs if matches(one, wanted))
