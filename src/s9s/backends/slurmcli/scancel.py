"""scancel: it exits 0 for jobs that are unknown or over, so whoever calls it looks first."""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import termios
from collections.abc import Sequence
from signal import SIGKILL
from types import TracebackType
from typing import Final, Self

_READY_SECONDS: Final = 5.0
_STEP_SECONDS: Final = 0.002
#: One for each task of an array, and within what a pipe takes.
_ANSWERS: Final = b"y\n" * 30_000


def cancel(job_id: str) -> list[str]:
    """End a job: TERM, after KillWait KILL; it is CANCELLED at once."""
    return ["scancel", job_id]


def cancel_when_confirmed(job_id: str) -> list[str]:
    """The same after a ``y`` on its standard input for each job; see `Confirmation`."""
    return ["scancel", "--interactive", job_id]


def signal_script(job_id: str, signal: int = SIGKILL) -> list[str]:
    """Deliver a signal to the batch script's shell alone."""
    return ["scancel", f"--signal={int(signal)}", "--batch", job_id]


def kill_steps(step_ids: Sequence[str]) -> list[str]:
    """Kill these steps and nothing else of their job."""
    return ["scancel", f"--signal={int(SIGKILL)}", *step_ids]


def signal_steps(job_id: str, signal: int) -> list[str]:
    """Deliver a signal to the tasks of all steps, not to the batch script; KILL would be a cancel."""
    return ["scancel", f"--signal={signal}", job_id]


class Confirmation:
    """The standard input of a scancel that has everything ready and acts within a millisecond of the word."""

    def __init__(self) -> None:
        self.input, self._answers = os.pipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._answers)
        os.close(self.input)

    async def wanted(self, cancel: asyncio.Task[None]) -> None:
        """Return when scancel asks, has ended or takes too long: what is no answer makes it ask again."""
        os.write(self._answers, b"?\n")
        deadline = asyncio.get_running_loop().time() + _READY_SECONDS
        unread = array.array("i", [1])
        while unread[0] and not cancel.done() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_STEP_SECONDS)
            fcntl.ioctl(self.input, termios.FIONREAD, unread)

    def give(self) -> None:
        """Say yes to all it asks."""
        os.write(self._answers, _ANSWERS)
