"""WebSockets: how long an update takes to the last of many, and what a stream of changes costs."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from benchmarks import machine
from benchmarks.results import Result, median, percentile, say
from benchmarks.servers import ROOT, Server, s9s

SUBSCRIBERS, JOBS, PROCESSES, ROUNDS = 10_000, 100_000, 2, 20
SUSTAINED_SECONDS, CHANGES = 60, 1_000
#: Of a simulated job's changes the part that is told: its submission, start and end. Moves of its priority
#: and its removal from memory are no events, and of what follows in one look only the last is seen.
_TOLD = 0.37
_SETTINGS = {
    "EVENTS__MAX_CONNECTIONS": "100000",
    "EVENTS__STATISTICS_SECONDS": "3600",
    "SIMULATED__RUN_JOBS": "false",
}


class Crowd:
    """Clients in processes of their own."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def arm(self, seconds: float) -> None:
        for one in self._processes:
            self._say(one, f"{seconds}\n")
        for one in self._processes:
            assert self._hear(one) == "armed"

    def heard(self) -> tuple[int, float, float]:
        """How many heard of something, and when the first and the last did."""
        found = [json.loads(self._hear(one)) for one in self._processes]
        assert not (lost := sum(one["lost"] for one in found)), f"{lost} connections were lost"
        firsts = [one["first"] for one in found if one["heard"]]
        return sum(one["heard"] for one in found), min(firsts, default=0.0), max(one["last"] for one in found)

    def cpu_seconds(self) -> float:
        """What the clients have used so far; all of them share one core."""
        return sum(machine.cpu_seconds(one.pid) for one in self._processes)

    @staticmethod
    def _say(one: subprocess.Popen[str], line: str) -> None:
        assert one.stdin is not None
        one.stdin.write(line)
        one.stdin.flush()

    @staticmethod
    def _hear(one: subprocess.Popen[str]) -> str:
        assert one.stdout is not None
        return one.stdout.readline().strip()


@contextmanager
def crowd(server: Server, kind: str, job: str = "0") -> Iterator[Crowd]:
    """`SUBSCRIBERS` connected clients, each with a filter of its own."""
    port, credential = server.url.rpartition(":")[2], _credential(server)
    share = SUBSCRIBERS // PROCESSES
    with ExitStack() as stack:
        processes = []
        for number in range(PROCESSES):
            bounds = [str(number * share), str((number + 1) * share)]
            argv = [sys.executable, "-m", "benchmarks.ws_clients", port, credential, *bounds, kind, job]
            process = stack.enter_context(
                subprocess.Popen(
                    machine.pinned(machine.LOAD_CORE, argv),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=ROOT,
                )
            )
            stack.callback(process.kill)
            processes.append(process)
        for process in processes:
            assert Crowd._hear(process) == "ready"
        yield Crowd(processes)


def ws_fanout() -> Iterator[Result]:
    """One update to 10,000 subscribers with their own filters, 100,000 jobs."""
    with s9s(jobs=JOBS, nodes=1_000, settings=_SETTINGS) as server:
        job = json.loads(server.get("/v1/jobs?state=PENDING&limit=1"))["jobs"][0]["job_id"]
        before = _rss(server.pid)
        with crowd(server, "one_job", job) as clients:
            connected = _rss(server.pid)
            say(f"  {SUBSCRIBERS:,} connected, {(connected - before) / SUBSCRIBERS:.1f} KB each")
            spreads, totals = [], []
            used, used_by_clients = machine.cpu_seconds(server.pid), clients.cpu_seconds()
            for number in range(ROUNDS):
                clients.arm(10)
                began = time.monotonic()
                _put(server, f"/v1/jobs/{job}/{'release' if number % 2 else 'hold'}")
                heard, first, last = clients.heard()
                assert heard == SUBSCRIBERS, f"{heard} of {SUBSCRIBERS} heard"
                spreads.append((last - first) * 1000)
                totals.append((last - began) * 1000)
            used, used_by_clients = (
                (now - before) / ROUNDS * 1000
                for now, before in (
                    (machine.cpu_seconds(server.pid), used),
                    (clients.cpu_seconds(), used_by_clients),
                )
            )
        yield Result(
            "ws_fanout",
            "An update, from the first to the last of 10,000 subscribers with own filters",
            percentile(sorted(spreads), 0.95),
            250,
            "ms",
            data={"subscribers": SUBSCRIBERS, "jobs": JOBS, "client_processes": PROCESSES, "rounds": ROUNDS},
            figures={
                "spread_ms_median": median(spreads),
                "spread_ms_max": round(max(spreads), 1),
                "from_the_request_that_changed_it_ms_median": median(totals),
                "from_the_request_that_changed_it_ms_max": round(max(totals), 1),
                "server_cpu_ms_a_round": round(used, 1),
                "clients_cpu_ms_a_round": round(used_by_clients, 1),
                "kb_per_connection": round((connected - before) / SUBSCRIBERS, 1),
            },
        )


def ws_sustained() -> Iterator[Result]:
    """1,000 changes a second for a minute, 10,000 subscribers, 100,000 jobs: memory and lag."""
    settings = _SETTINGS | {"SNAPSHOT__INTERVAL_SECONDS": "1"}
    with s9s(jobs=JOBS, nodes=1_000, churn=1.1 * CHANGES / _TOLD / JOBS, settings=settings) as server:
        with crowd(server, "own_user"):
            time.sleep(10)
            found = asyncio.run(_follow(server))
        yield Result(
            "ws_sustained",
            "Memory that a minute of changes adds, 10,000 subscribers",
            found["rss_mb_end"] - found["rss_mb_begin"],
            100,
            "MB",
            data={"subscribers": SUBSCRIBERS, "jobs": JOBS, "seconds": SUSTAINED_SECONDS},
            figures=found,
        )
        yield Result(
            "ws_sustained_rate",
            "Changes a second that one subscriber was told of, for a minute",
            found["changes_a_second"],
            CHANGES,
            "a second",
            at_least=True,
            data={"subscribers": SUBSCRIBERS, "jobs": JOBS, "seconds": SUSTAINED_SECONDS},
        )


async def _follow(server: Server) -> dict[str, Any]:
    """One more subscriber who wants everything, and one who pings."""
    url = server.url.replace("http", "ws") + "/v1/ws"
    # What is measured begins afterwards, however long a busy machine takes until then.
    options: dict[str, Any] = {"proxy": None, "max_queue": None, "open_timeout": 60}
    options["additional_headers"] = dict(server.headers)
    async with connect(url, **options) as all_of_it, connect(url, **options) as pinging:
        await all_of_it.send('{"action":"subscribe","channel":"jobs"}')
        begin = json.loads(await all_of_it.recv())["sequence"]
        rss, cpu = _rss(server.pid), machine.cpu_seconds(server.pid)
        trips: list[float] = []
        count = lags = 0
        last = begin
        deadline = time.monotonic() + SUSTAINED_SECONDS

        async def ping() -> None:
            while time.monotonic() < deadline:
                began = time.monotonic()
                await pinging.send('{"action":"ping"}')
                await pinging.recv()
                trips.append((time.monotonic() - began) * 1000)
                await asyncio.sleep(0.1)

        pings = asyncio.create_task(ping())
        while time.monotonic() < deadline:
            try:
                async with asyncio.timeout(2):
                    message = json.loads(await all_of_it.recv())
            except TimeoutError:
                continue
            if message["action"] == "lagged":
                lags += 1
                continue
            assert message["sequence"] > last, "events are told in order and once"
            last = message["sequence"]
            count += 1
        await pings
        trips.sort()
        return {
            "changes_a_second": round(count / SUSTAINED_SECONDS, 1),
            "sequence_numbers": last - begin,
            "told": count,
            "lagged": lags,
            "ping_ms_median": round(statistics.median(trips), 2),
            "ping_ms_p99": round(percentile(trips, 0.99), 1),
            "rss_mb_begin": round(rss / 1024, 1),
            "rss_mb_end": round(_rss(server.pid) / 1024, 1),
            "server_cpu_share": round((machine.cpu_seconds(server.pid) - cpu) / SUSTAINED_SECONDS, 3),
        }


def _credential(server: Server) -> str:
    """A token: the one that everybody knows costs a look at the kernel's tables for each connection."""
    request = urllib.request.Request(
        server.url + "/v1/tokens",
        data=b'{"tier": "enterprise"}',
        method="POST",
        headers={**server.headers, "Content-Type": "application/json"},
    )
    token = str(json.loads(urllib.request.urlopen(request, timeout=30).read())["token"])
    # Known from its first use on: many that are not known yet, all at once, look like guesses.
    asked = urllib.request.Request(server.url + "/v1/whoami", headers={"Authorization": f"Bearer {token}"})
    urllib.request.urlopen(asked, timeout=30).read()
    return token


def _put(server: Server, path: str) -> None:
    request = urllib.request.Request(
        server.url + path,
        data=b"{}",
        method="PUT",
        headers={**server.headers, "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).read()


def _rss(pid: int) -> float:
    """KB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return float(line.split()[1])
    return 0.0
