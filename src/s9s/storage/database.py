"""The database: opening, migrating, transactions."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from s9s.domain.errors import ServiceUnavailable
from s9s.storage.engines import READERS, Engines, make_engines
from s9s.storage.migrations import UnknownVersion, upgrade, version_of
from s9s.storage.prepared import Run, run_by
from s9s.storage.prompt import Prompt, checkpoint
from s9s.storage.tables import SCHEMA_VERSION

T = TypeVar("T")

#: How long `Database.close` waits for connections that are still being closed.
_CLOSE_SECONDS: Final = 5.0
#: Prompt commits, of a few pages each, after which somebody has to take the write-ahead log into the file.
_COMMITS_BETWEEN_CHECKPOINTS: Final = 128


class DatabaseUnavailable(ServiceUnavailable):
    """The database cannot be opened, read or written.

    ``str()`` says what an administrator should know, `message` what a client may.
    """

    def __init__(self, text: str) -> None:
        super().__init__("The server's database is out of reach")
        self.args = (text,)


class OnDisk:
    """What is committed and on its way to the disk; any number may wait for it."""

    def __init__(self, done: asyncio.Future[None] | None = None) -> None:
        self._done = done

    async def wait(self) -> None:
        """Until it is there. Raises `DatabaseUnavailable` when the disk fails."""
        if self._done is None:
            return
        if not self._done.done():
            await asyncio.wait([self._done])
        if (error := self._done.exception()) is not None:
            raise DatabaseUnavailable(f"the database failed: {error}") from error


class Database:
    """A pool of connections to a migrated database. Made by `open`; an async context manager that closes."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._thread = ThreadPoolExecutor(1, "database")
        self._bulk_thread = ThreadPoolExecutor(1, "database bulk")
        self._reader_threads = ThreadPoolExecutor(READERS, "database reader")
        self._prompt = None if engines.prompt is None else Prompt(engines.prompt)
        self._since_checkpoint = 0
        self._drivers: set[threading.Thread] = set()
        event.listen(engines.main.sync_engine, "connect", self._note_driver)

    @classmethod
    async def open(cls, url: str, *, create: bool = True) -> Self:
        """Connect, and bring the schema to the newest version; several processes may do so at once.

        Args:
            url: ``sqlite:////absolute/path``. A missing file is made with mode 0600, its directory with 0700.
            create: False makes nothing and changes nothing: the database is there, of whatever version.

        Raises:
            FileNotFoundError: It is not there, and is not to be made.
            DatabaseUnavailable: It cannot be reached or written, or was made by a newer version.
        """
        address = make_url(url)
        if address.drivername == "sqlite":
            path = Path(address.database or "")
            if create:
                _prepare_file(path)
            else:
                _require_file(path)
        if (engines := make_engines(address)) is None:
            raise DatabaseUnavailable(f"no driver for {address.drivername} databases")
        database = cls(engines)
        try:
            if create:
                await database._migrate()
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Close all connections. Closing twice is harmless."""
        # Whoever waited for a transaction may be gone, and its thread still be at it: a connection that is
        # closed under it takes the process down.
        for threads in (self._thread, self._bulk_thread, self._reader_threads):
            await asyncio.to_thread(threads.shutdown)
        if self._prompt is not None:
            await asyncio.to_thread(self._prompt.close)
        await self._engines.dispose()
        await asyncio.to_thread(self._join_drivers)

    def _note_driver(self, connection: Any, _: object) -> None:
        """Remember the thread that the driver has for a connection."""
        self._drivers = {thread for thread in self._drivers if thread.is_alive()}
        self._drivers.add(connection.driver_connection._thread)

    def _join_drivers(self) -> None:
        # A cancelled task's connection is closed by its thread, later, which then reports to the loop.
        deadline = time.monotonic() + _CLOSE_SECONDS
        for thread in self._drivers:
            thread.join(max(0.0, deadline - time.monotonic()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view; never waits for a writer. Raises `DatabaseUnavailable`."""
        with _translated():
            async with self._engines.main.connect() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end; the only writer meanwhile. Raises `DatabaseUnavailable`."""
        with _translated():
            async with self._engines.main.connect() as connection:
                await connection.execution_options(s9s_write=True)
                async with connection.begin():
                    yield connection

    async def commit(self, work: Callable[[Connection], T], *, flushes: bool = True) -> T:
        """What `work` returns, committed: `write` in one turn of a thread of its own.

        For what many requests wait for: `write` changes threads a dozen times, milliseconds on a busy host.
        With `flushes` false it does not wait for the disk, which takes most of the time: what is committed
        survives a kill -9 all the same, but not a power failure before the next commit that flushes. It is
        done right here, in a fifth of a millisecond, unless somebody else is writing at the moment.
        Raises `DatabaseUnavailable`.
        """
        if not flushes and self._engines.prompt is not None:
            with suppress(_Busy):
                result = _commit(self._engines.prompt, work)
                self._note_prompt()
                return result
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, _commit, self._engines.threads, work
        )

    async def commit_prepared(self, work: Callable[[Run], T], *, flushes: bool = True) -> T:
        """As `commit`, for a few statements that are the same each time; it takes less than half as long.

        It is done right here, and only the disk is waited for, unless somebody else is writing at the moment.
        Raises `DatabaseUnavailable`.
        """
        result, on_disk = await self.commit_early(work, flushes=flushes)
        await on_disk.wait()
        return result

    async def commit_early(self, work: Callable[[Run], T], *, flushes: bool = True) -> tuple[T, OnDisk]:
        """As `commit_prepared`, but the disk is at work still: whoever needs it waits for that."""
        if self._prompt is not None:
            with suppress(_Busy):
                with _translated():
                    result = self._prompt.commit(work)
                self._note_prompt()
                return result, OnDisk(self._prompt.flushed() if flushes else None)
        return await self.commit(lambda connection: work(run_by(connection))), OnDisk()

    def _note_prompt(self) -> None:
        """Have the log taken into the file now and then, by a thread for which nobody waits."""
        self._since_checkpoint += 1
        if self._since_checkpoint >= _COMMITS_BETWEEN_CHECKPOINTS:
            self._since_checkpoint = 0
            with suppress(RuntimeError):  # it is being closed, which takes the log into the file anyway
                self._bulk_thread.submit(checkpoint, self._engines.bulk)

    async def commit_bulk(self, work: Callable[[Connection], T]) -> T:
        """As `commit`, for work of many milliseconds for which no request waits.

        It has a thread of its own; while it writes, other writers wait, so cut it into pieces.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._bulk_thread, _commit, self._engines.bulk, work
        )

    async def ask(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, which only reads: `read` in one turn of a thread of its own.

        For what reads thousands of rows and makes something of each. Raises `DatabaseUnavailable`.
        """
        return await asyncio.get_running_loop().run_in_executor(self._reader_threads, self._ask, work)

    def _ask(self, work: Callable[[Connection], T]) -> T:
        with _translated(), self._engines.threads.connect() as connection, connection.begin():
            return work(connection)

    @contextmanager
    def scan(self) -> Iterator[Connection]:
        """A consistent view for a thread that reads for seconds: a connection of its own.

        Raises `DatabaseUnavailable`.
        """
        with _translated(), self._engines.scanner.connect() as connection, connection.begin():
            yield connection

    async def is_reachable(self) -> bool:
        """Whether it answers, within a second."""
        try:
            async with asyncio.timeout(1), self.read() as connection:
                await connection.execute(text("SELECT 1"))
        except (DatabaseUnavailable, TimeoutError):
            return False
        return True

    async def schema_version(self) -> str | None:
        """The version of its schema, ``None`` when it has none. Raises `DatabaseUnavailable`."""
        async with self.read() as connection:
            return await connection.run_sync(version_of)

    async def _migrate(self) -> None:
        if await self.schema_version() == SCHEMA_VERSION:
            return
        async with self.write() as connection:
            try:
                await connection.run_sync(upgrade)
            except UnknownVersion as error:
                raise DatabaseUnavailable(
                    f"the database has schema {error}, and this program knows only {SCHEMA_VERSION}: "
                    "a newer S9S made it"
                ) from None


class _Busy(DatabaseUnavailable):
    """Somebody else is writing."""


def _commit(engine: Engine, work: Callable[[Connection], T]) -> T:
    with _translated(), engine.connect() as connection:
        connection.execution_options(s9s_write=True)
        with connection.begin():
            return work(connection)


def _require_file(path: Path) -> None:
    # Not Path.exists(), which raises where a directory cannot be entered.
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path} does not exist")


def _prepare_file(path: Path) -> None:
    """Make file and directory so that nobody else can read them, whatever the umask."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise DatabaseUnavailable(f"{path} is not a regular file")
            if status.st_uid == os.geteuid() and status.st_mode & 0o077:
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DatabaseUnavailable(f"{error.filename}: {error.strerror}") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _failure(error.orig) from error
    except sqlite3.Error as error:
        raise _failure(error) from error
    except SQLAlchemyError as error:
        raise DatabaseUnavailable(f"the database failed: {error}") from error


def _failure(error: BaseException | None) -> DatabaseUnavailable:
    is_busy = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
    return (_Busy if is_busy else DatabaseUnavailable)(f"the database failed: {error}")
