"""How long `make run` takes, everything installed."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator

from benchmarks.results import Result, median
from benchmarks.servers import ROOT, TEST_TOKEN, Server, free_port, wait_for

STARTS = 5


def start() -> Iterator[Result]:
    """From `make run` to the first answer, installed."""
    times = [_start() for _ in range(STARTS)]
    yield Result(
        "start",
        "`make run`, installed, to the first answer",
        median(times),
        3,
        "s",
        data={"jobs": 400, "nodes": 64},
        figures={"seconds": [round(one, 3) for one in times]},
    )


def _start() -> float:
    with tempfile.TemporaryDirectory(prefix="s9s-bench-", ignore_cleanup_errors=True) as state:
        port = free_port()
        process = subprocess.Popen(
            ["make", "run", f"PORT={port}", "CLUSTER=simulated"],
            cwd=ROOT,
            env=os.environ | {"S9S_STATE_DIR": state},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            headers = {"Authorization": f"Bearer {TEST_TOKEN}"}
            return wait_for(Server(f"http://127.0.0.1:{port}", process.pid, headers), "/v1/jobs?limit=1")
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
