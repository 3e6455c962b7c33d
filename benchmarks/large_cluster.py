"""100,000 jobs on 10,000 nodes of a real Slurm: how long a refresh takes, what it costs, what it occupies."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import clusters, machine, wrk
from benchmarks.filters import filters, walk
from benchmarks.latency import CHURN
from benchmarks.lists import JOBS, NODES
from benchmarks.printed import printed
from benchmarks.results import Result, median, say
from benchmarks.servers import Server, s9s
from lab import Lab
from s9s.backends.processes import Processes
from s9s.backends.slurmcli import CommandLineBackend
from s9s.domain.queries import JobQuery
from s9s.snapshot.following import JobFollower
from s9s.snapshot.query import find
from s9s.snapshot.store import JobTable

FULL, STEADY = 3, 5
#: Jobs that change between two refreshes: 1 %.
CHANGED = JOBS // 100
_LOAD_SECONDS = 15


def refresh() -> Iterator[Result]:
    """From the begin of a poll until its jobs can be queried, on a real Slurm; and memory there."""
    with clusters.large(NODES, JOBS) as lab:
        full, steady = asyncio.run(_refreshes(lab))
        yield Result(
            "refresh",
            f"refresh of {JOBS:,} jobs on Slurm {lab.version}, poll start to queryable, 1 % changed",
            median(one["seconds"] for one in steady),
            2.5,
            "s",
            data={"jobs": steady[-1]["jobs"], "nodes": NODES, "slurm": lab.version},
            figures={
                "first_seconds": median(one["seconds"] for one in full),
                "slurmctld_cpu_seconds_first": median(one["slurmctld_cpu_seconds"] for one in full),
                "slurmctld_cpu_seconds_steady": median(one["slurmctld_cpu_seconds"] for one in steady),
                "first": full,
                "steady": steady,
            },
        )
        with s9s(settings=clusters.settings(lab)) as server:
            clusters.wait_for_jobs(server, JOBS)
            yield _memory("memory_slurm", f"resident memory, Slurm {lab.version}", server)


def memory() -> Iterator[Result]:
    """Resident memory of a server on a snapshot of 100,000 jobs and 10,000 nodes that goes on changing."""
    with printed(jobs=JOBS, nodes=NODES, churn=CHURN) as slurm, s9s(settings=slurm) as server:
        clusters.wait_for_jobs(server, JOBS)
        yield _memory("memory", f"resident memory, {CHURN:.0%} of the jobs changing each second", server)


async def _refreshes(lab: Lab) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    processes = Processes()
    backend = CommandLineBackend(
        bin_dir=str(lab.bin_dir), slurm_conf=str(lab.slurm_conf), processes=processes
    )
    try:
        await backend.discover()
        full = []
        for _ in range(FULL):
            table = JobTable()
            follower = JobFollower(backend, table, lambda made: None)
            full.append(await _timed(lab, table, follower.poll))
        steady = []
        for number in range(STEADY):
            change(lab, table, number)
            steady.append(await _timed(lab, table, follower.poll))
        return full, steady
    finally:
        await backend.close()
        processes.close()


async def _timed(lab: Lab, table: JobTable, poll: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    generation, used = table.generation, lab.cpu_seconds("slurmctld")
    own, began = time.process_time(), time.monotonic()
    await poll()
    find(table, JobQuery(states=frozenset(["PENDING"])), int(time.time()))
    one = {
        "seconds": round(time.monotonic() - began, 3),
        "slurmctld_cpu_seconds": round(lab.cpu_seconds("slurmctld") - used, 2),
        "own_cpu_seconds": round(time.process_time() - own, 3),
        "jobs": len(table),
        "writes": table.generation - generation,
    }
    say(f"  {one}")
    return one


def change(lab: Lab, table: JobTable, seed: int) -> None:
    """Another time limit for 1 % of the waiting jobs."""
    waiting = [job.numeric_id for job in table.jobs if job.state == "PENDING"]
    chosen = map(str, random.Random(seed).sample(waiting, CHANGED))
    limit = f"timelimit={60 + seed}"
    lab.run("root", "scontrol", "update", f"jobid={','.join(chosen)}", limit, timeout=120)


def _memory(name: str, what: str, server: Server) -> Result:
    """After every job was read, and lists under new filters for a while."""
    loaded = machine.memory_mb(server.pid)
    walk(server)
    with tempfile.TemporaryDirectory() as directory:
        (file := Path(directory) / "paths").write_text("\n".join(filters(server, 30_000)) + "\n")
        done = wrk.load(server, "/", seconds=_LOAD_SECONDS, paths=file)
    status = clusters.wait_for_jobs(server, JOBS // 2)
    return Result(
        name,
        f"{what}, every job read, lists under new filters",
        machine.memory_mb(server.pid),
        300,
        "MB",
        data={"jobs": status["jobs"], "nodes": status["nodes"], "requests": done.requests},
        figures={
            "before_any_list_mb": loaded,
            "peak_mb": machine.memory_mb(server.pid, "VmHWM"),
            "requests_per_second": round(done.rate),
        },
    )
