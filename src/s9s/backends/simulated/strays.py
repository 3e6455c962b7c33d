"""Finding and ending what a job's processes left behind, whatever session they fled into.

Each job's environment carries a mark of its own, which its processes inherit; /proc shows it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

MARK: Final = "S9S_SIMULATED_RUN"

_ROUNDS: Final = 5


class Leader(msgspec.Struct, frozen=True):
    """The first process of a job, as noted for whoever comes after a killed server."""

    pid: int
    started: int
    """Clock ticks since boot: a pid that was given again has another."""
    mark: str
    spool: str
    """Where its script lies."""
    server_pid: int
    server_started: int | None


def new_mark() -> str:
    """A mark that no process had before."""
    return secrets.token_hex(16)


def started(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; ``None`` if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        # The command's name, in parentheses, may hold anything.
        return int(stat.rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def end_strays(marks: set[str]) -> None:
    """Kill every process of ours that carries one of the marks. Reads all of /proc: call it in a thread."""
    wanted = {f"{MARK}={mark}".encode() for mark in marks}
    for _ in range(_ROUNDS if wanted else 0):
        found = [pid for pid in _pids() if not wanted.isdisjoint(_environment(pid))]
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not found:
            return


def end_leftovers(directory: Path) -> None:
    """End what servers that were killed left running, by the notes in their directory, and remove those."""
    leaders = []
    for note in directory.glob("*.json"):
        try:
            leader = msgspec.json.decode(note.read_bytes(), type=Leader)
        except (OSError, msgspec.DecodeError):
            note.unlink(missing_ok=True)
            continue
        if leader.server_started is None or started(leader.server_pid) != leader.server_started:
            leaders.append(leader)
            note.unlink(missing_ok=True)
    for leader in leaders:
        if started(leader.pid) == leader.started:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(leader.pid, signal.SIGKILL)
        shutil.rmtree(leader.spool, ignore_errors=True)
    end_strays({leader.mark for leader in leaders})


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal() and int(name) != os.getpid()]


def _environment(pid: int) -> set[bytes]:
    try:
        return set(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    except OSError:
        return set()
