"""How far a reader is in a file that grows, and whether it is that file still."""

from __future__ import annotations

import hashlib

from msgspec import Struct

from s9s.backends.base import OpenFile


class Mark(Struct, frozen=True):
    """Where somebody was in a file."""

    offset: int
    """Bytes that they have."""
    length: int
    """Of how many of them, the last ones,"""
    digest: str
    """this is the `digest`: other bytes there mean that the file has begun anew."""

    @classmethod
    def after(cls, offset: int, last: bytes) -> Mark:
        """The place `offset` bytes into a file, before which the bytes `last` stand."""
        return cls(offset, len(last), digest(last))

    def is_in(self, file: OpenFile) -> bool:
        """Whether what the reader has is what the file begins with, as far as its last bytes tell; blocks."""
        return digest(file.read_at(self.offset - self.length, self.length)) == self.digest


def digest(content: bytes) -> str:
    """By which a part of a file is known again."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()
