"""The event log: numbers without gaps, nothing told that is not kept, and exact replays."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from s9s.domain.events import Action, Channel, Event, event
from s9s.services.live import events as service
from s9s.services.live.events import EventLog, ReplayUnavailable
from s9s.storage.database import Database, DatabaseUnavailable
from s9s.storage.events import EventRecords, State
from tests.snapshot.making import NOON, job, node


def some(*names: str) -> list[Event]:
    return [event(Channel.ALERTS, Action.CREATED, name, {"name": name}, NOON) for name in names]


async def replay(log: EventLog, since: int = 0) -> list[tuple[int, str]]:
    return [(one.sequence, one.resource_id) async for piece in log.since(since) for one in piece]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state/s9s.db"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    async with await Database.open(url) as opened:
        yield opened


@pytest.fixture
async def log(database: Database) -> AsyncIterator[EventLog]:
    made = EventLog(EventRecords(database), clock=lambda: NOON)
    assert await made.start() is None
    yield made
    await made.stop()


async def test_events_are_numbered_in_order_and_on_disk_before_anybody_hears(
    log: EventLog, database: Database
) -> None:
    heard: list[tuple[int, str]] = []
    in_time: list[bool] = []

    async def kept() -> int:
        return (await EventRecords(database).bounds())[1]

    def hear(events: Sequence[Event]) -> None:
        heard.extend((one.sequence, one.resource_id) for one in events)
        in_time.append(log.newest == events[-1].sequence)

    log.follow(hear)
    log.append(some("a", "b"))
    assert heard == []
    log.append(some("c"))
    await log.written()
    assert heard == [(1, "a"), (2, "b"), (3, "c")]
    assert all(in_time)
    assert await kept() == 3
    assert await replay(log, 1) == [(2, "b"), (3, "c")]
    assert await replay(log, 3) == []


async def test_a_new_server_goes_on_where_the_one_before_it_ended(url: str) -> None:
    for expected in (1, 3, 5):
        async with await Database.open(url) as database:
            log = EventLog(EventRecords(database))
            await log.start()
            assert log.newest == expected - 1
            log.append(some("a", "b"))
            await log.stop()
            assert log.newest == expected + 1
            assert [number for number, _ in await replay(log)] == list(range(1, expected + 2))


async def test_jobs_and_nodes_come_back_as_far_as_filters_and_permissions_need(log: EventLog) -> None:
    before, after = job(7, "PENDING", account="physics"), job(7, account="physics", command="secret")
    draft = event(Channel.JOBS, Action.UPDATE, "7", {"state": "RUNNING"}, NOON)
    log.append(
        [
            Event(
                *(getattr(draft, name) for name in Event.__struct_fields__[:6]), job=after, job_before=before
            ),
            Event(0, NOON, Channel.NODES, Action.UPDATE, "n1", draft.data, node=node("n1")),
        ]
    )
    await log.written()
    # On disk, that is: the latest ones are still in memory as they were.
    first, second = [one async for piece in log._records.walk(0) for one in piece]
    assert (first.job_before, first.job) == (before, job(7, account="physics"))
    assert bytes(first.data) == b'{"state":"RUNNING"}'
    assert second.node == node("n1")


async def test_what_cannot_be_replayed_is_refused_with_the_oldest_number(log: EventLog) -> None:
    with pytest.raises(ReplayUnavailable) as refused:
        await replay(log, 1)
    assert refused.value.details == {"oldest": 1, "newest": 0}
    log.append(some(*"abcdef"))
    await log.written()
    log.keep_state(lambda sequence: State(sequence=sequence, at=NOON, jobs=[], nodes=[]))
    await log.written()
    log.append(some("g"))
    await log.written()
    log._max_events = 1
    await log.prune()
    assert (log.oldest, log.newest) == (7, 7)
    assert await replay(log, 6) == [(7, "g")]
    with pytest.raises(ReplayUnavailable):
        await replay(log, 5)


async def test_old_events_go_but_never_those_since_the_state_that_is_kept(log: EventLog) -> None:
    log.append(some("a"))
    await log.written()
    log._keep_seconds = -10
    await log.prune()
    assert log.oldest == 1  # nothing says what was known after it
    log.keep_state(lambda sequence: State(sequence=sequence, at=NOON, jobs=[], nodes=[]))
    log.append(some("b"))
    await log.written()
    await log.prune()
    assert await replay(log, 1) == [(2, "b")]
    with pytest.raises(ReplayUnavailable):
        await replay(log, 0)


async def test_the_state_is_kept_as_of_the_events_before_it(log: EventLog, database: Database) -> None:
    jobs = [job(number) for number in range(1, 6_003)]
    log.append(some("a"))
    log.keep_state(lambda sequence: State(sequence=sequence, at=NOON, jobs=jobs, nodes=[node("n1")]))
    log.append(some("b"))
    await log.written()
    kept = await EventLog(EventRecords(database)).start()
    assert kept == State(sequence=1, at=NOON, jobs=jobs, nodes=[node("n1")])


async def test_a_database_out_of_reach_delays_events_and_loses_none(
    log: EventLog, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_RETRY_SECONDS", 0.01)
    failures = 3
    commit = database.commit

    async def failing(work: object) -> object:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise DatabaseUnavailable("gone")
        return await commit(work)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "commit", failing)
    log.append(some("a", "b"))
    await log.written()
    assert await replay(log) == [(1, "a"), (2, "b")]
    assert log.lost == 0


async def test_more_than_can_wait_is_given_up_and_counted(
    log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_WAITING", 2)
    log.append(some("a", "b", "c"))
    log.append(some("d"))
    await log.written()
    assert await replay(log) == [(1, "d")]
    assert log.lost == 1


async def test_a_follower_that_fails_is_no_other_ones_trouble(log: EventLog) -> None:
    heard: list[int] = []

    def fail(events: Sequence[Event]) -> None:
        raise RuntimeError("no")

    log.follow(fail)
    end = log.follow(lambda events: heard.extend(one.sequence for one in events))
    log.append(some("a"))
    await log.written()
    end()
    log.append(some("b"))
    await log.written()
    assert heard == [1]


# Says what followers hear, until it is killed.
APPEND = """
import asyncio, sys
from s9s.domain.events import Action, Channel, event
from s9s.services.live.events import EventLog
from s9s.storage.database import Database
from s9s.storage.events import EventRecords

async def main():
    log = EventLog(EventRecords(await Database.open(sys.argv[1])))
    await log.start()
    log.follow(lambda events: [print(one.sequence, one.resource_id, flush=True) for one in events])
    number = log.newest
    while True:
        for _ in range(7):
            number += 1
            log.append([event(Channel.JOBS, Action.UPDATE, f"r{number}", {}, 0)])
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


async def test_what_was_told_before_a_kill_is_replayed_the_same(url: str, tmp_path: Path) -> None:
    told: list[str] = []
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-c", APPEND, url], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told += [process.stdout.readline() for _ in range(60)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
        process.wait(10)
        process.stdout.close()
    heard = [(int(number), name) for number, name in (line.split() for line in told if line.endswith("\n"))]
    async with await Database.open(url) as database:
        log = EventLog(EventRecords(database))
        await log.start()
        kept = await replay(log)
    assert [number for number, _ in kept] == list(range(1, log.newest + 1))
    assert set(heard) <= set(kept)
    assert len({number for number, _ in heard}) == len(heard)


async def test_rows_are_few_however_many_events_come_at_once(log: EventLog, database: Database) -> None:
    for number in range(2_000):
        log.append(some(str(number)))
    async with asyncio.timeout(10):
        await log.written()
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM event_batches")) == 2


async def test_what_another_process_writes_in_between_is_replayed_too(
    log: EventLog, database: Database
) -> None:
    other = EventLog(EventRecords(database), clock=lambda: NOON)
    await other.start()
    log.append(some("a"))
    await log.written()
    other.append(some("b", "c"))
    await other.written()
    log.append(some("d"))
    await log.written()
    assert await replay(log, 0) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert await replay(log, 1) == [(2, "b"), (3, "c"), (4, "d")]
    assert await replay(log, 3) == [(4, "d")]
    await other.stop()
