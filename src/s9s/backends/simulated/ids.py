"""Job ids that are given once: later servers go on where earlier ones stopped.

What is stored elsewhere under a job's id, or in a file named after it, must not meet another job.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

#: So many ids are noted as given at a time, so that a server which is killed gives none of them again.
_BLOCK: Final = 10_000


class JobIds:
    """Gives ids, ascending.

    Args:
        path: Where the next id is noted; the directory is made.
        first: The first id of all.
    """

    def __init__(self, path: Path, first: int) -> None:
        self._path = path
        self._next = first
        with suppress(FileNotFoundError, ValueError):
            self._next = max(first, int(path.read_text()))
        self._noted = self._next

    def next(self) -> int:
        """An id that was never given before."""
        if self._next >= self._noted:
            self._note(self._next + _BLOCK)
        self._next += 1
        return self._next - 1

    def close(self) -> None:
        """Note exactly what was given."""
        self._note(self._next)

    def _note(self, number: int) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{number}\n")
        os.replace(fresh, self._path)
        self._noted = number
