"""Secrets that the server must be able to read again, encrypted with a key that is not in the database.

What is only compared is kept as a hash. What posts are signed with cannot be: whoever gets hold of the
database alone, or of a backup of it, must not be able to sign.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Unsealable(Exception):
    """The key cannot be used, or the secret was sealed with another one; ``str()`` says why."""


class Seal:
    """Encrypts and decrypts (AES-256-GCM) with the key in a file of mode 0600, made when it is needed first.

    Several servers on one database need the same file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cipher: AESGCM | None = None

    def close(self, secret: str, purpose: str) -> bytes:
        """Seal a secret; it can be opened for the same purpose only (the id of what it belongs to).

        Raises `Unsealable`.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._key().encrypt(nonce, secret.encode(), purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> str:
        """The secret. Raises `Unsealable`."""
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._key().decrypt(nonce, content, purpose.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Unsealable(f"{purpose} was sealed with another key than that in {self._path}") from error

    def _key(self) -> AESGCM:
        if self._cipher is None:
            try:
                self._make()
                self._cipher = AESGCM(self._read())
            except OSError as error:
                raise Unsealable(f"{self._path}: {error.strerror}") from error
        return self._cipher

    def _make(self) -> None:
        """Write a key where there is none; of several processes that do so at once one wins."""
        if self._path.exists():
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
                file.flush()
                os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(new, self._path)
        finally:
            new.unlink()

    def _read(self) -> bytes:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o077:
                raise Unsealable(f"{self._path} must be a file that nobody else can read (chmod 600)")
            if status.st_uid not in (0, os.geteuid()):
                raise Unsealable(f"{self._path} belongs to uid {status.st_uid}")
            key = os.read(descriptor, _KEY_BYTES + 1)
        finally:
            os.close(descriptor)
        if len(key) != _KEY_BYTES:
            raise Unsealable(f"{self._path} does not hold a key of {_KEY_BYTES} bytes")
        return key
