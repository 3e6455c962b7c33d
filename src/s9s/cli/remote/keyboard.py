"""Keys as they are pressed, and the terminal as it was afterwards."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
import tty
from typing import Any, Final, Self

_NAMES: Final = {
    b"\x1b[A": "up", b"\x1b[B": "down", b"\x1bOA": "up", b"\x1bOB": "down", b"\x1b[5~": "pageup",
    b"\x1b[6~": "pagedown", b"\x1b[H": "home", b"\x1b[1~": "home", b"\r": "enter", b"\n": "enter",
    b"\x1b": "escape", b"\x7f": "backspace", b"\x08": "backspace",
    b"\x03": "q", b"\x04": "q", b"\x15": "clear",
}  # fmt: skip


class Keyboard:
    """The terminal of standard input while somebody presses keys in it.

    `wait` returns also when the terminal has another size, and when another thread calls `wake`.
    """

    def __init__(self) -> None:
        self._file = sys.stdin.fileno()
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._file)
        # Ctrl-C is a key: whoever stops by it wants the screen back, too.
        tty.setcbreak(self._file, termios.TCSANOW)
        mode = termios.tcgetattr(self._file)
        mode[3] &= ~termios.ISIG
        termios.tcsetattr(self._file, termios.TCSANOW, mode)
        self._handler = signal.signal(signal.SIGWINCH, lambda *_: self.wake())
        self._ending = signal.signal(signal.SIGTERM, self._end)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGWINCH, self._handler)
        signal.signal(signal.SIGTERM, self._ending)
        termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)
        os.close(self._reading)
        os.close(self._writing)

    @staticmethod
    def _end(*_: Any) -> None:
        raise SystemExit(143)

    def wake(self) -> None:
        """Have `wait` return."""
        with contextlib.suppress(BlockingIOError):  # it is about to
            os.write(self._writing, b".")

    def wait(self, seconds: float) -> list[str]:
        """The keys that were pressed, after so many seconds at the latest: characters, or names as `up`."""
        ready, _, _ = select.select([self._file, self._reading], [], [], max(seconds, 0))
        if self._reading in ready:
            os.read(self._reading, 4096)
        if self._file not in ready:
            return []
        data = os.read(self._file, 1024)
        if not data:  # the terminal is gone
            return ["q"]
        if data in _NAMES:
            return [_NAMES[data]]
        if data.startswith(b"\x1b"):
            return []
        return [_NAMES.get(one.encode(), one) for one in data.decode(errors="ignore")]
