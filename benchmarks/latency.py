"""How long a request takes at a fixed pace, while jobs change."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import clusters, machine
from benchmarks.filters import filters, walk
from benchmarks.lists import JOBS, NODES
from benchmarks.paced import Order, paced
from benchmarks.printed import printed
from benchmarks.results import Result, median, percentile
from benchmarks.servers import Server, s9s

RATE, CONNECTIONS = 2000, 100
SECONDS, ROUNDS = 10, 3
CHURN = 0.01


def latency() -> Iterator[Result]:
    """2,000 requests a second, each with a new filter, while 1 % of 100,000 jobs change each second."""
    with printed(jobs=JOBS, nodes=NODES, churn=CHURN) as slurm, s9s(settings=slurm) as server:
        clusters.wait_for_jobs(server, JOBS)
        paths = filters(server, RATE * SECONDS * (ROUNDS + 1))
        walk(server)
        rounds: list[dict[str, Any]] = []
        for number in range(ROUNDS + 1):
            piece = paths[number * RATE * SECONDS :][: RATE * SECONDS]
            one = _round(server, piece, SECONDS if number else 5)
            if number:
                rounds.append(one)
        jobs = json.loads(server.get("/v1/jobs?limit=1"))["total"]
        resident = machine.memory_mb(server.pid)
    yield Result(
        "latency",
        f"p99 at {RATE:,} requests a second, {CHURN:.0%} of jobs changing each second",
        median(one["p99_ms"] for one in rounds),
        10,
        "ms",
        data={"jobs": jobs, "nodes": NODES, "rate": RATE, "connections": CONNECTIONS, "churn": CHURN},
        figures={
            "p50_ms": median(one["p50_ms"] for one in rounds),
            "rounds": rounds,
            "resident_mb": resident,
        },
    )


def _round(server: Server, paths: list[str], seconds: float) -> dict[str, Any]:
    used, began = machine.cpu_seconds(server.pid), time.monotonic()
    found = paced(Order(server.url, dict(server.headers), paths, RATE, seconds, CONNECTIONS))
    shown = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "p99.9_ms": 0.999, "max_ms": 1.0}
    return {name: round(percentile(found.took, share) * 1000, 2) for name, share in shown.items()} | {
        # In the figures above too, though it is the load that was late: Slurm's output is on its core.
        "sent_late_p99_ms": round(percentile(found.late, 0.99) * 1000, 2),
        "sent_late_max_ms": round(percentile(found.late, 1.0) * 1000, 2),
        "server_cpu": round((machine.cpu_seconds(server.pid) - used) / (time.monotonic() - began), 3),
    }
