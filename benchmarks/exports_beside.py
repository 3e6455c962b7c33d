"""What the API's callers notice of an export."""

from __future__ import annotations

import json
import os
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.exports import ROWS, fill
from benchmarks.filters import filters
from benchmarks.paced import Order, paced
from benchmarks.results import Result, median, percentile
from benchmarks.servers import Server, s9s

RATE, CONNECTIONS = 200, 20
SECONDS, ROUNDS = 3, 9


def exports_beside() -> Iterator[Result]:
    """The API's p99 while 1,000,000 rows are exported, against the same without: in turns, in one run."""
    with tempfile.TemporaryDirectory(prefix="s9s-bench-") as directory:
        fill(Path(directory), ROWS)
        settings = {"DATABASE__URL": f"sqlite:///{directory}/s9s.db"}
        with s9s(jobs=2_000, nodes=200, settings=settings) as server:
            # Workers are started wherever there is room, as on a host that is not pinned to a core.
            os.sched_setaffinity(server.pid, os.sched_getaffinity(0))
            paths = filters(server, RATE * SECONDS)
            _measure(server, paths)
            rounds = [_round(server, paths) for _ in range(ROUNDS)]
    yield Result(
        "exports_beside",
        f"p99 of {RATE} requests a second while {ROWS:,} rows are exported, against without",
        median(one["ratio"] for one in rounds),
        2,
        "x",
        data={"rows": ROWS, "rate": RATE, "connections": CONNECTIONS, "seconds": SECONDS},
        figures={"rounds": rounds},
    )


def _round(server: Server, paths: list[str]) -> dict[str, Any]:
    alone = _measure(server, paths)
    export = _ask(server, "POST", "/v1/export", {"type": "jobs", "format": "csv"})
    where = f"/v1/exports/{export['export_id']}"
    while not _ask(server, "GET", where)["progress"]:
        time.sleep(0.05)
    beside = _measure(server, paths)
    state = _ask(server, "GET", where)
    _ask(server, "DELETE", where)
    return {
        "alone_p99_ms": alone,
        "beside_p99_ms": beside,
        "ratio": round(beside / alone, 2),
        "progress_at_end": state["progress"],
    }


def _measure(server: Server, paths: list[str]) -> float:
    took = paced(Order(server.url, dict(server.headers), paths, RATE, SECONDS, CONNECTIONS)).took
    return round(percentile(took, 0.99) * 1000, 2)


def _ask(server: Server, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {**server.headers, "Content-Type": "application/json"}
    raw = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, raw, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
