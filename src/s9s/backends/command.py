"""One command: started, listened to, and ended with all that it has started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from msgspec import Struct

from s9s.domain.errors import SlurmError, SlurmUnavailable

_CHUNK: Final = 1 << 18
_MOST_STDERR: Final = 1 << 16
#: Seconds to wait for a killed process. One that hangs in a file system is left behind.
_REAP: Final = 5.0


class Finished(Struct, frozen=True, kw_only=True):
    """How a command ended."""

    returncode: int
    """Negative: the signal that ended it."""
    stdout: bytes
    stderr: str
    """At most its first 64 KiB."""


class Command:
    """Runs once, in a thread of its own.

    Args:
        name: What messages call it.
        prepare: Gives the command line and the environment, in that thread.
        stdin: Its standard input, or a descriptor to read it from; ``None`` is empty.
        cwd: Where it starts.
        timeout: Seconds from now.
        pass_fds: Descriptors that stay open in it.
        stdout: A descriptor for its standard output; ``None`` collects it.
        max_output: Bytes of standard output at most.
    """

    def __init__(
        self,
        *,
        name: str,
        prepare: Callable[[], tuple[list[str], dict[str, str]]],
        stdin: bytes | int | None,
        cwd: str,
        timeout: float,
        pass_fds: Sequence[int],
        stdout: int | None,
        max_output: int,
    ) -> None:
        self.name: Final = name
        self._prepare = prepare
        self._stdin = stdin
        self._cwd = cwd
        self._timeout = timeout
        self._deadline = time.monotonic() + timeout
        self._pass_fds = pass_fds
        self._stdout = stdout
        self._max_output = max_output
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False

    def remaining(self) -> float:
        """Seconds until its time is over."""
        return max(0.0, self._deadline - time.monotonic())

    def too_slow(self) -> TimeoutError:
        """The error for when its time is over."""
        return TimeoutError(f"{self.name} took longer than {self._timeout:g} s")

    def cancel(self) -> None:
        """End it from another thread, or keep it from starting; nobody waits for it any more."""
        with self._lock:
            self._cancelled = True
            if self._process is not None and self._process.returncode is None:
                _kill(self._process)

    def run(self) -> Finished:
        """Run it to its end. Raises `TimeoutError`, `SlurmError`, `SlurmUnavailable`, what `prepare` does."""
        line, environment = self._prepare()
        with self._lock:
            if self._cancelled or not self.remaining():
                raise self.too_slow()
            process = self._process = self._start(line, environment)
        try:
            stdout, stderr = self._listen(process)
            self._wait(process)
        except subprocess.TimeoutExpired:
            raise self.too_slow() from None
        finally:
            self._end(process)
        return Finished(
            returncode=process.returncode, stdout=stdout, stderr=stderr.decode("utf-8", "replace")
        )

    def _start(self, line: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        # The input is a file in memory, so that nobody has to feed a pipe.
        source = _in_memory(self._stdin) if isinstance(self._stdin, bytes) else self._stdin
        try:
            return subprocess.Popen(
                line,
                bufsize=0,
                stdin=subprocess.DEVNULL if source is None else source,
                stdout=subprocess.PIPE if self._stdout is None else self._stdout,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=self._cwd,
                umask=0o022,
                pass_fds=self._pass_fds,
                start_new_session=True,
            )
        except OSError as error:
            raise SlurmUnavailable(f"{self.name} cannot be run: {error.strerror}") from error
        finally:
            if source is not None and isinstance(self._stdin, bytes):
                os.close(source)

    def _listen(self, process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        """Both outputs to their ends, stderr only to a limit."""
        stdout, stderr = bytearray(), bytearray()
        with selectors.DefaultSelector() as open_pipes:
            for pipe, kept in ((process.stdout, stdout), (process.stderr, stderr)):
                if pipe is not None:
                    open_pipes.register(pipe, selectors.EVENT_READ, kept)
            while open_pipes.get_map():
                ready = open_pipes.select(self.remaining())
                if not ready and not self.remaining():
                    raise self.too_slow()
                for key, _ in ready:
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        open_pipes.unregister(key.fileobj)
                    elif key.data is stdout:
                        stdout += chunk
                    else:
                        stderr += chunk[: _MOST_STDERR - len(stderr)]
                if len(stdout) > self._max_output:
                    raise SlurmError(f"{self.name} wrote more than {self._max_output} bytes")
        return bytes(stdout), bytes(stderr)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        # Popen.wait with a timeout sleeps between its looks: 2 ms on average. Linux before 5.3 has no pidfd.
        with suppress(OSError):
            exited = os.pidfd_open(process.pid)
            try:
                with selectors.PollSelector() as selector:
                    selector.register(exited, selectors.EVENT_READ)
                    selector.select(self.remaining())
            finally:
                os.close(exited)
        process.wait(self.remaining())

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Let go of it, killing it if it still runs."""
        with self._lock:
            self._process = None
        if process.returncode is None:
            _kill(process)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_REAP)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The whole process group, which lasts as long as its leader is not reaped."""
    # sudo may be beyond our reach; then the closed pipes are all that can be done.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _in_memory(content: bytes) -> int:
    descriptor = os.memfd_create("input", os.MFD_CLOEXEC)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
