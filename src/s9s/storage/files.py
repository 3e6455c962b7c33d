"""Files that work has made, in a directory of this host."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

#: What is being written has this behind its name: it is nothing yet.
_PART: Final = ".part"


class Writing(Protocol):
    """A file that is being made: bytes go in one after the other; it is there after `commit`, or never."""

    def write(self, data: Any) -> None:
        """Append bytes. Raises `OSError`."""

    def commit(self) -> None:
        """Make it appear, safe from a failure of power. Raises `OSError`."""

    def abort(self) -> None:
        """Leave nothing behind."""


class FileStore(Protocol):
    """Where files are. Names are flat: letters, digits, ``-``, ``_`` and ``.``. Every method may block."""

    def create(self, name: str) -> Writing:
        """Begin a file. Raises `OSError`."""

    def open(self, name: str) -> BinaryIO:
        """A file to read and to seek in. Raises `FileNotFoundError`, `OSError`."""

    def delete(self, name: str) -> None:
        """Remove a file, if it is there. Raises `OSError`."""

    def names(self) -> Iterator[tuple[str, float]]:
        """Every file, those being made too, and when it was last written to; epoch seconds."""


class LocalFiles:
    """A directory, made with mode 0700 when it is first needed; its files have mode 0600."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def create(self, name: str) -> Writing:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _LocalWriting(self._directory, name)

    def open(self, name: str) -> BinaryIO:
        return (self._directory / name).open("rb")

    def delete(self, name: str) -> None:
        for path in (self._directory / name, self._directory / f"{name}{_PART}"):
            path.unlink(missing_ok=True)

    def names(self) -> Iterator[tuple[str, float]]:
        with suppress(FileNotFoundError), os.scandir(self._directory) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    yield entry.name.removesuffix(_PART), entry.stat().st_mtime


class _LocalWriting:
    """A file under a temporary name."""

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory / name
        self._part = directory / f"{name}{_PART}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.fdopen(os.open(self._part, flags, 0o600), "wb", buffering=1 << 18)

    def write(self, data: Any) -> None:
        self._file.write(data)

    def commit(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def abort(self) -> None:
        # Closing writes what is left, for which there may be no room.
        with suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)
