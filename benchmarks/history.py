"""Series, samples and searches with a million finished jobs in the database."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec import structs
from sqlalchemy import Connection, String, cast, func, insert, select

from benchmarks.results import Result, median, percentile
from s9s.domain.changes import Changes
from s9s.domain.clusters import ClusterInfo
from s9s.domain.history import Coverage, FinishedJob
from s9s.domain.jobs import Job, JobState
from s9s.domain.nodes import Node
from s9s.domain.partitions import Partition
from s9s.domain.samples import Sample
from s9s.services.access import Caller, Role
from s9s.services.clusters import Cluster
from s9s.services.metrics import Metrics
from s9s.services.search.service import Search
from s9s.snapshot.figures import Figures
from s9s.snapshot.sampling import sample_minute
from s9s.snapshot.snapshot import Snapshot
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords
from s9s.storage.history_rows import row_of
from s9s.storage.history_search import HistorySearch
from s9s.storage.samples import SampleRecords
from s9s.storage.tables import finished_jobs

LIVE, FINISHED, NODES, PARTITIONS = 100_000, 1_000_000, 10_000, 20
NOW: Final = 1_700_006_400
_ROUNDS: Final = 40
_PIECE: Final = 10_000
_INSERT: Final = insert(finished_jobs)
_KINDS: Final = (
    "simulation", "train-gpu", "lammps_run", "vasp", "gromacs", "blast", "postproc", "render", "etl-nightly",
    "cfd",
)  # fmt: skip
_ADMIN: Final = Caller("root", Role.ADMIN)
_USER: Final = Caller("user007", Role.USER)


def metrics_series() -> Iterator[Result]:
    """A month of hourly series out of minutes, five minutes, hours and days of 20 partitions."""
    yield asyncio.run(_series())


def sample_cost() -> Iterator[Result]:
    """One sample of 100,000 live jobs and 200,000 finished ones in memory, 10,000 nodes, 20 partitions."""
    snapshot = _snapshot(finished=200_000)
    taken = []
    for round_ in range(_ROUNDS):
        began = time.perf_counter()
        samples = sample_minute(snapshot, Figures(snapshot.jobs), NOW - 60 * round_)
        taken.append(1000 * (time.perf_counter() - began))
    yield Result(
        "sample_cost", "a sample of the cluster and 20 partitions, counted", median(taken), 20.0, "ms",
        data={"jobs": len(snapshot.jobs), "nodes": NODES, "samples": len(samples)},
        figures={"longest_ms": max(taken)},
    )  # fmt: skip


def search() -> Iterator[Result]:
    """A mix of questions to 100,000 live and 1,000,000 finished jobs, 10,000 nodes and 500 users."""
    yield asyncio.run(_search())


async def _series() -> Result:
    partitions: list[str | None] = [None, *(f"part{number:02}" for number in range(PARTITIONS))]
    with tempfile.TemporaryDirectory() as directory:
        async with await Database.open(f"sqlite:///{directory}/s9s.db") as database:
            records, begin = SampleRecords(database), NOW - NOW % 86400 - 31 * 86400
            states = {"PENDING": 1234.0, "RUNNING": 5678.0, "COMPLETING": 3.0}
            written = []
            for minute in range(begin, NOW, 3600):  # one minute of each hour fills every resolution
                some = [
                    Sample(at=minute, partition=name, cpus_total=1000, cpus_allocated=minute % 1000,
                           jobs=states, nodes={"IDLE": 10, "MIXED": 5}, submitted=7, wait_count=3)
                    for name in partitions
                ]  # fmt: skip
                began = time.perf_counter()
                await records.add("default", some)
                written.append(1000 * (time.perf_counter() - began))
            cluster: Any = None
            metrics = Metrics(cluster, "default", records)
            taken = []
            for round_ in range(_ROUNDS):
                began = time.perf_counter()
                found = await metrics.series(begin, begin + 30 * 86400, 3600, partitions[round_ % 21])
                taken.append(1000 * (time.perf_counter() - began))
            assert len(found) == 720
            assert all(bucket.sample for bucket in found)
    return Result(
        "metrics_series", "a month of hourly series", median(taken), 20.0, "ms",
        data={"partitions": PARTITIONS, "buckets": 720},
        figures={"longest_ms": max(taken), "write_a_minute_ms": median(written)},
    )  # fmt: skip


async def _search() -> Result:
    with tempfile.TemporaryDirectory() as directory:
        async with await Database.open(f"sqlite:///{directory}/s9s.db") as database:
            records, rng = HistoryRecords(database), random.Random(2)
            began = time.perf_counter()
            jobs = [
                FinishedJob(_job(rng, 10_000_000 + number, JobState.COMPLETED, NOW - 7 * (FINISHED - number)))
                for number in range(_PIECE)
            ]
            rows = [row_of("default", one) for one in jobs]
            await database.commit_bulk(partial(_fill, rows=rows))
            for times in range(1, FINISHED // _PIECE):
                await database.commit_bulk(partial(_repeat, by=times * _PIECE))
            filled = time.perf_counter() - began
            size = sum(path.stat().st_size for path in Path(directory).iterdir())
            snapshot, history = _snapshot(), _History(records)
            nodes = snapshot.nodes.all()
            cluster: Any = _Cluster(snapshot)
            search = Search(cluster, history, HistorySearch(database), "default")  # type: ignore[arg-type]
            taken: dict[str, list[float]] = {}
            cpu: list[float] = []
            for round_ in range(8):
                for question in _questions(rng):
                    if round_ % 2:
                        # As in a busy cluster: between two questions jobs and nodes have changed.
                        changed = _job(rng, rng.randrange(1, LIVE), JobState.RUNNING, NOW)
                        snapshot.jobs.apply(Changes(asked_at=NOW, changed=[changed], removed=[]))
                        node = structs.replace(rng.choice(nodes), cpu_allocated=rng.randrange(64))
                        snapshot.nodes.apply(Changes(asked_at=NOW, changed=[node], removed=[]))
                    caller = _USER if "alice" in question else _ADMIN
                    began, used = time.perf_counter(), time.process_time()
                    answer = await search.find(question, caller, kinds=None, limit=20, offset=0)
                    if round_:  # the first round makes what is kept
                        taken.setdefault(question, []).append(1000 * (time.perf_counter() - began))
                        cpu.append(1000 * (time.process_time() - used))
                    assert answer.total or "zzz" in question or "render_" in question, question
            search.close()
    everything = sorted(one for some in taken.values() for one in some)
    slowest = sorted(((median(some), question) for question, some in taken.items()), reverse=True)[:5]
    return Result(
        "search", "a search of everything, 99th percentile", percentile(everything, 0.99), 50.0, "ms",
        data={"live": LIVE, "finished": FINISHED, "nodes": NODES, "questions": len(everything)},
        figures={
            "median_ms": median(everything), "longest_ms": everything[-1],
            "cpu_p99_ms": round(percentile(sorted(cpu), 0.99), 2),
            "slowest_ms": {question: value for value, question in slowest},
            "inserted_per_second": round(FINISHED / filled),
            "database_mb": round(size / 1e6),
        },
    )  # fmt: skip


def _fill(connection: Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(_INSERT, rows)


def _repeat(connection: Connection, by: int) -> None:
    """The first jobs once more, later, with other ids and names."""
    c = finished_jobs.c
    changed = {
        "numeric_id": c.numeric_id + by,
        "job_id": cast(c.numeric_id + by, String),
        "submit_time": c.submit_time + 7 * by,
        "end_time": c.end_time + 7 * by,
        "job_name": func.substr(c.job_name, 1, func.length(c.job_name) - 5).concat(
            func.printf("%05d", func.abs(func.random()) % 50_000)
        ),
    }
    names = [column.name for column in finished_jobs.columns if column.name != "number"]
    first = select(*(changed.get(name, c[name]) for name in names)).where(c.number <= _PIECE)
    connection.execute(insert(finished_jobs).from_select(names, first))


def _questions(rng: random.Random) -> list[str]:
    """What people type, and how it looks while they do."""
    user, number = f"user{rng.randrange(500):03}", rng.randrange(1, LIVE)
    return [
        "s", "si", "sim", "simul", "simulation", "gpu", "train gpu", "alice gpu", user, f"{user} running",
        f"{user} failed gpu", f"{user[:5]} pending", str(number), str(number)[:3], f"{10_000_000 + number}",
        f"node{number % NODES:05}", "node00", "research", "physics high", "blast completed", "simulatoin",
        "lamps run", "gromacs chem7", f"render_{number % 50_000:05}", "part03", "pending priority", "a b",
        "user1 gpu fail", "zzzqqq", "etl-nightly", "timeout", "n c",
    ]  # fmt: skip


def _job(rng: random.Random, number: int, state: JobState, at: int) -> Job:
    return Job(
        job_id=str(number), numeric_id=number, job_name=f"{rng.choice(_KINDS)}_{rng.randrange(50_000):05}",
        user="alice" if rng.random() < 0.02 else f"user{rng.randrange(500):03}", state=_state(rng, state),
        account=rng.choice(("research", "physics", "biology", f"chem{rng.randrange(40)}")),
        partition=rng.choice(("gpu", "normal", f"part{rng.randrange(PARTITIONS):02}")),
        qos=rng.choice(("normal", "high", "low")), submit_time=at - 600, eligible_time=at - 600,
        start_time=None if state is JobState.PENDING else at - 300,
        end_time=at if state.is_finished else None, cpu_count=4, node_count=1,
        reason="Priority" if state is JobState.PENDING else None,
    )  # fmt: skip


def _state(rng: random.Random, state: JobState) -> JobState:
    if state is not JobState.COMPLETED:
        return state
    others = (JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED, JobState.TIMEOUT, JobState.NODE_FAIL)
    return rng.choices(others, (80, 10, 7, 2.9, 0.1))[0]


def _snapshot(finished: int = 0) -> Snapshot:
    rng, snapshot = random.Random(1), Snapshot(finished)
    live = (JobState.PENDING, JobState.RUNNING)
    jobs = [_job(rng, number, live[number % 2], NOW - number % 86400) for number in range(1, LIVE + 1)]
    snapshot.jobs.apply(Changes(asked_at=NOW, changed=jobs, removed=[], complete=True))
    over = (
        _job(rng, LIVE + number, JobState.COMPLETED, NOW - number % 86400) for number in range(1, finished)
    )
    snapshot.jobs.add_finished(over, since=NOW - 86400)
    nodes = [
        Node(node_name=f"node{number:05}", base_state="MIXED", partitions=(f"part{number % PARTITIONS:02}",),
             cpu_total=64, cpu_allocated=32, memory_total_mib=2**18, gpus_total=4 * (number % 4 == 0),
             gres="gpu:a100:4" if number % 4 == 0 else None, features=("avx512", "ib"))
        for number in range(NODES)
    ]  # fmt: skip
    snapshot.nodes.apply(Changes(asked_at=NOW, changed=nodes, removed=[], complete=True))
    snapshot.partitions.replace(
        Partition(name=f"part{number:02}", state="UP") for number in range(PARTITIONS)
    )
    snapshot.info = ClusterInfo(name="bench", slurm_version="24.11.5", routes={})
    snapshot.is_loaded = True
    return snapshot


class _Watcher:
    async def settled(self) -> None:
        """Nothing has been changed."""


class _Cluster(Cluster):
    """What a search needs of one."""

    def __init__(self, snapshot: Snapshot) -> None:
        parts: Any = {"backend": None, "snapshot": snapshot, "watcher": _Watcher(), "files": None}
        super().__init__(**parts)


class _History:
    """The finished jobs are all in the database."""

    def __init__(self, records: HistoryRecords) -> None:
        self._records = records
        self._reach = Coverage(since=0, until=NOW + 1)

    async def coverage(self) -> tuple[int, int]:
        return self._reach.since, self._reach.until

    async def find(self, job_id: str) -> FinishedJob | None:
        return await self._records.get("default", job_id)
