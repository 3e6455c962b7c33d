"""The same question to our server and to slurmrestd itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from benchmarks import clusters, wrk
from benchmarks.results import Result, median, percentile
from benchmarks.servers import Server, s9s

JOBS = 300
ROUNDS, CONNECTIONS = 5, 4
SUBMISSIONS = 60
#: Between two submissions, for what the one before has set off.
_PAUSE_SECONDS = 0.15
_SCRIPT = "#!/bin/sh\nsleep 60\n"


def slurmrestd_list() -> Iterator[Result]:
    """A list of 300 jobs, over slurmrestd's own list of them."""
    with clusters.small() as lab:
        clusters.fill(lab, JOBS)
        theirs = clusters.slurmrestd(lab, "alice")
        with s9s(settings=clusters.settings(lab)) as ours:
            clusters.wait_for_jobs(ours, JOBS)
            pages = {"s9s": f"/v1/jobs?limit={JOBS}", "slurmrestd": f"/slurm/{clusters.API}/jobs"}
            counted = {name: len(json.loads(one.get(pages[name]))["jobs"]) for name, one in
                       (("s9s", ours), ("slurmrestd", theirs))}  # fmt: skip
            loads = wrk.alternate(
                {
                    "s9s": lambda: wrk.load(ours, pages["s9s"], connections=CONNECTIONS),
                    "slurmrestd": lambda: wrk.load(
                        theirs, pages["slurmrestd"], seconds=4, connections=CONNECTIONS
                    ),
                },
                ROUNDS,
            )
    pairs = list(zip(loads["s9s"], loads["slurmrestd"], strict=True))
    yield Result(
        "slurmrestd_list",
        f"list of {JOBS} jobs, requests per second over slurmrestd's",
        median(one.rate / other.rate for one, other in pairs),
        500,
        "×",
        at_least=True,
        data={"jobs": counted, "slurm": lab.version, "connections": CONNECTIONS},
        figures={
            "ratio_per_cpu_second": median(wrk.ratios(loads, "s9s", "slurmrestd")),
            **wrk.figures(loads),
        },
    )


def submit() -> Iterator[Result]:
    """What our server adds to the time that slurmrestd takes for a submission."""
    theirs_body = {
        "script": _SCRIPT,
        "job": {
            "name": "bench",
            "current_working_directory": "/home/alice",
            "environment": ["PATH=/usr/bin:/bin"],
            "hold": True,
        },
    }
    ours_body = {"job_name": "bench", "script": _SCRIPT, "working_directory": "/home/alice", "hold": True}
    with clusters.small() as lab:
        theirs = clusters.slurmrestd(lab, "alice")
        with s9s(settings=clusters.settings(lab)) as ours:
            routes = json.loads(ours.get("/v1/status"))["clusters"][0]["routes"]
            sides = {
                "s9s": _submitter(ours, "/v1/jobs", ours_body),
                "slurmrestd": _submitter(theirs, f"/slurm/{clusters.API}/job/submit", theirs_body),
            }
            took: dict[str, list[float]] = {name: [] for name in sides}
            for number in range(SUBMISSIONS + 5):
                for name, one in sides.items():
                    seconds = one()
                    if number >= 5:
                        took[name].append(seconds * 1000)
                    time.sleep(_PAUSE_SECONDS)
    added = [one - other for one, other in zip(took["s9s"], took["slurmrestd"], strict=True)]
    yield Result(
        "submit",
        "submission, time added to slurmrestd's own",
        median(added),
        3,
        "ms",
        data={"submissions": SUBMISSIONS, "slurm": lab.version, "route": routes["submit"]},
        figures={
            name: {"median_ms": median(times), "p90_ms": round(percentile(sorted(times), 0.9), 2)}
            for name, times in took.items()
        },
    )


def _submitter(server: Server, path: str, body: dict[str, Any]) -> Callable[[], float]:
    """Submits over one connection that is kept; returns seconds."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    raw = json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **server.headers}

    def once() -> float:
        began = time.perf_counter()
        connection.request("POST", path, raw, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"{path}: {answer.status} {text[:500]!r}")
        return time.perf_counter() - began

    return once
