"""Rows on their way from the server to a worker: a file of batches, each a MessagePack array of columns.

Before each batch stands its length in bytes, four of them, big endian.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import msgspec

_LENGTH: Final = 4


def pack(columns: Sequence[Sequence[Any]]) -> bytes:
    """One batch, ready to be appended."""
    body = msgspec.msgpack.encode(columns)
    return len(body).to_bytes(_LENGTH, "big") + body


def batches(file: BinaryIO) -> Iterator[list[list[Any]]]:
    """The batches in order. Raises `EOFError` for a file that ends within one."""
    while head := file.read(_LENGTH):
        length = int.from_bytes(head, "big")
        body = file.read(length)
        if len(head) < _LENGTH or len(body) < length:
            raise EOFError("rows are missing")
        yield msgspec.msgpack.decode(bytes(body))
