"""Who slurmrestd takes us for: the headers that make a call somebody's.

slurmrestd believes the JWT in ``X-SLURM-USER-TOKEN``; 22.05 also insists on ``X-SLURM-USER-NAME``. A token
of root or SlurmUser together with another name acts as that other user, so we never send a name that the
token does not carry itself, save for root's own server (`OwnToken`).
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from joserfc import jwt
from joserfc.jwk import OctKey

from s9s.domain.errors import PermissionDenied, SlurmUnavailable

if TYPE_CHECKING:
    from s9s.backends.processes import Processes

#: A user name as useradd and directory services make them. Digits alone are refused: slurmrestd of
#: 24.11 and later takes them for a uid, and "0" for root.
_USER_NAME: Final = re.compile(r"(?!\d+\Z)[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,254}\$?\Z", re.ASCII)


class UnusableKey(Exception):
    """The cluster's JWT key cannot be used; ``str()`` says what to mend."""


class TokenSource(Protocol):
    """Where the headers of a call come from."""

    def can_act_as(self, user: str) -> bool:
        """Whether calls can be made as that user."""
        ...

    @property
    def acts_as(self) -> str:
        """``anyone``, or the one user name, as in `ClusterInfo.acts_as`."""
        ...

    async def headers(self, user: str | None) -> dict[str, str]:
        """The headers for a call as `user` (``None``: as the server itself).

        Raises `PermissionDenied` for a user that cannot be acted for, `SlurmUnavailable` when no token
        can be had now.
        """
        ...

    def forget(self, user: str | None) -> None:
        """Make a new token at the next call: Slurm refused the last one."""
        ...


def _as_headers(user: str, token: str) -> dict[str, str]:
    return {"X-SLURM-USER-NAME": user, "X-SLURM-USER-TOKEN": token}


def _denied(user: str) -> PermissionDenied:
    return PermissionDenied(f"This server cannot act as {user!r} on Slurm", user=user)


class KeyTokens:
    """Mints a short-lived token for each user from the cluster's own key (``AuthAltParameters=jwt_key=``).

    Args:
        path: The key file. Its raw bytes are the key. Slurm refuses a key that others may read or
            write; so do we, and a key that its group may write.
        service_user: In whose name reads for everyone are made: root or SlurmUser, if the snapshot
            is to hold what PrivateData hides from ordinary users.
        lifetime_seconds: Of a token. It is replaced after half of that: clocks may differ by the rest.
        clock: Epoch seconds.

    Raises:
        UnusableKey: when the key cannot be read or is not kept secret.
    """

    CACHED_USERS: Final = 4096

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        service_user: str = "root",
        lifetime_seconds: int = 300,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = Path(path)
        self._service_user = service_user
        self._lifetime_seconds = lifetime_seconds
        self._clock = clock
        self._tokens: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._key, self._key_stamp = self._read_key()

    @property
    def acts_as(self) -> str:
        return "anyone"

    def can_act_as(self, user: str) -> bool:
        return _USER_NAME.match(user) is not None

    def forget(self, user: str | None) -> None:
        self._tokens.pop(user or self._service_user, None)

    async def headers(self, user: str | None) -> dict[str, str]:
        name = user if user is not None else self._service_user
        if not self.can_act_as(name):
            raise _denied(name)
        now = self._clock()
        cached = self._tokens.get(name)
        if cached is None or cached[1] <= now:
            self._reread_key()
            cached = (self._mint(name, now), now + self._lifetime_seconds / 2)
            self._tokens[name] = cached
            if len(self._tokens) > self.CACHED_USERS:
                self._tokens.popitem(last=False)
        self._tokens.move_to_end(name)
        return _as_headers(name, cached[0])

    def _reread_key(self) -> None:
        """Follow a key that was replaced."""
        try:
            if self._stamp(self._path.stat()) != self._key_stamp:
                self._key, self._key_stamp = self._read_key()
                self._tokens.clear()
        except (OSError, UnusableKey) as error:
            raise SlurmUnavailable(f"The cluster's JWT key cannot be read any more: {error}") from error

    def _mint(self, user: str, now: float) -> str:
        # Slurm takes integers only: a float as `exp` is rejected.
        claims = {"sun": user, "iat": int(now), "exp": int(now) + self._lifetime_seconds}
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def _read_key(self) -> tuple[OctKey, tuple[int, ...]]:
        try:
            # Opened once, so that what was checked is what is read.
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                content = file.read(65536)
        except OSError as error:
            raise UnusableKey(f"cannot read the JWT key {self._path}: {error.strerror}") from error
        if status.st_mode & (stat.S_IRWXO | stat.S_IWGRP):
            mode = stat.S_IMODE(status.st_mode)
            raise UnusableKey(
                f"the JWT key {self._path} has mode {mode:04o}: run `chmod o-rwx,g-w {self._path}`"
            )
        # joserfc warns below 112 bits, and so would we: Slurm's documentation makes 32 bytes.
        if len(content) < 16:
            raise UnusableKey(
                f"the JWT key {self._path} has {len(content)} bytes: make one of 32 random bytes"
            )
        return OctKey.import_key(content), self._stamp(status)

    @staticmethod
    def _stamp(status: os.stat_result) -> tuple[int, ...]:
        return (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)


class OwnToken:
    """The token that Slurm gives to whoever runs this server (``scontrol token``).

    It acts as that user only; a server that runs as root may act as anyone, since Slurm believes the
    name beside a token of root's.

    Args:
        processes: Runs the command.
        scontrol: The command, a name or a path.
        environment: ``SLURM_CONF`` and the like, if the command needs it.
        lifespan_seconds: How long a token is to live; renewed after half of that.
        clock: Epoch seconds.
    """

    TIMEOUT_SECONDS: Final = 15.0

    def __init__(
        self,
        processes: Processes,
        *,
        scontrol: str = "scontrol",
        environment: dict[str, str] | None = None,
        lifespan_seconds: int = 1800,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._processes = processes
        self._argv = [scontrol, "token", f"lifespan={lifespan_seconds}"]
        self._environment = environment or {}
        self._lifespan_seconds = lifespan_seconds
        self._clock = clock
        self._user = pwd.getpwuid(os.geteuid()).pw_name
        self._is_root = os.geteuid() == 0
        self._token = ""
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    @property
    def acts_as(self) -> str:
        return "anyone" if self._is_root else self._user

    def can_act_as(self, user: str) -> bool:
        return user == self._user or (self._is_root and _USER_NAME.match(user) is not None)

    def forget(self, user: str | None) -> None:
        self._renew_at = 0.0

    async def headers(self, user: str | None) -> dict[str, str]:
        name = user if user is not None else self._user
        if not self.can_act_as(name):
            raise _denied(name)
        async with self._renewing:
            if self._renew_at <= self._clock():
                self._token = await self._ask()
                self._renew_at = self._clock() + self._lifespan_seconds / 2
        return _as_headers(name, self._token)

    async def _ask(self) -> str:
        try:
            finished = await self._processes.run(
                self._argv, env=self._environment, timeout=self.TIMEOUT_SECONDS
            )
        except (OSError, TimeoutError) as error:
            raise SlurmUnavailable(f"`scontrol token` gave no token: {error}") from error
        name, _, token = finished.stdout.decode(errors="replace").strip().partition("=")
        if finished.returncode != 0 or name != "SLURM_JWT" or not token:
            # Its output may hold a token; only what it complained about is repeated.
            raise SlurmUnavailable(f"`scontrol token` gave no token: {finished.stderr.strip()[:200]}")
        return token
