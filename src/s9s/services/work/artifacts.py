"""Files that background work makes: written once, read by range, deleted when their time is over.

A name is the item's id, its fencing number and what kind of file it is: two workers that both believe to
hold an item never write to the same file, and whatever no item knows of any more can be told and deleted.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, BinaryIO, Final

from s9s.domain.work import Stored, WorkItem
from s9s.storage.files import FileStore, Writing

#: Bytes of a piece that is read at once.
PIECE: Final = 1 << 18

_NAME: Final = re.compile(r"(?P<item>[a-z]+_[0-9a-f]+)-(?P<fence>\d+)\.(?P<kind>[a-z0-9.]+)", re.ASCII)


def name_of(item: WorkItem, kind: str = "file") -> str:
    """The name of a file that an item makes with the lease that it holds: ``exp_5f0c-1.file``.

    Args:
        item: As it was leased.
        kind: Tells several files of an item apart.
    """
    return f"{item.item_id}-{item.fence}.{kind}"


class Sink:
    """A binary file that is being written, from any one thread at a time; counts and digests what it gets."""

    closed = False
    mode = "wb"

    def __init__(self, name: str, writing: Writing) -> None:
        self.name = name
        self.size = 0
        self._writing = writing
        self._digest = sha256()

    def write(self, data: Any) -> int:
        """Append bytes. Raises `OSError`."""
        view = memoryview(data).cast("B")
        self._digest.update(view)
        self._writing.write(view)
        self.size += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """For libraries that want to call it: there is nothing to do before the end."""

    def close(self) -> None:
        """For libraries that want to call it."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    @property
    def stored(self) -> Stored:
        """The file as it is by now."""
        return Stored(name=self.name, size=self.size, sha256=self._digest.hexdigest())


class Artifacts:
    """The files. Raises `OSError` where the disk, or the storage elsewhere, does not do its part."""

    def __init__(self, store: FileStore) -> None:
        self._store = store

    @asynccontextmanager
    async def create(self, name: str) -> AsyncIterator[Sink]:
        """A new file; it is there, whole and durable, when the block ends well, and not at all else."""
        writing = await asyncio.to_thread(self._store.create, name)
        try:
            yield Sink(name, writing)
            await asyncio.to_thread(writing.commit)
        except BaseException:
            await asyncio.to_thread(writing.abort)
            raise

    def reader(self, name: str) -> BinaryIO:
        """A file to read and to seek in; blocks. Raises `FileNotFoundError`."""
        return self._store.open(name)

    async def open(self, name: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end` (exclusive) in pieces. Raises `FileNotFoundError` at once."""
        file = await asyncio.to_thread(self._store.open, name)

        async def pieces() -> AsyncIterator[bytes]:
            left = None if end is None else end - start
            try:
                await asyncio.to_thread(file.seek, start)
                while left is None or left > 0:
                    piece = await asyncio.to_thread(file.read, PIECE if left is None else min(PIECE, left))
                    if not piece:
                        return
                    yield bytes(piece)
                    left = None if left is None else left - len(piece)
            finally:
                file.close()

        return pieces()

    async def delete(self, name: str) -> None:
        """Remove a file, if it is there."""
        await asyncio.to_thread(self._store.delete, name)

    async def sweep(self, is_wanted: Callable[[str, int, str], bool], before: float) -> int:
        """Delete what nobody wants any more: what a killed process left behind.

        Args:
            is_wanted: Asked with an item's id, a fencing number and the kind of file.
            before: Files that were written to later are left alone; epoch seconds.

        Returns:
            How many were deleted.
        """

        def work() -> int:
            found = [name for name, at in self._store.names() if at < before]
            gone = [name for name in found if (one := _NAME.fullmatch(name)) and not wanted(one)]
            for name in gone:
                self._store.delete(name)
            return len(gone)

        def wanted(one: re.Match[str]) -> bool:
            return is_wanted(one["item"], int(one["fence"]), one["kind"])

        return await asyncio.to_thread(work)
