"""Commands of this host, run as the server or as the user who asks.

Each is run by a thread: with 300 MB resident, uvloop's own subprocesses stop the event loop for 12 ms,
while `subprocess.Popen` in a thread can vfork and does not stop it. For the same reason the change of
identity is left to setpriv(1), which costs a millisecond in the child; a fork that does it cannot vfork.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from s9s.backends.command import Command, Finished
from s9s.backends.identities import Identities, Identity
from s9s.domain.errors import PermissionDenied, SlurmUnavailable

__all__ = ["Finished", "Processes"]

_log = logging.getLogger(__name__)

_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
#: Commands that may wait for their turn, for each one that may run.
_WAITING: Final = 64


class Processes:
    """Runs commands, a bounded number at a time.

    Args:
        concurrency: How many may run at once; 64 times as many may wait.
        sudo: Act as others through ``sudo -n -u USER`` where the server is not root. The rule needs
            ``SETENV``, ``closefrom_override`` and the commands (`docs/slurm.md`); whether it is there shows
            when a command is run.
    """

    def __init__(self, *, concurrency: int = 16, sudo: bool = False) -> None:
        self.identities: Final = Identities()
        self._root = os.geteuid() == 0
        self._sudo = sudo and not self._root
        self._slots = asyncio.Semaphore(concurrency)
        self._most_waiting = concurrency * _WAITING
        self._waiting = 0
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="command")

    @property
    def has_sudo(self) -> bool:
        """Whether others are acted as through sudo."""
        return self._sudo

    @property
    def acts_as(self) -> str:
        """``anyone``, or the one user name, or ``nobody``; as in `ClusterInfo.acts_as`."""
        if self._root or self._sudo:
            return "anyone"
        return self.identities.own.name if self.identities.own is not None else "nobody"

    def can_act_as(self, user: str) -> bool:
        """Whether commands can be run as this user of the host."""
        own = self.identities.own
        if own is not None and user == own.name:
            return True
        return (self._root or self._sudo) and self.identities.of(user) is not None

    def becoming(self, identity: Identity, variables: Iterable[str] = (), descriptors: int = 3) -> list[str]:
        """What stands before a command to run it as another user.

        Args:
            identity: The user.
            variables: Names of variables that are kept.
            descriptors: sudo leaves those below this one open; setpriv leaves all as they are.
        """
        if not self._sudo:
            return _setpriv(identity)
        keep = [f"--close-from={descriptors}"] if descriptors > 3 else []
        # Only the variables' names are shown in the list of processes, never their values.
        preserve = [f"--preserve-env={','.join(names)}"] if (names := list(variables)) else []
        return ["sudo", "-n", "-H", "-u", identity.name, *keep, *preserve, "--"]

    def close(self) -> None:
        """Let go of the threads. Commands that still run end by their timeouts."""
        self._threads.shutdown(wait=False)

    async def run(
        self,
        argv: Sequence[str],
        *,
        actor: str | None = None,
        input: bytes | int | None = None,  # noqa: A002 - as subprocess calls it
        env: Mapping[str, str] | None = None,
        cwd: str = "/",
        timeout: float,
        pass_fds: Sequence[int] = (),
        stdout: int | None = None,
        max_output: int = 1 << 28,
    ) -> Finished:
        """Run a command to its end, with nothing in its environment but PATH, HOME, USER, locale and `env`.

        Cancelling ends it. Its process group is gone when this returns or raises, but for a moment
        after a cancel.

        Args:
            argv: The command and its arguments; no shell reads them.
            actor: The user to run it as; ``None`` is the server's own.
            input: Its standard input, or a descriptor to read it from; ``None`` is empty.
            env: Variables to add or replace.
            cwd: Where it starts. It is the server who goes there, not the actor.
            timeout: Seconds, the wait for its turn included. Then its whole process group is killed.
            pass_fds: Descriptors that stay open in it.
            stdout: A descriptor that takes its standard output, of which nothing is then returned: a file in
                memory for tens of megabytes. No descriptor is used any more when this is over.
            max_output: Bytes of standard output at most.

        Raises:
            PermissionDenied: when the server cannot act as the actor.
            TimeoutError: when it took too long.
            SlurmUnavailable: when there is no such command, or far too many wait already.
            SlurmError: when it wrote more than `max_output`.
        """
        command = Command(
            name=os.path.basename(argv[0]),
            prepare=lambda: self._prepare(argv, actor, env or {}, pass_fds),
            stdin=input,
            cwd=cwd,
            timeout=timeout,
            pass_fds=pass_fds,
            stdout=stdout,
            max_output=max_output,
        )
        await self._turn(command)
        running = asyncio.get_running_loop().run_in_executor(self._threads, command.run)
        running.add_done_callback(lambda _: self._slots.release())
        try:
            finished = await asyncio.shield(running)
        except asyncio.CancelledError:
            command.cancel()
            raise
        if actor is not None and finished.returncode and finished.stderr.startswith(("setpriv:", "sudo:")):
            _log.warning("%s", finished.stderr.strip()[:500])
            raise PermissionDenied(f"The server could not run {command.name} as {actor}", user=actor)
        return finished

    async def _turn(self, command: Command) -> None:
        """Wait for a slot."""
        if self._waiting >= self._most_waiting:
            raise SlurmUnavailable(f"Too many commands are waiting to run {command.name}")
        self._waiting += 1
        try:
            async with asyncio.timeout(command.remaining()):
                await self._slots.acquire()
        except TimeoutError:
            raise command.too_slow() from None
        finally:
            self._waiting -= 1

    def _prepare(
        self, argv: Sequence[str], actor: str | None, env: Mapping[str, str], pass_fds: Sequence[int]
    ) -> tuple[list[str], dict[str, str]]:
        """The command line and environment. Looks the actor up, which can block."""
        own = self.identities.own
        identity = own
        if actor is not None:
            if not self.can_act_as(actor):
                raise PermissionDenied(f"The server has no means to act as {actor}", user=actor)
            identity = self.identities.of(actor)
        environment = {"PATH": _PATH, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        if identity is not None:
            environment |= {"HOME": identity.home, "USER": identity.name, "LOGNAME": identity.name}
        environment |= env
        program = shutil.which(argv[0], path=environment["PATH"])
        if program is None:
            raise SlurmUnavailable(f"There is no command {os.path.basename(argv[0])} on this host")
        line = [program, *argv[1:]]
        if identity is None or identity == own:
            return line, environment
        return [*self.becoming(identity, env, max(pass_fds, default=2) + 1), *line], environment


def _setpriv(identity: Identity) -> list[str]:
    setpriv = shutil.which("setpriv", path=_PATH)
    if setpriv is None:
        raise PermissionDenied("The server needs setpriv (util-linux) to act as another user")
    groups = ",".join(map(str, identity.groups))
    user = [f"--reuid={identity.uid}", f"--regid={identity.gid}", f"--groups={groups}"]
    return [setpriv, *user, "--inh-caps=-all", "--"]
