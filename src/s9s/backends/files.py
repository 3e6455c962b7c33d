"""Files of this host, opened with the permissions of the user who asks.

Another user's files are opened by a child process that has become that user (`files_child`) and passes
the open descriptor back. The server itself opens a path for nobody but its own user.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Final

from s9s.backends import files_child
from s9s.backends.identities import Identity
from s9s.backends.processes import Processes
from s9s.domain.errors import PermissionDenied, ResourceNotFound, S9SError, SlurmUnavailable, ValidationError

#: Seconds that a child lives without a request, and in all: how soon a change of groups counts.
_IDLE: Final = 20.0
_OLDEST: Final = 60.0
_MOST_OPENERS: Final = 64

_ALLOWED: Final = "an absolute path of a regular file"


class DescriptorFile:
    """An open descriptor as `base.OpenFile`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The descriptor; it stays this object's."""
        return self._descriptor

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        pieces = []
        # One pread may give less than there is: at most 2 GiB, and what a network file system likes.
        while length > 0 and (piece := os.pread(self._descriptor, length, offset)):
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


class LocalUserFiles:
    """`base.UserFiles` on this host.

    Args:
        processes: Knows the users of the host and who the server is.
        timeout_seconds: How long a file may take to open, on a hanging file system for instance.
    """

    def __init__(self, processes: Processes, *, timeout_seconds: float = 10.0) -> None:
        self._identities = processes.identities
        self._processes = processes
        self._timeout = timeout_seconds
        self._openers: dict[str, _Opener] = {}

    async def home(self, actor: str) -> str:
        return (await self._identity(actor)).home

    async def open(self, path: str, actor: str) -> DescriptorFile:
        name = _encoded(path)
        own = self._identities.own
        try:
            if own is not None and actor == own.name:
                opening = asyncio.to_thread(_open_own, name)
            else:
                identity = await self._identity(actor)
                opening = self._opener(identity.name).open(name, identity)
            return await asyncio.wait_for(opening, self._timeout)
        except TimeoutError:
            raise SlurmUnavailable(f"File {path} did not open within {self._timeout:g} s") from None
        except OSError as error:
            raise _refusal(error.errno, path) from error

    async def close(self) -> None:
        """End the children."""
        while self._openers:
            self._openers.popitem()[1].end()

    async def _identity(self, actor: str) -> Identity:
        identity = await asyncio.to_thread(self._identities.of, actor)
        if identity is None:
            raise ResourceNotFound.of("user", actor)
        return identity

    def _opener(self, user: str) -> _Opener:
        if os.geteuid() != 0 and not self._processes.has_sudo:
            raise PermissionDenied(f"The server has no means to open files as {user}")
        opener = self._openers.pop(user, None)
        if opener is None:
            if len(self._openers) >= _MOST_OPENERS:
                self._make_room()
            opener = _Opener(self._processes)
        # So the order of the dictionary is that of use.
        self._openers[user] = opener
        return opener

    def _make_room(self) -> None:
        for user, opener in self._openers.items():
            if not opener.busy:
                opener.end()
                del self._openers[user]
                return
        raise SlurmUnavailable("Too many users are opening files")


class _Opener:
    """Opens files as one user, one at a time, with a child that is started when needed."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._turn = asyncio.Lock()
        self._child: _Child | None = None
        self._idle: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        return self._turn.locked()

    async def open(self, path: bytes, identity: Identity) -> DescriptorFile:
        async with self._turn:
            if self._idle is not None:
                self._idle.cancel()
            if self._child is not None and not self._child.serves(identity):
                self.end()
            if self._child is None:
                self._child = _Child(identity, self._processes)
            try:
                number, file = await self._child.ask(path)
            except BaseException:  # a timeout too: it may hang in that file system
                self.end()
                raise
            self._idle = asyncio.get_running_loop().call_later(_IDLE, self.end)
        if file is None:
            raise OSError(number, os.strerror(number))
        return file

    def end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._child is not None:
            self._child.end()
            self._child = None


class _Child:
    """A running `files_child`."""

    def __init__(self, identity: Identity, processes: Processes) -> None:
        self._identity = identity
        self._ends_at = time.monotonic() + _OLDEST
        self._refused = files_child.pseudo_devices()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        program = [sys.executable, "-I", "-S", files_child.__file__]
        if processes.has_sudo:
            line = [*processes.becoming(identity), *program]
        else:
            line = [*program, str(identity.uid), str(identity.gid), ",".join(map(str, identity.groups))]
        with theirs:
            # Popen itself does not change the uid, so that it can vfork: 0.3 ms instead of 12.
            self._process = subprocess.Popen(
                line,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PATH": "/usr/local/bin:/usr/bin:/bin"} if processes.has_sudo else {},
                cwd="/",
                start_new_session=True,
            )

    def serves(self, identity: Identity) -> bool:
        """Whether it can go on for that user: alive, not too old, and they are in the same groups."""
        alive = self._process.poll() is None
        return alive and identity == self._identity and time.monotonic() < self._ends_at

    async def ask(self, path: bytes) -> tuple[int, DescriptorFile | None]:
        """The error number, and the file where that is 0. Raises `OSError` when the child is gone."""
        self._socket.send(path)
        await _readable(self._socket)
        answer, descriptors, _, _ = socket.recv_fds(self._socket, 16, 1, socket.MSG_CMSG_CLOEXEC)
        files = [DescriptorFile(descriptor) for descriptor in descriptors]
        if not answer.isdigit():
            raise ConnectionResetError(errno.ECONNRESET, "the child has ended")
        if int(answer):
            return int(answer), None
        # It runs as somebody else: what it says is not taken on trust.
        files_child.require_regular(files[0].fileno(), self._refused)
        return 0, files[0]

    def end(self) -> None:
        self._socket.close()
        with suppress(PermissionError):  # sudo is root's; it ends with the child, which finds nobody there
            self._process.kill()
        # Dead in a moment, unless it hangs in a file system.
        threading.Thread(target=self._process.wait, daemon=True).start()


async def _readable(source: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    descriptor = source.fileno()  # which a closed socket no longer tells
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _open_own(path: bytes) -> DescriptorFile:
    return DescriptorFile(files_child.open_regular(path, files_child.pseudo_devices()))


def _encoded(path: str) -> bytes:
    try:
        name = os.fsencode(path)
    except UnicodeEncodeError:
        name = b""
    if not name.startswith(b"/") or b"\0" in name or len(name) > files_child.LONGEST_PATH:
        raise ValidationError.of("path", path, _ALLOWED)
    return name


def _refusal(number: int | None, path: str) -> S9SError:
    """What to tell for an errno of open(2)."""
    match number:
        case errno.ENOENT | errno.ENOTDIR:
            return ResourceNotFound.of("file", path)
        case errno.EACCES | errno.EPERM:
            return PermissionDenied(f"File {path} may not be read", path=path)
        case errno.EISDIR | errno.EINVAL | errno.ENXIO | errno.ELOOP | errno.ENAMETOOLONG:
            return ValidationError.of("path", path, _ALLOWED)
        case _:
            reason = os.strerror(number) if number else "unknown error"
            return SlurmUnavailable(f"File {path} cannot be opened now: {reason}")
