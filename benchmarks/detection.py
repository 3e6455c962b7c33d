"""How long after a change in a real Slurm a subscriber hears of it, by polls and by the hook."""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from benchmarks import clusters, machine
from benchmarks.results import Result, median, percentile, say
from benchmarks.servers import S9S, Server, s9s
from lab import Lab

JOBS = 100
#: From one submission to the next: no multiple of it is a second, which polls come by.
_PAUSE_SECONDS = 0.37
#: Each job says on its output when its script began, and when it ended.
_SCRIPT = "date +%s.%N; sleep 1.3; date +%s.%N"


class _Listener:
    """Notes when a subscriber heard of a job's start and of its end."""

    def __init__(self, server: Server) -> None:
        self.heard: dict[tuple[str, str], float] = {}
        self._server = server
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(30)

    def _run(self) -> None:
        url = self._server.url.replace("http", "ws") + "/v1/ws"
        with connect(url, additional_headers=dict(self._server.headers), proxy=None) as connection:
            connection.send('{"action":"subscribe","channel":"jobs"}')
            while not self._stopping.is_set():
                try:
                    message = json.loads(connection.recv(0.5))
                except TimeoutError:
                    continue
                now = time.time()
                if message["action"] == "subscribed":
                    self._ready.set()
                    continue
                state = message.get("data", {}).get("state")
                what = {"RUNNING": "start", "COMPLETING": "end", "COMPLETED": "end"}.get(state)
                if what is not None:
                    self.heard.setdefault((message["resource_id"], what), now)


def detection() -> Iterator[Result]:
    """From a job's start and end on a real Slurm to the message, by polls and by the hook."""
    with clusters.small() as lab:
        for way, target in (("polls", 3_000), ("hook", 500)):
            settings = clusters.settings(lab)
            if way == "hook":
                settings["EVENTS__HOOK_SOCKET"] = str(lab.directory / "run/hook.sock")
                _install(lab)
            with s9s(settings=settings) as server:
                found = _measure(lab, server)
            yield Result(
                f"detection_{way}",
                f"From the start or the end of a job to the message by {way}, 99th percentile",
                found["both"]["p99_ms"],
                target,
                "ms",
                data={"jobs": JOBS, "slurm": lab.version},
                figures=found,
            )


def _install(lab: Lab) -> None:
    script = lab.directory / "bin/s9s-hook"
    argv = [S9S, "hook", "--socket", lab.directory / "run/hook.sock", "--program", script]
    script.write_bytes(subprocess.run(argv, check=True, capture_output=True, timeout=60).stdout)
    script.chmod(0o755)
    lab.reconfigure(restart=True, PrologSlurmctld=script, EpilogSlurmctld=script)


def _measure(lab: Lab, server: Server) -> dict[str, Any]:
    listener = _Listener(server)
    try:
        with tempfile.TemporaryDirectory(prefix="s9s-bench-jobs-") as directory:
            Path(directory).chmod(0o777)
            options = ("--parsable", "--ntasks=1", "--mem=10", f"--output={directory}/%j")
            ids = []
            for _ in range(JOBS):
                ids.append(lab.run("alice", "sbatch", *options, f"--wrap={_SCRIPT}").stdout.strip())
                time.sleep(_PAUSE_SECONDS)
            deadline = time.monotonic() + 60
            while missing := [one for one in ids if (one, "end") not in listener.heard]:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"nothing was heard of the end of {missing[:5]}")
                time.sleep(0.2)
            said = {one: [float(line) for line in (Path(directory) / one).read_text().split()] for one in ids}
    finally:
        listener.stop()
    late: dict[str, list[float]] = {"start": [], "end": []}
    for job_id, (began, ended) in said.items():
        for what, at in (("start", began), ("end", ended)):
            if (heard := listener.heard.get((job_id, what))) is not None:
                late[what].append((heard - at) * 1000)
    late["both"] = late["start"] + late["end"]
    for what in ("start", "end"):
        say(f"  {what}: median {median(late[what]):.0f} ms, load {machine.load_average():.1f}")
    return {
        what: {
            "median_ms": median(values),
            "p99_ms": round(percentile(sorted(values), 0.99), 1),
            "count": len(values),
        }
        for what, values in late.items()
    }
