"""Writes that the event loop's own thread makes, and the disk that is waited for beside it. SQLite only."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Engine

from s9s.storage.engines import BUSY_SECONDS
from s9s.storage.prepared import Prepared, Run

T = TypeVar("T")

#: Pages of the log (of 4 KiB) with which writers are made to wait, so that it begins anew.
_LONG_LOG: Final = 2000
#: At most so long does the event loop wait for the thread that syncs to begin, which takes it some 50 µs.
_HAND_OVER_SECONDS: Final = 0.001


class Prompt:
    """Commits prepared statements in the thread of whoever asks.

    Args:
        engine: With one connection, which waits neither for the disk nor for other writers.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._driver: sqlite3.Connection | None = None
        self._disk = _Disk(f"{engine.url.database}-wal")

    def commit(self, work: Callable[[Run], T]) -> T:
        """What `work` returns, committed: through a kill -9, but not yet through a power failure.

        Raises `sqlite3.Error`; busy at once, before `work` is called, when somebody else is writing.
        """
        if self._driver is None:
            with closing(self._engine.raw_connection()) as connection:
                # Its pool keeps it open.
                self._driver = cast("sqlite3.Connection", connection.driver_connection)
        driver: sqlite3.Connection = self._driver

        def run(statement: Prepared, values: Mapping[str, Any] = {}, /) -> Sequence[tuple[Any, ...]]:
            return driver.execute(statement.text, values).fetchall()

        driver.execute("BEGIN IMMEDIATE")
        try:
            result = work(run)
            driver.execute("COMMIT")
        except BaseException:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            raise
        return result

    def flushed(self) -> asyncio.Future[None]:
        """Done when all that is committed by now is on disk; fails with `OSError`."""
        return self._disk.flushed()

    def close(self) -> None:
        """Wait until the disk has what is under way. Closing twice is harmless."""
        self._disk.close()


class _Disk:
    """Syncs a write-ahead log in a thread, once for all that ask in the meantime.

    It is what SQLite itself does at the end of a commit with ``synchronous = FULL``, which however would keep
    the event loop waiting. What is no longer in the log has been checkpointed, which syncs as well.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread: Thread | None = None
        self._rounds: SimpleQueue[asyncio.AbstractEventLoop | None] = SimpleQueue()
        self._syncing: list[asyncio.Future[None]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._is_off = Lock()
        self._is_off.acquire()
        self._is_closed = False

    def flushed(self) -> asyncio.Future[None]:
        if self._thread is None:
            self._thread = Thread(target=self._sync, name="database disk", daemon=True)
            self._thread.start()
        done = asyncio.get_running_loop().create_future()
        if self._is_closed:
            done.set_exception(OSError("the database is closed"))
            return done
        self._waiting.append(done)
        if not self._syncing:
            self._begin()
        return done

    def close(self) -> None:
        self._is_closed = True
        if self._thread is not None:
            self._rounds.put(None)
            self._thread.join()

    def _begin(self) -> None:
        self._syncing, self._waiting = self._waiting, []
        self._is_off.acquire(blocking=False)  # as it is unless the last round began too late
        self._rounds.put(asyncio.get_running_loop())
        # The disk is to work while this thread goes on. The other one needs the interpreter to begin, though,
        # and would get it only when this one has nothing left to do.
        self._is_off.acquire(timeout=_HAND_OVER_SECONDS)

    def _end(self, error: OSError | None) -> None:
        for done in self._syncing:
            if done.done():
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
        self._syncing = []
        if self._waiting:
            self._begin()

    def _let_go(self) -> None:
        if self._is_off.locked():
            self._is_off.release()

    def _sync(self) -> None:
        file: int | None = None
        try:
            while (loop := self._rounds.get()) is not None:
                error: OSError | None = None
                try:
                    file = _open_log(self._path) if file is None else file
                    self._let_go()
                    os.fdatasync(file)
                except OSError as caught:
                    error = caught
                loop.call_soon_threadsafe(self._end, error)
        finally:
            if file is not None:
                os.close(file)


def _open_log(path: str) -> int:
    # A new file is found again after a power failure only when its directory is on disk, too.
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def checkpoint(engine: Engine) -> None:
    """Take the write-ahead log into the file: beside the writers, unless they never leave it a moment."""
    with closing(engine.raw_connection()) as connection:
        driver = cast("sqlite3.Connection", connection.driver_connection)
        _, pages, _ = driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages < _LONG_LOG:
            return
        # With the writers' lock in hand it would wait for readers, who may take seconds.
        driver.execute("PRAGMA busy_timeout = 0").close()
        try:
            driver.execute("PRAGMA wal_checkpoint(FULL)").close()
        finally:
            driver.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}").close()
