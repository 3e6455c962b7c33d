"""What exports and reports have in common: background work that ends in a file.

Made from _async by `make sdk`; not to be edited.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from s9s_client._sync.http import Http
from s9s_client.errors import WaitTimeout, WorkFailed


class Work(Protocol):
    """An export, or a report."""

    status: str
    error: str | None


W = TypeVar("W", bound=Work)


def ended(
    http: Http,
    name: str,
    look: Callable[[], W],
    timeout: float | None,
    interval: float = 0.5,
    max_interval: float = 10.0,
) -> W:
    """The work when it is completed. Raises `WorkFailed`, and `WaitTimeout` after `timeout` seconds."""
    deadline = None if timeout is None else http.clock() + timeout
    while True:
        work = look()
        if work.status == "completed":
            return work
        if work.status in ("failed", "cancelled"):
            why = f": {work.error}" if work.error else ""
            raise WorkFailed(f"{name} is {work.status}{why}", work)
        pause = interval
        if deadline is not None:
            left = deadline - http.clock()
            if left <= 0:
                raise WaitTimeout(f"{name} is still {work.status} after {timeout:g} s", work)
            pause = min(pause, left)
        http.sleep(pause)
        interval = min(max_interval, interval * 1.5)


def save(http: Http, where: str, path: str | os.PathLike[str]) -> int:
    """The file at a path of the contract, written whole or not at all; how many bytes it has."""
    target = Path(path)
    part = target.with_name(f"{target.name}.part")
    size = 0
    try:
        with http.stream("GET", where, silence=http.policy.timeout) as response:
            with part.open("wb") as file:
                for piece in response.iter_bytes():
                    size += file.write(piece)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return size
