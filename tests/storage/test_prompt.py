"""Statements that are the same each time, and the disk that is waited for beside the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import bindparam, delete, insert, select, update

from s9s.storage.database import Database, DatabaseUnavailable
from s9s.storage.prepared import Prepared, Run
from s9s.storage.tables import revisions
from tests.disk import Disk

_INSERT = Prepared(insert(revisions), "topic", "number")
_MOVE = Prepared(update(revisions).where(revisions.c.topic == bindparam("wanted")), "number")
_FIND = Prepared(
    select(revisions.c.topic, revisions.c.number).where(revisions.c.topic == bindparam("wanted"))
)
_REMOVE = Prepared(delete(revisions).where(revisions.c.topic == bindparam("wanted")))


def add(run: Run, topic: str = "a") -> int:
    run(_INSERT, {"topic": topic, "number": 1})
    return threading.get_ident()


async def has(database: Database, topic: str = "a") -> bool:
    async with database.read() as connection:
        return bool((await connection.execute(_FIND.statement, {"wanted": topic})).all())


async def test_it_is_committed_at_once_and_told_when_the_disk_has_it(
    database: Database, disk: Disk, url: str
) -> None:
    disk.may_go_on.clear()
    writing = asyncio.create_task(database.commit_prepared(add))
    await asyncio.to_thread(disk.begun.wait, 10)
    assert await has(database)
    assert not writing.done()
    disk.may_go_on.set()
    assert await writing == threading.get_ident()
    assert disk.synced == [url.removeprefix("sqlite:///") + "-wal"]


async def test_what_is_committed_early_can_be_waited_for_by_many(database: Database, disk: Disk) -> None:
    disk.may_go_on.clear()
    number, on_disk = await database.commit_early(lambda run: len(run(_FIND, {"wanted": "a"})))
    waiting = [asyncio.create_task(on_disk.wait()) for _ in range(3)]
    await asyncio.to_thread(disk.begun.wait, 10)
    waiting[0].cancel()
    await asyncio.wait(waiting[:1])
    assert number == 0
    assert not any(one.done() for one in waiting[1:])
    disk.may_go_on.set()
    await asyncio.gather(*waiting[1:])
    await on_disk.wait()


async def test_the_disk_is_at_work_before_this_thread_has_nothing_left_to_do(
    database: Database, disk: Disk
) -> None:
    await database.commit_prepared(add)
    for number in range(20):
        disk.begun.clear()
        _, on_disk = await database.commit_early(lambda run, number=number: add(run, f"{number}"))
        began_at_once = disk.begun.is_set()
        await on_disk.wait()
        if began_at_once:
            return
    pytest.fail("it began only when somebody waited")


async def test_without_a_flush_the_disk_is_not_asked(database: Database, disk: Disk) -> None:
    assert await database.commit_prepared(add, flushes=False) == threading.get_ident()
    assert await has(database)
    assert not disk.begun.is_set()


async def test_whoever_comes_while_the_disk_is_busy_shares_the_next_turn(
    database: Database, disk: Disk
) -> None:
    disk.may_go_on.clear()
    first = asyncio.create_task(database.commit_prepared(add))
    await asyncio.to_thread(disk.begun.wait, 10)
    others = [
        asyncio.create_task(database.commit_prepared(lambda run, n=n: add(run, f"{n}"))) for n in range(20)
    ]
    others[3].cancel()
    disk.may_go_on.set()
    await first
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*others)
    await asyncio.gather(*others[4:])
    assert len(disk.synced) == 2


async def test_a_disk_that_fails_is_told_and_asked_again(database: Database, disk: Disk) -> None:
    disk.fails = True
    with pytest.raises(DatabaseUnavailable, match="Input/output error"):
        await database.commit_prepared(add)
    disk.fails = False
    await database.commit_prepared(lambda run: add(run, "b"))
    assert len(disk.synced) == 1


async def test_while_somebody_else_writes_a_thread_waits(database: Database, disk: Disk) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: object) -> None:
        begun.set()
        go_on.wait(10)

    def work(run: Run) -> object:
        add(run)
        run(_MOVE, {"wanted": "a", "number": 7})
        found = run(_FIND, {"wanted": "a"})
        return found, run(_REMOVE, {"wanted": "nobody"}), threading.get_ident()

    writing = asyncio.create_task(database.commit_bulk(slow))
    await asyncio.to_thread(begun.wait, 10)
    waiting = asyncio.create_task(database.commit_prepared(work))
    await asyncio.sleep(0)
    assert not waiting.done()
    go_on.set()
    await writing
    rows, none, thread = await waiting  # type: ignore[misc]
    assert (list(rows), list(none)) == ([("a", 7)], [])
    assert thread != threading.get_ident()
    # SQLAlchemy's way has waited for the disk by itself.
    assert not disk.begun.is_set()


async def test_both_ways_give_the_same_rows(database: Database) -> None:
    def work(run: Run) -> object:
        add(run)
        return list(run(_FIND, {"wanted": "a"})), list(run(_FIND, {"wanted": "b"}))

    assert await database.commit_prepared(work) == ([("a", 1)], [])


async def test_an_error_takes_the_whole_transaction_back(database: Database) -> None:
    def work(run: Run) -> None:
        add(run)
        raise LookupError

    with pytest.raises(LookupError):
        await database.commit_prepared(work)
    assert not await has(database)
    with pytest.raises(DatabaseUnavailable, match="UNIQUE"):
        await database.commit_prepared(lambda run: (add(run), add(run)))
    assert not await has(database)
    await database.commit_prepared(add)
    assert await has(database)


async def test_the_log_does_not_grow_for_ever(database: Database, url: str) -> None:
    """Not even under writes that never leave it a moment; each of these appends a page to it."""
    await database.commit_prepared(add)
    for number in range(10_000):
        values = {"wanted": "a", "number": number}
        await database.commit_prepared(lambda run, values=values: run(_MOVE, values), flushes=False)
    assert Path(url.removeprefix("sqlite:///") + "-wal").stat().st_size < 36_000_000


async def test_closing_waits_for_the_disk(url: str, disk: Disk) -> None:
    database = await Database.open(url)
    disk.may_go_on.clear()
    waiting = asyncio.create_task(database.commit_prepared(add))
    await asyncio.to_thread(disk.begun.wait, 10)
    waiting.cancel()
    closing = asyncio.create_task(database.close())
    disk.may_go_on.set()
    await closing
    assert len(disk.synced) == 1
    assert not [one for one in threading.enumerate() if one.name == "database disk"]
    with sqlite3.connect(url.removeprefix("sqlite:///")) as other:
        assert other.execute("SELECT topic FROM revisions WHERE topic = 'a'").fetchall()
    other.close()
