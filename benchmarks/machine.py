"""The machine: what it is, and what processes on it use."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

#: Servers are pinned to the one, load to the other.
SERVER_CORE = 0
LOAD_CORE = 1

_HERE = Path(__file__).parent
_TICKS = os.sysconf("SC_CLK_TCK")
_LIBRARIES = ("s9s", "uvicorn", "uvloop", "httptools", "litestar", "msgspec", "numpy")


def describe() -> dict[str, object]:
    """CPU, cores, memory and system."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = next(
        (line.split(":", 1)[1].strip() for line in cpuinfo.splitlines() if "model name" in line), "?"
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
    }


def versions() -> dict[str, str]:
    """Of Python, the libraries that matter, and this repository."""
    commit = subprocess.run(  # "?" outside a checkout
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=_HERE, check=False
    )
    found = {name: metadata.version(name) for name in _LIBRARIES}
    return {"python": platform.python_version(), **found, "commit": commit.stdout.strip() or "?"}


def load_average() -> float:
    """Of the last minute: how quiet the machine was."""
    return round(os.getloadavg()[0], 2)


def pinned(core: int, argv: list[str]) -> list[str]:
    """The command, bound to one core where there is more than one."""
    return ["taskset", "-c", str(core), *argv] if (os.cpu_count() or 1) > core else argv


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its living children and those it has waited for."""
    return sum(_used(one) for one in (pid, *children(pid)))


def children(pid: int) -> list[int]:
    """Descendants that live."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *children(child)]
    return found


def memory_mb(pid: int, key: str = "VmRSS") -> float:
    """Resident memory (`VmRSS`) or its peak (`VmHWM`), MB of 10^6 bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return round(int(line.split()[1]) * 1024 / 1e6, 1)
    raise ValueError(f"process {pid} has no {key}")


def _used(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS


def pin(pid: int, core: int) -> None:
    """Bind all threads of a process that runs to one core, where there is more than one."""
    if (os.cpu_count() or 1) > core:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {core})
