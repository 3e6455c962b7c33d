"""A month's report as a PDF, over a million finished jobs in the database."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert

from benchmarks.results import Result, median
from s9s.domain.periods import Period
from s9s.domain.report_plans import ReportPlan, ReportRequest
from s9s.domain.reports import ReportFormat, ReportType
from s9s.formats.reports import render
from s9s.services.reports.making import ReportBuilder
from s9s.storage.database import Database
from s9s.storage.tables import finished_jobs

FINISHED, USERS, ACCOUNTS, PARTITIONS = 1_000_000, 400, 40, 20
ROUNDS = 3
MONTH = Period(date(2026, 10, 1), date(2026, 10, 31))
#: All but utilization, which no finished job counts in.
TYPES = (ReportType.USAGE, ReportType.EFFICIENCY, ReportType.QUEUE)


def reports() -> Iterator[Result]:
    """A month's PDF over a million finished jobs, the slowest type."""
    yield asyncio.run(_reports())


async def _reports() -> Result:
    with tempfile.TemporaryDirectory() as directory:
        async with await Database.open(f"sqlite:///{directory}/s9s.db") as database:
            rng = random.Random(1)
            for first in range(0, FINISHED, 10_000):
                rows = [_row(rng, number) for number in range(first, min(FINISHED, first + 10_000))]
                await database.commit_bulk(partial(_fill, rows=rows))
            builder = ReportBuilder(database)
            taken: dict[str, list[float]] = {}
            for _ in range(ROUNDS):
                for kind in TYPES:
                    began = time.perf_counter()
                    report = await builder.build(_plan(kind), MONTH.end, lambda part: None)
                    raw = await asyncio.to_thread(render, report, ReportFormat.PDF)
                    taken.setdefault(kind.value, []).append(time.perf_counter() - began)
                    assert raw.startswith(b"%PDF")
                    assert report.sections
    seconds = {kind: median(some) for kind, some in taken.items()}
    return Result(
        "reports", "a month's PDF over a million finished jobs", max(seconds.values()), 5.0, "s",
        data={"finished": FINISHED, "users": USERS, "accounts": ACCOUNTS, "partitions": PARTITIONS},
        figures={"seconds": seconds, "rounds": ROUNDS},
    )  # fmt: skip


def _plan(kind: ReportType) -> ReportPlan:
    return ReportPlan(
        request=ReportRequest(type=kind, format=ReportFormat.PDF),
        period=MONTH,
        key="default",
        cluster="benchmark",
        scope="All partitions, all users",
        filename="report.pdf",
        credential="tok_benchmark",
    )


def _fill(connection: Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(insert(finished_jobs), rows)


def _row(rng: random.Random, number: int) -> dict[str, Any]:
    start = MONTH.start + int(rng.random() * MONTH.seconds)
    wait, elapsed = int(rng.lognormvariate(6, 2)), 1 + int(rng.lognormvariate(8, 1.5))
    cpus, user = rng.choice((1, 1, 2, 4, 8, 16, 32, 64, 128)), rng.randrange(USERS)
    states = ("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED")
    return {
        "cluster": "default",
        "numeric_id": number + 1,
        "job_id": str(number + 1),
        "submit_time": start - wait,
        "eligible_time": start - wait,
        "start_time": start,
        "end_time": start + elapsed,
        "elapsed_seconds": elapsed,
        "suspended_seconds": 0,
        "job_name": f"work_{number % 1000}",
        "user": f"user{user:03}",
        "account": f"account{user % ACCOUNTS:02}",
        "partition": f"part{rng.randrange(PARTITIONS):02}",
        "state": rng.choices(states, (85, 8, 4, 3))[0],
        "nodes": f"node[{number % 200:03}-{number % 200 + 1:03}]",
        "node_count": 1 + cpus // 32,
        "cpu_count": cpus,
        "memory_mib": cpus * 4096,
        "gpus": rng.choice((0, 0, 0, 1, 4)),
        "working_directory": f"/home/user{user:03}/projects/run{number % 100}",
        "requeue_count": 0,
        "cpu_seconds": elapsed * cpus * rng.random() if rng.random() < 0.9 else None,
        "max_memory_mib": cpus * 4096 * rng.random(),
        "gpu_utilization": rng.random(),
    }
