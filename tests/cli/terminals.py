"""A terminal with a program in it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import pytest

#: Makes standard input the terminal of a session, and becomes the command.
_LAUNCH = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>NOc78M])"
)


def without_escapes(text: str) -> str:
    """What a terminal would show, without colours and movements."""
    return _ESCAPES.sub("", text)


class Terminal:
    """Runs a command on a terminal of its own.

    Args:
        command: What runs.
        environment: All of its variables.
        columns, lines: The terminal's size.
    """

    def __init__(
        self, command: list[str], environment: Mapping[str, str], columns: int = 80, lines: int = 24
    ) -> None:
        self.said = ""
        """All that came so far."""
        self._file, end = os.openpty()
        self.resize(columns, lines)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCH, *command],
            env={"TERM": "xterm-256color", **environment},
            stdin=end,
            stdout=end,
            stderr=end,
            start_new_session=True,
        )
        os.close(end)

    def resize(self, columns: int, lines: int) -> None:
        """Give it another size, as a window does."""
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._file, keys.encode())

    def until(self, wanted: str, seconds: float = 30.0) -> str:
        """What came since the last call, as soon as this text is in it; escapes count as nothing."""
        began, deadline = len(self.said), time.monotonic() + seconds
        while wanted not in without_escapes(self.said[began:]):
            if time.monotonic() > deadline or not self._read(0.2):
                pytest.fail(f"no {wanted!r} in {self.said[began:][-3000:]!r}")
        return without_escapes(self.said[began:])

    @property
    def frame(self) -> list[str]:
        """The lines of the last whole screen of a program that draws from the top."""
        frames = self.said.split("\x1b[H")
        return [without_escapes(line) for line in frames[-1].split("\r\n")]

    def ended(self, seconds: float = 20.0) -> int:
        """The exit status, as soon as the program has ended."""
        deadline = time.monotonic() + seconds
        while self._process.poll() is None:
            self._read(0.05)
            if time.monotonic() > deadline:
                pytest.fail(f"it still runs: {self.said[-2000:]!r}")
        while self._read(0.0):
            pass
        return int(self._process.returncode)

    def _read(self, seconds: float) -> bool:
        """Take what is there; False: nothing more will come."""
        if self._file not in select.select([self._file], [], [], seconds)[0]:
            return seconds > 0
        try:
            data = os.read(self._file, 65536)
        except OSError:
            return False
        self.said += data.decode(errors="replace")
        return bool(data)

    @property
    def attributes(self) -> list[object]:
        """How the terminal treats what is typed."""
        return termios.tcgetattr(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(10)
        os.close(self._file)
