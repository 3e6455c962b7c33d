import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text

from s9s.storage.database import Database, DatabaseUnavailable
from s9s.storage.migrations import configuration
from s9s.storage.tables import SCHEMA_VERSION, metadata, revisions

OPEN = """
import asyncio, sys
from s9s.storage.database import Database

async def main():
    async with await Database.open(sys.argv[1]) as database:
        print(await database.schema_version())

asyncio.run(main())
"""

# Commits one row after the other and says so, until it is killed.
WRITE = """
import asyncio, sys
from sqlalchemy import insert
from s9s.storage.database import Database
from s9s.storage.tables import revisions

async def main():
    database = await Database.open(sys.argv[1])
    number = 0
    while True:
        number += 1
        async with database.write() as connection:
            await connection.execute(insert(revisions).values(topic=f"row {number}", number=number))
        print(number, flush=True)

asyncio.run(main())
"""


async def names(database: Database) -> set[str]:
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        return {name for name in rows.scalars() if not name.startswith("finished_words")}


async def test_file_and_directory_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        async with await Database.open(f"sqlite:///{tmp_path}/state/s9s.db") as database:
            async with database.write() as connection:
                await connection.execute(insert(revisions).values(topic="a", number=1))
            files = sorted((tmp_path / "state").iterdir())
            assert [file.name for file in files] == ["s9s.db", "s9s.db-shm", "s9s.db-wal"]
            assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    finally:
        os.umask(before)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


async def test_a_file_that_others_could_read_is_closed_to_them_and_a_shared_directory_left_alone(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "s9s.db"
    file.touch(mode=0o644)
    async with await Database.open(f"sqlite:///{file}"):
        assert file.stat().st_mode & 0o777 == 0o600
        assert tmp_path.stat().st_mode & 0o777 == 0o755


async def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    def check(connection: Connection) -> None:
        config = configuration(connection)
        command.check(config)
        assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION

    async with database.write() as connection:
        await connection.run_sync(check)
    assert await names(database) == {*metadata.tables, "alembic_version"}


async def test_migrations_go_back_and_forth(database: Database) -> None:
    async with database.write() as connection:
        await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "base"))
    assert await names(database) == {"alembic_version"}
    async with database.write() as connection:
        await connection.run_sync(lambda sync: command.upgrade(configuration(sync), "head"))
    assert await names(database) == {*metadata.tables, "alembic_version"}


async def test_what_is_kept_survives_the_next_opening(url: str) -> None:
    async with await Database.open(url) as database, database.write() as connection:
        await connection.execute(insert(revisions).values(topic="a", number=7))
    async with await Database.open(url) as database, database.read() as connection:
        assert await connection.scalar(select(revisions.c.number).where(revisions.c.topic == "a")) == 7


async def test_a_migration_that_fails_leaves_nothing_behind(url: str, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with sqlite3.connect(tmp_path / "state" / "s9s.db") as other:
        # The last table that the first migration makes.
        other.execute("CREATE TABLE revisions (wrong INTEGER)")
    other.close()
    with pytest.raises(DatabaseUnavailable, match="revisions already exists"):
        await Database.open(url)
    async with await Database.open(url, create=False) as database:
        assert await names(database) == {"revisions"}
        assert await database.schema_version() is None


async def test_a_database_of_a_newer_program_is_refused(database: Database, url: str) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseUnavailable, match=r"schema 9999.* a newer S9S made it"):
        await Database.open(url)


def test_several_processes_may_make_it_at_once(url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", OPEN, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    outputs = [process.communicate(timeout=60) for process in started]
    assert outputs == [(f"{SCHEMA_VERSION}\n".encode(), b"")] * 4


def test_a_kill_loses_nothing_that_was_committed(url: str, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITE, url], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(50):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        told = 50 + len(process.stdout.read().splitlines())

    async def look() -> None:
        async with await Database.open(url) as database:
            async with database.read() as connection:
                rows = select(revisions.c.number).where(revisions.c.topic.startswith("row "))
                kept = set((await connection.execute(rows)).scalars())
                assert await connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert kept >= set(range(1, told + 1))
            # The one that was being written may be there as well, but nothing of any later one.
            assert len(kept) <= told + 1
            async with database.write() as connection:
                await connection.execute(insert(revisions).values(topic="after", number=1))

    asyncio.run(look())


async def test_writers_take_turns(database: Database) -> None:
    async def add_one() -> None:
        async with database.write() as connection:
            number = await connection.scalar(select(revisions.c.number).where(revisions.c.topic == "tokens"))
            await asyncio.sleep(0)
            await connection.execute(
                text("UPDATE revisions SET number = :number WHERE topic = 'tokens'"), {"number": number + 1}
            )

    await asyncio.gather(*(add_one() for _ in range(40)))
    async with database.read() as connection:
        assert await connection.scalar(select(revisions.c.number).where(revisions.c.topic == "tokens")) == 40


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as writer:
        await writer.execute(insert(revisions).values(topic="a", number=1))
        async with asyncio.timeout(5), database.read() as reader:
            assert await reader.scalar(select(revisions.c.number).where(revisions.c.topic == "a")) is None


async def test_an_error_takes_the_whole_transaction_back(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await connection.execute(insert(revisions).values(topic="a", number=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.read() as connection:
        assert await connection.scalar(select(revisions.c.number).where(revisions.c.topic == "a")) is None


async def test_every_connection_is_set_up(database: Database) -> None:
    async with database.read() as one, database.read() as two:
        for connection in (one, two):
            assert await connection.scalar(text("PRAGMA foreign_keys")) == 1
            assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert await connection.scalar(text("PRAGMA synchronous")) == 2


async def test_a_commit_waits_for_the_disk_unless_it_says_otherwise(database: Database) -> None:
    def level(connection: Connection) -> int:
        found: int = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        return found

    normal, full = 1, 2
    found = [await database.commit(level, flushes=flushes) for flushes in (True, False, True)]
    assert found == [full, normal, full]
    assert await database.commit_bulk(level) == full


async def test_what_does_not_wait_for_the_disk_is_done_at_once(database: Database) -> None:
    def thread(_: Connection) -> int:
        return threading.get_ident()

    assert await database.commit(thread, flushes=False) == threading.get_ident()
    assert await database.commit(thread) != threading.get_ident()


async def test_the_event_loop_never_waits_for_another_writer(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: Connection) -> None:
        begun.set()
        go_on.wait(10)

    writing = asyncio.create_task(database.commit_bulk(slow))
    await asyncio.to_thread(begun.wait, 10)
    waiting = asyncio.create_task(database.commit(lambda _: threading.get_ident(), flushes=False))
    await asyncio.sleep(0)
    assert not waiting.done()
    go_on.set()
    await writing
    assert await waiting != threading.get_ident()


async def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    text_file = tmp_path / "text.db"
    text_file.write_text("This is no database at all. " * 100)
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        await Database.open(f"sqlite:///{text_file}")
    with pytest.raises(DatabaseUnavailable, match=r"text.db: File exists"):
        await Database.open(f"sqlite:///{text_file}/s9s.db")
    with pytest.raises(DatabaseUnavailable, match="Is a directory"):
        await Database.open(f"sqlite:///{tmp_path}")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(DatabaseUnavailable, match="not a regular file"):
        await Database.open(f"sqlite:///{tmp_path}/fifo")


async def test_looking_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        await Database.open(f"sqlite:///{tmp_path}/state/s9s.db", create=False)
    assert list(tmp_path.iterdir()) == []


async def test_it_says_whether_it_is_reachable(database: Database, tmp_path: Path) -> None:
    assert await database.is_reachable()
    await database.close()
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    before = set(threading.enumerate())
    assert not await database.is_reachable()
    # The driver's thread of the connection that failed has a last word to say to this loop.
    async with asyncio.timeout(5):
        while set(threading.enumerate()) - before:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("attempt", range(6))
def test_nothing_outlives_a_database_whose_reader_was_cancelled(url: str, attempt: int) -> None:
    """The driver's thread would report to an event loop that is closed; pytest makes that an error."""

    async def main() -> set[threading.Thread]:
        async with await Database.open(url) as database:

            async def read() -> None:
                async with database.read() as connection:
                    await connection.execute(
                        text(
                            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 300000)"
                            " SELECT count(*) FROM n"
                        )
                    )

            reader = asyncio.create_task(read())
            await asyncio.sleep(0.006 * attempt)
            reader.cancel()
        return {thread for thread in threading.enumerate() if "_connection_worker_thread" in thread.name}

    assert asyncio.run(main()) == set()


@pytest.mark.parametrize("way", ["commit", "commit_bulk", "ask"])
async def test_closing_waits_for_transactions_that_nobody_waits_for_any_more(url: str, way: str) -> None:
    database = await Database.open(url)
    begun, ended = threading.Event(), threading.Event()

    def work(connection: Connection) -> None:
        for number in range(20):
            connection.execute(text("SELECT :number"), {"number": number})
            begun.set()
            time.sleep(0.01)
        ended.set()

    waiting = asyncio.create_task(getattr(database, way)(work))
    await asyncio.to_thread(begun.wait, 10)
    waiting.cancel()
    await database.close()
    assert ended.is_set()
