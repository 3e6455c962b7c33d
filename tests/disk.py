"""The disk of a database, under control."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable


class Disk:
    """What syncs the write-ahead log."""

    def __init__(self, sync: Callable[[int], None]) -> None:
        self.synced: list[str] = []
        """Files, in the order in which it was done."""
        self.begun = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.fails = False
        self._sync = sync

    def __call__(self, file: int) -> None:
        self.begun.set()
        assert self.may_go_on.wait(30)
        if self.fails:
            raise OSError(5, "Input/output error")
        self.synced.append(os.readlink(f"/proc/self/fd/{file}"))
        self._sync(file)
