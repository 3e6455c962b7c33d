"""Connections to the database: for each kind of use an engine of its own, set up for it once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, StaticPool

#: How long a writer waits for another one, in seconds.
BUSY_SECONDS: Final = 15.0
#: Long reads at a time.
READERS: Final = 2
#: Pages that a writer keeps in memory where thousands of rows go to the ends of many indexes.
_BULK_CACHE_KIB: Final = 16_000


class Engines(NamedTuple):
    """All that reach one database. A transaction writes when its option ``s9s_write`` is set."""

    main: AsyncEngine
    """For short reads and writes."""
    threads: Engine
    """The same for what has a thread of its own, a connection each."""
    bulk: Engine
    """For long writes."""
    prompt: Engine | None
    """For writes that wait neither for the disk nor for other writers, so that the event loop's own thread
    can make them; ``None`` where the database is no file of this host."""
    scanner: Engine
    """For reads of seconds: a new connection each."""

    async def dispose(self) -> None:
        """Close all connections that nobody uses."""
        await self.main.dispose()
        for engine in (self.threads, self.bulk, self.prompt, self.scanner):
            if engine is not None:
                await asyncio.to_thread(engine.dispose)


def make_engines(url: URL) -> Engines | None:
    """Those of a database; ``None`` where there is no driver for it."""
    if url.drivername != "sqlite":
        return None
    # The driver must not begin transactions on its own: see `_begin`.
    shared = {"timeout": BUSY_SECONDS, "isolation_level": None}
    main = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        # Each connection is a thread. Writers take turns anyway; readers are short.
        pool_size=4,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        connect_args=shared,
    )
    shared = {**shared, "check_same_thread": False}
    threads = create_engine(url, pool_size=1 + READERS, max_overflow=0, connect_args=shared)
    bulk = create_engine(url, poolclass=StaticPool, connect_args=shared)
    prompt = create_engine(url, poolclass=StaticPool, connect_args={**shared, "timeout": 0})
    scanner = create_engine(url, poolclass=NullPool, connect_args=shared)
    for engine in (main.sync_engine, threads, bulk, prompt, scanner):
        # With the write-ahead log readers never wait, and a kill -9 loses nothing that was committed.
        event.listen(engine, "connect", _pragmas("journal_mode = WAL", "foreign_keys = ON"))
        event.listen(engine, "begin", _begin)
    event.listen(bulk, "connect", _pragmas(f"cache_size = {-_BULK_CACHE_KIB}"))
    # Elsewhere `synchronous` is FULL, the default: what was revoked stays so through a power failure too.
    # Checkpoints wait for the disk; whoever commits next makes them.
    event.listen(prompt, "connect", _pragmas("synchronous = NORMAL", "wal_autocheckpoint = 0"))
    return Engines(main, threads, bulk, prompt, scanner)


def _pragmas(*pragmas: str) -> Callable[[Any, object], None]:
    def set_them(connection: Any, _: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()

    return set_them


def _begin(connection: Connection) -> None:
    # A transaction that turns from reading to writing halfway fails at once when another one has written
    # since, whatever the timeout; one that says at its beginning that it will write waits for its turn.
    writes = connection.get_execution_options().get("s9s_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
