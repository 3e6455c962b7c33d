"""Lists of jobs under full load, against nginx with a file of as many bytes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import machine, wrk
from benchmarks.filters import filters, walk
from benchmarks.results import Result, median
from benchmarks.servers import Server, nginx, s9s

JOBS, NODES = 100_000, 10_000
ROUNDS = 7
PAGE = "/v1/jobs?limit=50"
#: More than a server answers in one round of the uncached benchmark.
_PATHS = 60_000
_SAMPLE = 400


def cached_page() -> Iterator[Result]:
    """One page of 50 again and again; it is built anew with each refresh of the snapshot."""
    with s9s(jobs=JOBS, nodes=NODES, measures_idle=True) as ours:
        body = ours.get(PAGE)
        with nginx({"page.json": body}) as other:
            sides = {"s9s": lambda: wrk.load(ours, PAGE), "nginx": lambda: wrk.load(other, "/page.json")}
            loads = wrk.alternate(sides, ROUNDS)
        yield _result(
            "cached_page", "cached page of 50, per CPU second, over nginx", 0.5, ours, loads, len(body)
        )


def new_filters() -> Iterator[Result]:
    """A filter that was not asked before with each request."""
    with s9s(jobs=JOBS, nodes=NODES, measures_idle=True) as ours, tempfile.TemporaryDirectory() as directory:
        paths = filters(ours, _PATHS)
        walk(ours)
        size = sum(len(ours.get(path)) for path in paths[:_SAMPLE]) // _SAMPLE
        (file := Path(directory) / "paths").write_text("\n".join(paths) + "\n")
        with nginx({"page.json": b" " * size}) as other:
            sides = {
                "s9s": lambda: wrk.load(ours, "/", paths=file),
                "nginx": lambda: wrk.load(other, "/page.json"),
            }
            loads = wrk.alternate(sides, ROUNDS)
        yield _result(
            "new_filters", "new filter each request, per CPU second, over nginx", 0.11, ours, loads, size
        )


def _result(
    name: str, what: str, target: float, ours: Server, loads: dict[str, list[wrk.Load]], size: int
) -> Result:
    ratios = wrk.ratios(loads, "s9s", "nginx")
    jobs = json.loads(ours.get("/v1/jobs?limit=1"))["total"]
    return Result(
        name,
        what,
        median(ratios),
        target,
        "×",
        at_least=True,
        data={"jobs": jobs, "nodes": NODES, "body_bytes": size, "connections": wrk.CONNECTIONS},
        figures={
            "ratios": ratios,
            "idle_cpu": round(ours.idle_cpu, 4),
            "ratio_with_idle_cpu": median(
                (one.requests / one.cpu_seconds) / (other.requests / other.cpu_seconds)
                for one, other in zip(loads["s9s"], loads["nginx"], strict=True)
            ),
            "resident_mb": machine.memory_mb(ours.pid),
            **wrk.figures(loads),
        },
    )
