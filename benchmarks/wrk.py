"""Load from wrk, and rounds that alternate between servers."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine, tools
from benchmarks.results import median
from benchmarks.servers import Server

CONNECTIONS = 32
_SCRIPT = Path(__file__).parent / "paths.lua"


@dataclass(frozen=True)
class Load:
    """What a server did in one round."""

    requests: int
    seconds: float
    cpu_seconds: float
    """Of the server's processes, all in all."""
    idle_seconds: float
    """What it would have used of them anyway, for its watch over the cluster."""
    bytes: int
    """Of whole answers, headers included."""

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def per_cpu_second(self) -> float:
        return self.requests / max(0.01, self.cpu_seconds - self.idle_seconds)


def load(
    server: Server,
    path: str,
    *,
    seconds: float = 2,
    connections: int = CONNECTIONS,
    paths: Path | None = None,
) -> Load:
    """Ask for `path`, or those in the file `paths` in turn, as fast as the server can.

    Raises `RuntimeError` if anything is refused.
    """
    argv = [tools.find("wrk"), "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s"]
    argv += [word for name, value in server.headers.items() for word in ("-H", f"{name}: {value}")]
    argv += ["-s", str(_SCRIPT)] if paths else []
    before = machine.cpu_seconds(server.pid)
    done = subprocess.run(
        machine.pinned(machine.LOAD_CORE, [*argv, server.url + path]),
        env=os.environ | {"BENCH_PATHS": str(paths)},
        check=True,
        capture_output=True,
        text=True,
        timeout=seconds + 30,
    )
    used = machine.cpu_seconds(server.pid) - before
    if found := re.search(r"Non-2xx.*|Socket errors.*[1-9].*", done.stdout):
        raise RuntimeError(f"{server.url}{path}: {found[0]}{_refusals(server)}")
    counted = re.search(r"(\d+) requests in ([\d.]+)(m?s), ([\d.]+)(KB|MB|GB)", done.stdout)
    if counted is None:
        raise RuntimeError(f"wrk says {done.stdout!r}")
    requests, length, unit, amount, size = counted.groups()
    took = float(length) / (1000 if unit == "ms" else 1)
    return Load(
        int(requests),
        took,
        used,
        server.idle_cpu * took,
        int(float(amount) * {"KB": 2**10, "MB": 2**20, "GB": 2**30}[size]),
    )


def _refusals(server: Server) -> str:
    """What our server has counted of statuses other than 2xx, by route, since it began; else nothing."""
    try:
        text = server.get("/metrics").decode()
    except OSError:  # nginx, slurmrestd, or nobody any more
        return ""
    lines = [line.removeprefix("s9s_http_requests_total") for line in text.splitlines() if 'status="' in line]
    return "".join(f"; {line}" for line in lines if 'status="2' not in line)


def alternate(sides: Mapping[str, Callable[[], Load]], rounds: int) -> dict[str, list[Load]]:
    """`rounds` times each side in turn, after one round of each that does not count."""
    loads: dict[str, list[Load]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            one = side()
            if number:
                loads[name].append(one)
    return loads


def figures(loads: Mapping[str, list[Load]]) -> dict[str, object]:
    """Medians and all rounds, for the record."""
    return {
        name: {
            "requests_per_second": median(one.rate for one in rounds),
            "requests_per_cpu_second": median(one.per_cpu_second for one in rounds),
            "bytes_per_request": round(median(one.bytes / one.requests for one in rounds)),
            "rounds": [
                {
                    "requests": one.requests,
                    "seconds": one.seconds,
                    "cpu_seconds": round(one.cpu_seconds, 2),
                    "idle_seconds": round(one.idle_seconds, 3),
                }
                for one in rounds
            ],
        }
        for name, rounds in loads.items()
    }


def ratios(loads: Mapping[str, list[Load]], one: str, other: str) -> list[float]:
    """Requests per CPU second of `one` over those of `other`, round by round.

    Without what either uses when nobody asks: that does not depend on the requests, and on a machine with
    other work to do it would weigh the more, the fewer requests get their turn.
    """
    pairs = zip(loads[one], loads[other], strict=True)
    return [round(a.per_cpu_second / b.per_cpu_second, 4) for a, b in pairs]
