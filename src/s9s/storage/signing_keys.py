"""Private keys in a file that nobody else can read."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from joserfc.jwk import ECKey
from msgspec import Struct

#: The one algorithm: small, and a public key of it is of no use as a secret.
ALGORITHM: Final = "ES256"
#: A key that signs is replaced after that long by itself.
ROTATION_SECONDS: Final = 30 * 86400
#: What it has signed stays verifiable that long: longer than any access token lives.
OVERLAP_SECONDS: Final = 2 * 86400
_MAX_BYTES: Final = 2**20


class UnusableKeys(Exception):
    """The file cannot be trusted or read; ``str()`` says why."""


class SigningKey(Struct, frozen=True):
    """One key. `created_at` is in epoch seconds, `jwk` a private JSON Web Key with its ``kid``."""

    created_at: int
    jwk: dict[str, Any]

    @property
    def kid(self) -> str:
        """The key's name in what it signs."""
        return str(self.jwk["kid"])


class SigningKeys:
    """The keys of one server, the newest first, in a file with mode 0600; made when the first is needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._keys: list[SigningKey] = []

    def all(self) -> list[SigningKey]:
        """Every key that may have signed something valid. Reads the file when it has changed.

        Raises `UnusableKeys`.
        """
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            self._seen, self._keys = None, []
            return self._keys
        except OSError as error:
            raise UnusableKeys(f"{self._path}: {error.strerror}") from error
        try:
            status = os.fstat(descriptor)
            seen = (status.st_ino, status.st_mtime_ns)
            if seen != self._seen:
                _check(self._path, status)
                self._keys = msgspec.json.decode(os.read(descriptor, _MAX_BYTES), type=list[SigningKey])
                self._seen = seen
        except msgspec.DecodeError as error:
            raise UnusableKeys(f"{self._path} holds no keys: {error}") from error
        finally:
            os.close(descriptor)
        return self._keys

    def current(self, now: int) -> SigningKey:
        """The key to sign with; a new one when there is none, or when the newest is too old."""
        keys = self.all()
        if keys and now - keys[0].created_at < ROTATION_SECONDS:
            return keys[0]
        return self.rotate(now, unless_younger_than=ROTATION_SECONDS)

    def rotate(self, now: int, *, keep_old: bool = True, unless_younger_than: int = 0) -> SigningKey:
        """Make a new key. Others stay as long as something valid may be signed with them.

        Args:
            now: Epoch seconds.
            keep_old: False: whatever was signed with older keys is invalid from now on.
            unless_younger_than: Seconds; a key that another process has made meanwhile is enough.
        """
        with self._locked():
            keys = self.all()
            if keys and now - keys[0].created_at < unless_younger_than:
                return keys[0]
            made = SigningKey(now, _new_jwk())
            kept = [
                key
                for key, successor in zip(keys, [made, *keys], strict=False)
                if keep_old and now - successor.created_at < OVERLAP_SECONDS
            ]
            self._write([made, *kept])
        return made

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path.with_suffix(".lock"), flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, keys: list[SigningKey]) -> None:
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(msgspec.json.encode(keys))
            file.flush()
            os.fsync(descriptor)
        new.replace(self._path)


def _new_jwk() -> dict[str, Any]:
    parameters = {"kid": f"k{secrets.token_hex(8)}", "use": "sig", "alg": ALGORITHM}
    return dict(ECKey.generate_key("P-256", parameters).as_dict(private=True))  # type: ignore[arg-type]


def _check(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableKeys(f"{path} is not a regular file")
    if status.st_uid not in (0, os.geteuid()):
        raise UnusableKeys(f"{path} belongs to uid {status.st_uid}")
    if status.st_mode & 0o077:
        raise UnusableKeys(f"{path} has mode {stat.S_IMODE(status.st_mode):04o}: chmod 600 {path}")
