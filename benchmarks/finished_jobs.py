"""The history with a million finished jobs: filling it, its size, and efficiency from it."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

from benchmarks.exports import fill
from benchmarks.results import Result, median, percentile
from s9s.backends.slurmcli import accounting, sacct
from s9s.domain.clusters import ClusterInfo
from s9s.domain.efficiency import EfficiencyQuery
from s9s.domain.history import FinishedJob
from s9s.services.access import Caller, Role
from s9s.services.clusters import Cluster
from s9s.services.efficiency.service import Efficiencies
from s9s.services.history.importing import Importer
from s9s.snapshot.snapshot import Snapshot
from s9s.storage.database import Database
from s9s.storage.efficiency import EfficiencyRecords
from s9s.storage.history import HistoryRecords

ROWS: Final = 1_000_000
IMPORTED: Final = 50_000
ROUNDS: Final = 30
_NOW: Final = 1_700_000_000
_DAY: Final = 86_400
_ADMIN: Final = Caller("root", Role.ADMIN)
#: A user with a quarter of all jobs of the month.
_HEAVY: Final = "user-heavy"


def history_import() -> Iterator[Result]:
    """From sacct's text to the database: jobs a second, each with two steps."""
    columns = (*sacct._COLUMNS[:-1], *sacct._LATER_COLUMNS, sacct._COLUMNS[-1])
    query = sacct.Query([], "~0123456789ab~", columns)
    found = [asyncio.run(_import(query, seed)) for seed in range(3)]
    yield Result(
        "history_import",
        f"{IMPORTED:,} jobs from sacct's text into an empty database, jobs a second",
        median(one["jobs_a_second"] for one in found),
        5_000,
        "jobs/s",
        at_least=True,
        data={"jobs": IMPORTED, "rows_of_text": 3 * IMPORTED},
        figures={"rounds": found},
    )


async def _import(query: sacct.Query, seed: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="s9s-bench-") as directory:
        async with await Database.open(f"sqlite:///{directory}/s9s.db") as database:
            importer = Importer(_Told(query, seed), "default", HistoryRecords(database))  # type: ignore[arg-type]
            began, used = time.perf_counter(), time.process_time()
            step = await importer.run(_NOW - IMPORTED, _NOW, lambda _: None)
            seconds, cpu = time.perf_counter() - began, time.process_time() - used
    assert step.changed == IMPORTED
    return {
        "jobs_a_second": round(IMPORTED / seconds),
        "jobs_a_cpu_second": round(IMPORTED / cpu),
        "seconds": round(seconds, 2),
    }


class _Told:
    """Accounting whose answers are written before anybody asks: a job ends every second."""

    def __init__(self, query: sacct.Query, seed: int) -> None:
        self._query = query
        dice = random.Random(seed)
        self._lines = [_lines(query, _NOW - IMPORTED + number, dice) for number in range(IMPORTED)]

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        answer = b"".join(self._lines[start - _NOW + IMPORTED : end - _NOW + IMPORTED])
        file = os.memfd_create("sacct")
        try:
            os.write(file, answer)
            return await asyncio.to_thread(accounting._read, file, self._query)
        finally:
            os.close(file)


def _lines(query: sacct.Query, end: int, dice: random.Random) -> bytes:
    elapsed, node = dice.randrange(10, 80_000), f"node{dice.randrange(1000):04}"
    user, number = f"user{dice.randrange(300):03}", end - _NOW + 50_000_000
    job = dict.fromkeys(query.columns, "") | {
        "JobIDRaw": number, "JobID": number, "State": "COMPLETED", "User": user,
        "JobName": f"run_{dice.randrange(50)}", "Account": "research", "Partition": "normal",
        "QOS": "normal", "ExitCode": "0:0", "Submit": end - elapsed - 60, "Eligible": end - elapsed - 60,
        "Start": end - elapsed, "End": end, "Suspended": "00:00:00", "TimelimitRaw": 1440, "NodeList": node,
        "NNodes": 1, "NCPUS": 8, "ReqTRES": "billing=8,cpu=8,mem=16G,node=1",
        "AllocTRES": "billing=8,cpu=8,mem=16G,node=1", "Priority": 4294901732, "Reason": "None",
        "WorkDir": f"/home/{user}/project/run{dice.randrange(50)}", "TotalCPU": "1-02:03:04", "Restarts": 0,
        "StdIn": "/dev/null", "StdOut": f"/home/{user}/logs/%j.out", "ElapsedRaw": elapsed,
    }  # fmt: skip
    rows = [job]
    for step in ("batch", "0"):
        memory = f"{dice.randrange(1000, 8_000_000)}K"
        used = f"cpu=02:03:04,energy=0,fs/disk=34071,mem={memory},pages=0,vmem=219484K"
        rows.append(
            dict.fromkeys(query.columns, "")
            | {
                "JobIDRaw": f"{number}.{step}",
                "JobID": f"{number}.{step}",
                "State": "COMPLETED",
                "JobName": step,
                "ExitCode": "0:0",
                "Start": end - elapsed,
                "End": end,
                "NodeList": node,
                "NNodes": 1,
                "NCPUS": 8,
                "AllocTRES": "cpu=8,mem=16G,node=1",
                "TotalCPU": "02:03:04.123",
                "TRESUsageInTot": used,
                "TRESUsageInAve": used,
                "MaxRSS": memory,
                "MaxRSSNode": node,
                "NTasks": 1,
                "ElapsedRaw": elapsed,
            }
        )
    text = "".join(query.delimiter.join(str(row[name]) for name in query.columns) + "\n" for row in rows)
    return text.encode()


def efficiency_month() -> Iterator[Result]:
    """Efficiency of a user's month among 1,000,000 finished jobs, and how large the database is."""
    with tempfile.TemporaryDirectory(prefix="s9s-bench-") as name:
        directory = Path(name)
        fill(directory, ROWS)
        with sqlite3.connect(directory / "s9s.db") as connection:
            connection.execute(
                "UPDATE finished_jobs SET user = ? WHERE end_time >= ? AND number % 4 = 0",
                (_HEAVY, _NOW - 30 * _DAY),
            )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        size = (directory / "s9s.db").stat().st_size / 1e6
        yield Result(
            "history_size",
            f"database with {ROWS:,} finished jobs",
            round(size),
            1000,
            "MB",
            data={"rows": ROWS},
        )
        found = asyncio.run(_ask(directory))
        worst = max(one["p99_ms"] for name, one in found.items() if name.startswith("a user"))
        yield Result(
            "efficiency_month",
            f"efficiency of a user's month among {ROWS:,} jobs, the slowest question at the 99th percentile",
            worst,
            50,
            "ms",
            data={"rows": ROWS, "rounds": ROUNDS},
            figures=found,
        )


class _Watcher:
    def now(self) -> float:
        return _NOW

    async def settled(self) -> None:
        """Nothing has been changed."""


def _cluster() -> Cluster:
    """What efficiencies need of one."""
    snapshot = Snapshot()
    snapshot.info = ClusterInfo(name="bench", slurm_version="24.11.5", routes={})
    parts: Any = {"backend": None, "watcher": _Watcher(), "files": None}
    return Cluster(snapshot=snapshot, **parts)


async def _ask(directory: Path) -> dict[str, Any]:
    async with await Database.open(f"sqlite:///{directory}/s9s.db") as database:
        records, history = EfficiencyRecords(database), HistoryRecords(database)
        efficiencies = Efficiencies(_cluster(), "default", records)
        month = EfficiencyQuery(start_time=_NOW - 30 * _DAY, end_time=_NOW, limit=100)

        def of(user: str) -> EfficiencyQuery:
            return EfficiencyQuery(
                start_time=month.start_time, end_time=_NOW, limit=100, users=frozenset([user])
            )

        async def jobs(query: EfficiencyQuery) -> int:
            return (await efficiencies.find(query, _ADMIN)).total

        async def groups(query: EfficiencyQuery, by: str) -> int:
            return (await records.groups("default", query, by))[2].jobs

        questions: dict[str, Callable[[], Awaitable[int]]] = {
            "a user's worst jobs": lambda: jobs(of("user007")),
            "a user by partition": lambda: groups(of("user007"), "partition"),
            "a user with 20,000 jobs, the worst": lambda: jobs(of(_HEAVY)),
            "a user with 20,000 jobs, by partition": lambda: groups(of(_HEAVY), "partition"),
            "everybody by user": lambda: groups(month, "user"),
            "everybody's worst jobs": lambda: jobs(month),
        }
        found = {}
        for name, ask in questions.items():
            matched, took, used = await ask(), [], time.process_time()
            for _ in range(ROUNDS):
                began = time.perf_counter()
                await ask()
                took.append((time.perf_counter() - began) * 1e3)
            took.sort()
            found[name] = {
                "jobs": matched,
                "median_ms": median(took),
                "p99_ms": round(percentile(took, 0.99), 2),
                "cpu_ms": round((time.process_time() - used) / ROUNDS * 1e3, 2),
            }
        assert await history.progress("default")
        return found
