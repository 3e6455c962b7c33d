"""Commands of this host, run as the server or as the user who asks.

Measured with 300 MB resident: a fork that changes its uid, and uvloop's own subprocesses, stop the
event loop for 12 ms; `subprocess.Popen` in a thread, which can vfork, does not stop it. So the change of
identity is left to setpriv(1), which costs a millisecond in the child.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import IO, Final

from msgspec import Struct

from s9s.backends.identities import Identities, Identity
from s9s.domain.errors import PermissionDenied, SlurmError, SlurmUnavailable

_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_CHUNK: Final = 1 << 18
_MOST_STDERR: Final = 1 << 16
#: Commands that may wait for their turn, for each one that may run.
_WAITING: Final = 64


class Finished(Struct, frozen=True, kw_only=True):
    """How a command ended."""

    returncode: int
    """Negative: the signal that ended it."""
    stdout: bytes
    stderr: str
    """At most its first 64 KiB."""


class Processes:
    """Runs commands, a bounded number at a time, each in a process group of its own.

    Args:
        concurrency: How many may run at once; 64 times as many may wait.
        sudo: Act as others through ``sudo -n -u USER`` where the server is not root. The rule needs
            ``SETENV`` and the commands; whether it is there shows when a command is run.
    """

    def __init__(self, *, concurrency: int = 16, sudo: bool = False) -> None:
        self.identities: Final = Identities()
        self._root = os.geteuid() == 0
        self._sudo = sudo and not self._root
        self._setpriv = shutil.which("setpriv", path=_PATH)
        self._slots = asyncio.Semaphore(concurrency)
        self._most_waiting = concurrency * _WAITING
        self._waiting = 0
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="processes")

    def can_act_as(self, user: str) -> bool:
        """Whether commands can be run as this user of the host."""
        own = self.identities.own
        if own is not None and user == own.name:
            return True
        return (self._root or self._sudo) and self.identities.of(user) is not None

    def close(self) -> None:
        """Let go of the threads. Commands that still run end by their timeouts."""
        self._threads.shutdown(wait=False)

    async def run(
        self,
        argv: Sequence[str],
        *,
        actor: str | None = None,
        input: bytes | None = None,  # noqa: A002 - as subprocess calls it
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        timeout: float,
        pass_fds: Sequence[int] = (),
        stdout: int | None = None,
        max_output: int = 1 << 28,
    ) -> Finished:
        """Run a command to its end, with nothing in its environment but PATH, HOME, USER, locale and `env`.

        Args:
            argv: The command and its arguments; no shell reads them.
            actor: The user to run it as; ``None`` is the server's own.
            input: Its standard input; ``None`` is empty.
            env: Variables to add or replace.
            cwd: Where it starts.
            timeout: Seconds, the wait for its turn included. Then its whole process group is killed.
            pass_fds: Descriptors that stay open in it. sudo does not pass them on.
            stdout: A descriptor that takes its standard output, of which nothing is then returned: a file in
                memory keeps tens of megabytes out of the event loop.
            max_output: Bytes of standard output at most.

        Raises:
            PermissionDenied: when the server cannot act as the actor.
            TimeoutError: when it took too long.
            SlurmUnavailable: when there is no such command, or far too many wait already.
            SlurmError: when it wrote more than `max_output`.
        """
        name = os.path.basename(argv[0])
        if self._waiting >= self._most_waiting:
            raise SlurmUnavailable(f"Too many commands are waiting to run {name}")
        try:
            async with asyncio.timeout(timeout):
                self._waiting += 1
                try:
                    await self._slots.acquire()
                finally:
                    self._waiting -= 1
                try:
                    finished = await self._run(
                        argv, actor, input, env or {}, cwd, pass_fds, stdout, max_output
                    )
                finally:
                    self._slots.release()
        except TimeoutError:
            raise TimeoutError(f"{name} took longer than {timeout:g} s") from None
        if actor is not None and finished.returncode and finished.stderr.startswith(("setpriv:", "sudo:")):
            raise PermissionDenied(f"The server could not run {name} as {actor}")
        return finished

    async def _run(
        self,
        argv: Sequence[str],
        actor: str | None,
        stdin: bytes | None,
        env: Mapping[str, str],
        cwd: str,
        pass_fds: Sequence[int],
        output: int | None,
        max_output: int,
    ) -> Finished:
        start = partial(self._start, argv, actor, stdin, env, cwd, pass_fds, output)
        starting = asyncio.get_running_loop().run_in_executor(self._threads, start)
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._end_unwanted)
            raise
        try:
            stdout, stderr = await asyncio.gather(
                _collect(process, process.stdout, max_output), _collect(process, process.stderr, None)
            )
            await asyncio.get_running_loop().run_in_executor(self._threads, process.wait)
        finally:
            if process.returncode is None:
                self._end(process)
        if stdout is None:
            raise SlurmError(f"{os.path.basename(argv[0])} wrote more than {max_output} bytes")
        return Finished(
            returncode=process.returncode,
            stdout=stdout,
            stderr=(stderr or b"").decode("utf-8", "replace"),
        )

    def _start(
        self,
        argv: Sequence[str],
        actor: str | None,
        stdin: bytes | None,
        env: Mapping[str, str],
        cwd: str,
        pass_fds: Sequence[int],
        output: int | None,
    ) -> subprocess.Popen[bytes]:
        identity = self._identity(actor)
        environment = {**_environment(identity), **env}
        program = shutil.which(argv[0], path=environment["PATH"])
        if program is None:
            raise SlurmUnavailable(f"There is no command {os.path.basename(argv[0])} on this host")
        command = [*self._prefix(identity, env), program, *argv[1:]]
        # The input is a file in memory, so that nobody has to feed a pipe.
        source = subprocess.DEVNULL if stdin is None else _in_memory(stdin)
        try:
            return subprocess.Popen(
                command,
                bufsize=0,
                stdin=source,
                stdout=subprocess.PIPE if output is None else output,
                stderr=subprocess.PIPE,
                env=environment,
                cwd=cwd,
                umask=0o022,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        except OSError as error:
            raise SlurmUnavailable(f"{os.path.basename(program)} cannot be run: {error.strerror}") from error
        finally:
            if stdin is not None:
                os.close(source)

    def _identity(self, actor: str | None) -> Identity | None:
        """Whom to run as: a user, or ``None`` for the server's own uid that has no name."""
        if actor is None:
            return self.identities.own
        if not self.can_act_as(actor):
            raise PermissionDenied(f"The server has no means to act as {actor}", user=actor)
        return self.identities.of(actor)

    def _prefix(self, identity: Identity | None, env: Iterable[str]) -> list[str]:
        """What stands before a command so that it runs as that user."""
        own = self.identities.own
        if identity is None or (own is not None and identity.uid == own.uid):
            return []
        if self._sudo:
            # Only names are shown in the list of processes, never values.
            return ["sudo", "-n", "-H", "-u", identity.name, f"--preserve-env={','.join(env)}", "--"]
        if self._setpriv is None:
            raise PermissionDenied("The server needs setpriv (util-linux) to act as another user")
        return [
            self._setpriv,
            f"--reuid={identity.uid}",
            f"--regid={identity.gid}",
            f"--groups={','.join(map(str, identity.groups))}",
            "--inh-caps=-all",
            "--",
        ]

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the whole group; it is reaped by a thread, since even that can take a moment."""
        # sudo may be beyond our reach; then the closed pipes are all that can be done.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        self._threads.submit(_reap, process)

    def _end_unwanted(self, starting: asyncio.Future[subprocess.Popen[bytes]]) -> None:
        if not starting.cancelled() and starting.exception() is None:
            process = starting.result()
            self._end(process)
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


async def _collect(
    process: subprocess.Popen[bytes], pipe: IO[bytes] | None, limit: int | None
) -> bytes | None:
    """All that comes from a pipe; above `limit` bytes the command is killed and the answer is ``None``.

    Without a limit the first 64 KiB are kept and the rest is dropped.
    """
    if pipe is None:
        return b""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_CHUNK, loop=loop)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), pipe)
    kept = bytearray()
    try:
        while chunk := await reader.read(_CHUNK):
            if limit is None:
                kept += chunk[: _MOST_STDERR - len(kept)]
            elif len(kept) + len(chunk) > limit:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                return None
            else:
                kept += chunk
    finally:
        transport.close()
    return bytes(kept)


def _environment(identity: Identity | None) -> dict[str, str]:
    environment = {"PATH": _PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    if identity is not None:
        environment |= {"HOME": identity.home, "USER": identity.name, "LOGNAME": identity.name}
    return environment


def _in_memory(content: bytes) -> int:
    descriptor = os.memfd_create("input", os.MFD_CLOEXEC)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _reap(process: subprocess.Popen[bytes]) -> None:
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
