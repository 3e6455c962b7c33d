"""Real Slurms from the lab, and our server on them."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path

from benchmarks import machine
from benchmarks.results import say
from benchmarks.servers import Server
from lab import Lab

VERSION = "26.05"
#: The newest that this Slurm's slurmrestd has.
API = "v0.0.45"
#: squeue of 26.05 shows the waiting tasks of an array as one, whatever they are in slurmctld: the 100,000
#: records would be 13,000 lines. Here each is a line of its own.
LARGE_VERSION = "24.11"


@contextmanager
def small() -> Iterator[Lab]:
    """Four nodes, nothing in the queue."""
    with _directory() as directory, Lab(VERSION, directory) as lab:
        yield lab


@contextmanager
def large(nodes: int, jobs: int) -> Iterator[Lab]:
    """CLOUD nodes with job records in mixed states.

    Where BENCH_CLOUD names a lab's directory, the cluster there is used, filled up and left running.
    """
    kept = os.environ.get("BENCH_CLOUD")
    with nullcontext(kept) if kept else _directory() as directory:
        lab = Lab(LARGE_VERSION, directory, cloud=nodes)
        try:
            lab.up()
            if missing := max(0, jobs - _records(lab)):
                say(f"  loading {missing:,} jobs into slurmctld")
                lab.load_jobs(missing)
            yield lab
        finally:
            if not kept:
                lab.down(purge=True)


def settings(lab: Lab) -> dict[str, str]:
    """For our server, to reach this cluster by both ways."""
    return {
        "CLUSTER__MODE": "auto",
        "CLUSTER__BIN_DIR": str(lab.bin_dir),
        "CLUSTER__SLURM_CONF": str(lab.slurm_conf),
        "CLUSTER__SLURMRESTD_URL": lab.slurmrestd_url,
        "CLUSTER__JWT_KEY": str(lab.jwt_key),
    }


def slurmrestd(lab: Lab, user: str) -> Server:
    """The lab's slurmrestd, asked as a user and bound to the servers' core."""
    pid = lab.status()["slurmrestd"]
    assert pid is not None
    machine.pin(pid, machine.SERVER_CORE)
    return Server(lab.slurmrestd_url, pid, {"X-SLURM-USER-TOKEN": lab.token(user)})


def wait_for_jobs(server: Server, jobs: int, seconds: float = 120) -> dict[str, object]:
    """The status of our server's cluster once it knows so many jobs."""
    deadline = time.monotonic() + seconds
    while True:
        cluster: dict[str, object] = json.loads(server.get("/v1/status"))["clusters"][0]
        if isinstance(known := cluster["jobs"], int) and known >= jobs:
            return cluster
        if time.monotonic() > deadline:
            raise TimeoutError(f"the server knows {known} of {jobs} jobs after {seconds:g} s")
        time.sleep(0.2)


def fill(lab: Lab, jobs: int) -> None:
    """So many held jobs of alice's."""
    one = ("sbatch", "--quiet", "--hold", "--wrap=sleep 60")
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: lab.run("alice", *one), range(jobs)))


def _records(lab: Lab) -> int:
    lines = lab.run("root", "scontrol", "--oneliner", "show", "job", timeout=120).stdout.splitlines()
    return sum(line.startswith("JobId=") for line in lines)


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="s9s-bench-lab-", ignore_cleanup_errors=True) as parent:
        Path(parent).chmod(0o755)
        yield Path(parent) / "lab"
