"""Running Slurm's commands: where they are, their environment, and an outage noticed in seconds."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from s9s.backends.processes import Finished, Processes
from s9s.domain.errors import SlurmUnavailable, ValidationError

# squeue, scontrol and the like try for 9 to 10 s when slurmctld is down; `scontrol ping` knows at once.
_PATIENCE_SECONDS: Final = 2.0
_PING_SECONDS: Final = 3.0
_ASK_SLURMDBD: Final = frozenset({"sacct", "sacctmgr"})
_MOST_WAITING: Final = 1000

_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


class Programs:
    """Slurm's commands on this host.

    Args:
        processes: Runs them.
        bin_dir: Where they are; ``None`` means on the usual path.
        slurm_conf: The cluster's slurm.conf; ``None`` leaves the choice to the commands.
        timeout_seconds: For one command, its wait for its turn not included.
        concurrency: How many may run at once: fewer than `processes` allow, so that a ping finds a place.
    """

    def __init__(
        self,
        processes: Processes,
        bin_dir: str | None,
        slurm_conf: str | None,
        timeout_seconds: float,
        concurrency: int = 12,
    ) -> None:
        self.processes: Final = processes
        self._bin_dir = bin_dir
        self._timeout_seconds = timeout_seconds
        self._turns = asyncio.Semaphore(concurrency)
        self._waiting = 0
        self._pinging: asyncio.Task[None] | None = None
        # Epoch seconds instead of local time; lists of array tasks whole instead of 64 characters.
        self._env = {"SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}
        if slurm_conf is not None:
            self._env["SLURM_CONF"] = slurm_conf

    def has(self, program: str) -> bool:
        """Whether there is such a command."""
        return shutil.which(program, path=self._bin_dir or _PATH) is not None

    async def run(
        self,
        argv: Sequence[str],
        *,
        actor: str | None = None,
        input: bytes | int | None = None,  # noqa: A002 - as subprocess calls it
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        stdout: int | None = None,
        timeout: float | None = None,
    ) -> Finished:
        """Run a command; see `Processes.run`. A long wait is cut short when slurmctld turns out to be down.

        Raises:
            SlurmUnavailable: when there is no such command, slurmctld does not answer, or time is up.
            PermissionDenied: when the server cannot act as `actor`.
            ValidationError: when an argument cannot be passed to any command.
        """
        _check(argv)
        if self._waiting >= _MOST_WAITING:
            raise SlurmUnavailable("Too many commands are waiting for Slurm", never_sent=True)
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self._watched(
                argv[0], self._start(argv, actor, input, env, pass_fds, stdout, timeout)
            )
        except TimeoutError as error:
            raise SlurmUnavailable(f"Slurm did not answer in time: {error}") from error
        finally:
            self._turns.release()

    async def ping(self) -> None:
        """Make sure that slurmctld answers, within seconds whatever happens. Raises `SlurmUnavailable`."""
        if self._pinging is None or self._pinging.done():
            self._pinging = asyncio.create_task(self._ping())
            self._pinging.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._pinging)

    async def _ping(self) -> None:
        try:
            finished = await self._start(["scontrol", "ping"], timeout=_PING_SECONDS)
        except TimeoutError as error:
            raise SlurmUnavailable("slurmctld does not answer") from error
        # One line for each of slurmctld's hosts: "Slurmctld(primary) at HOST is UP".
        if b" is UP" not in finished.stdout:
            raise SlurmUnavailable("slurmctld is down")

    async def _watched(self, program: str, command: Coroutine[Any, Any, Finished]) -> Finished:
        """Run a command, and end it as soon as slurmctld turns out to be down."""
        task = asyncio.create_task(command)
        patience = None if program in _ASK_SLURMDBD else _PATIENCE_SECONDS
        try:
            while not (await asyncio.wait({task}, timeout=patience))[0]:
                await self.ping()
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def _start(
        self,
        argv: Sequence[str],
        actor: str | None = None,
        stdin: bytes | int | None = None,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        stdout: int | None = None,
        timeout: float | None = None,
    ) -> Finished:
        program = os.path.join(self._bin_dir, argv[0]) if self._bin_dir else argv[0]
        return await self.processes.run(
            [program, *argv[1:]],
            actor=actor,
            input=stdin,
            env={**self._env, **(env or {})},
            timeout=timeout or self._timeout_seconds,
            pass_fds=pass_fds,
            stdout=stdout,
        )


@contextmanager
def in_memory(content: bytes = b"") -> Iterator[int]:
    """The descriptor of a file in memory, at its beginning, to hand to a command."""
    descriptor = os.memfd_create("s9s", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _check(argv: Sequence[str]) -> None:
    for argument in argv:
        try:
            argument.encode()
        except UnicodeEncodeError:
            break
        if "\0" in argument:
            break
    else:
        return
    name = argument.partition("=")[0].removeprefix("--")[:40]
    allowed = "text without NUL and without halves of surrogate pairs"
    raise ValidationError.of(ascii(name).strip("'"), ascii(argument[:200]), allowed)
