import asyncio
import hashlib
import json
import logging
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s9s.domain.audit import AuditFilter, AuditRecord
from s9s.domain.errors import ServiceUnavailable, ValidationError
from s9s.services import audit as module
from s9s.services.audit import Audit, Deed, observe
from s9s.storage.audit import AuditRecords
from s9s.storage.database import Database, DatabaseUnavailable

# Appends as fast as it can, from many tasks, and says what is written, until it is killed.
APPEND = """
import asyncio, sys
from s9s.services.audit import Audit, Deed
from s9s.storage.audit import AuditRecords
from s9s.storage.database import Database

async def main():
    async with await Database.open(sys.argv[1]) as database:
        audit = Audit(AuditRecords(database))
        async def one(name):
            count = 0
            while True:
                count += 1
                intent = await audit.begin(Deed(action=f"{name} {count}"))
                print("begun", f"{name} {count}", intent.number, flush=True)
                await audit.finish(intent, "SUCCESS")
                print("done", f"{name} {count}", intent.number, flush=True)
        await asyncio.gather(*(one(f"{sys.argv[2]}{n}") for n in range(8)))

asyncio.run(main())
"""


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s9s.db"


@pytest.fixture
async def records(file: Path) -> AsyncIterator[AuditRecords]:
    async with await Database.open(f"sqlite:///{file}") as database:
        yield AuditRecords(database)


@pytest.fixture
async def audit(records: AuditRecords) -> AsyncIterator[Audit]:
    made = Audit(records, Clock())
    yield made
    await made.stop()


def tamper(file: Path, *statements: str) -> None:
    """What somebody does who has the file and knows how to get rid of triggers."""
    with sqlite3.connect(file) as other:
        names = other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            other.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            other.execute(statement)
    other.close()


async def write_some(audit: Audit, count: int = 10) -> None:
    for number in range(1, count + 1):
        await audit.record(Deed(action=f"deed {number}", user="alice"), "SUCCESS", 200)


def deed(action: str = "cancel_job", **fields: Any) -> Deed:
    return Deed(action=action, **{"user": "alice", "credential": "tok_1", **fields})


async def test_only_outcomes_do_not_wait_for_the_disk(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, flushed = Database.commit_early, []

    async def note(database: Database, work: Any, *, flushes: bool = True) -> Any:
        flushed.append(flushes)
        return await commit(database, work, flushes=flushes)

    monkeypatch.setattr(Database, "commit_early", note)
    intent = await audit.begin(deed())
    await audit.finish(intent, "SUCCESS", 200)
    await audit.record(deed("login"), "AUTHENTICATION_FAILED", 401)
    assert flushed == [True, False, True]


async def test_a_write_is_one_entry_of_an_intent_and_its_outcome(audit: Audit) -> None:
    intent = await audit.begin(
        deed(
            address="192.0.2.1", method="DELETE", route="/v1/jobs/{job_id}", resource="jobs/7",
            what={"force": True}, request_id="r1",
        )
    )  # fmt: skip
    [pending] = (await audit.page(AuditFilter())).items
    assert pending.outcome is None
    observe("jobs/7", before="RUNNING")
    observe("jobs/7", after="CANCELLED")
    await audit.finish(intent, "SUCCESS", 200)
    page = await audit.page(AuditFilter())
    [entry] = page.items
    assert page.total == 1
    record, outcome = entry.record, entry.outcome
    assert outcome is not None
    assert (record.number, record.kind, record.at, record.what) == (
        1,
        "intent",
        1_800_000_000,
        '{"force":true}',
    )
    assert (record.user, record.credential, record.address) == ("alice", "tok_1", "192.0.2.1")
    assert (record.method, record.route, record.resource) == ("DELETE", "/v1/jobs/{job_id}", "jobs/7")
    assert (outcome.number, outcome.intent, outcome.result, outcome.status) == (2, 1, "SUCCESS", 200)
    assert (outcome.before, outcome.after) == ('{"jobs/7":"RUNNING"}', '{"jobs/7":"CANCELLED"}')


async def test_each_record_carries_the_hash_of_the_one_before(audit: Audit, records: AuditRecords) -> None:
    """Recomputed with nothing of ours, as documented."""
    await audit.record(deed("login", what={"text": 'é "\\ \x00\x1f \u2028 🙂', "n": 1.5}), "SUCCESS", 401)
    await audit.finish(await audit.begin(deed()), "SUCCESS")
    previous = bytes(32)
    seen = [record async for record in records.walk()]
    assert [record.number for record in seen] == [1, 2, 3]
    for record in seen:
        assert record.previous == previous
        values = [
            record.number, record.at, record.kind, record.intent, record.action, record.user,
            record.credential, record.address, record.method, record.route, record.resource, record.what,
            record.before,
            record.after, record.result, record.status, record.request_id, previous.hex(),
        ]  # fmt: skip
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        previous = hashlib.sha256(text.encode()).digest()
        assert record.hash == previous
    assert await records.head() == (3, previous)


_texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_texts, _texts, _texts, _texts)
def test_moving_text_from_one_field_to_the_next_changes_the_hash(
    a: str | None, b: str | None, c: str | None, d: str | None
) -> None:
    one = AuditRecord(at=1, kind="event", action=a, user=b)
    other = AuditRecord(at=1, kind="event", action=c, user=d)
    assert (one.digest() == other.digest()) is ((a, b) == (c, d))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET user = 'bob' WHERE number = 2",
        "DELETE FROM audit WHERE number = 2",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 2",
        "INSERT INTO audit (number, at, kind, previous, hash) VALUES (0, 1, 'event', x'00', x'00')",
        "UPDATE audit_head SET number = 1",
        "DELETE FROM audit_head",
    ],
)
async def test_the_database_refuses_to_change_records(audit: Audit, file: Path, statement: str) -> None:
    await write_some(audit, 3)
    with (
        sqlite3.connect(file) as other,
        pytest.raises(sqlite3.IntegrityError, match=r"^(audit records|the audit log)"),
    ):
        other.execute(statement)
    other.close()
    assert (await audit.verify()).flaws == []


@pytest.mark.parametrize(
    ("statements", "flaws"),
    [
        ([], []),
        (
            ["UPDATE audit SET user = 'bob' WHERE number = 4"],
            ["record 4 was edited: its hash does not fit what it says"],
        ),
        (
            ["UPDATE audit SET at = at + 1 WHERE number = 10"],
            ["record 10 was edited: its hash does not fit what it says"],
        ),
        (["DELETE FROM audit WHERE number = 4"], ["record 4 is missing"]),
        (["DELETE FROM audit WHERE number BETWEEN 4 AND 6"], ["records 4 to 6 are missing"]),
        (["DELETE FROM audit WHERE number = 1"], ["record 1 is missing"]),
        (["DELETE FROM audit WHERE number > 8"], ["records 9 to 10 are missing"]),
        (["DELETE FROM audit"], ["records 1 to 10 are missing"]),
        (
            [
                "UPDATE audit SET number = -number WHERE number IN (4, 6)",
                "UPDATE audit SET number = CASE number WHEN -4 THEN 6 ELSE 4 END WHERE number < 0",
            ],
            [
                "record 4 does not follow record 3: one of the two is another one",
                "record 4 is really record 6: they stand in another order",
                "record 5 does not follow record 4: one of the two is another one",
                "record 6 does not follow record 5: one of the two is another one",
                "record 6 is really record 4: they stand in another order",
                "record 7 does not follow record 6: one of the two is another one",
            ],
        ),
        (
            ["DELETE FROM audit WHERE number = 4", "UPDATE audit SET number = number - 1 WHERE number > 4"],
            ["record 4 does not follow record 3: one of the two is another one"]
            + [f"record {n} is really record {n + 1}: they stand in another order" for n in range(4, 10)]
            + ["record 10 is missing"],
        ),
        (
            ["UPDATE audit SET hash = x'" + "00" * 32 + "' WHERE number = 4"],
            [
                "record 4 was edited: its hash does not fit what it says",
                "record 5 does not follow record 4: one of the two is another one",
            ],
        ),
    ],
)  # fmt: skip
async def test_verification_says_what_was_done_and_where(
    audit: Audit, file: Path, statements: list[str], flaws: list[str]
) -> None:
    await write_some(audit)
    tamper(file, *statements)
    assert (await audit.verify()).flaws == flaws


async def test_a_chain_written_anew_is_found_by_a_hash_kept_elsewhere(
    audit: Audit, records: AuditRecords, file: Path, tmp_path: Path
) -> None:
    await write_some(audit)
    kept = await audit.verify()
    assert (kept.count, kept.number, kept.flaws) == (10, 10, [])
    tamper(file, "DELETE FROM audit", f"UPDATE audit_head SET number = 0, hash = x'{'00' * 32}'")
    await audit.record(deed("another"), "SUCCESS")
    await write_some(audit, 12)
    assert (await audit.verify()).flaws == []
    assert (await audit.verify({10: kept.hash})).flaws == ["record 10 is not the one whose hash was kept"]
    assert (await audit.verify({99: kept.hash})).flaws == ["record 99, whose hash was kept, is missing"]


async def test_an_intent_that_cannot_be_recorded_must_not_be_done(audit: Audit, file: Path) -> None:
    await write_some(audit, 1)
    with sqlite3.connect(file) as other:
        other.execute("ALTER TABLE audit RENAME TO elsewhere")
    other.close()
    with pytest.raises(ServiceUnavailable, match="nothing may be changed") as caught:
        await audit.begin(deed())
    assert str(file) not in caught.value.message


async def test_an_outcome_waits_until_it_can_be_recorded(
    audit: Audit, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.01)
    first = await audit.begin(deed("one"))
    with sqlite3.connect(file) as other:
        other.execute("ALTER TABLE audit RENAME TO elsewhere")
    await audit.finish(first, "SUCCESS")
    await audit.record(deed("login"), "AUTHENTICATION_FAILED", 401)
    assert "waits" in caplog.text
    with sqlite3.connect(file) as other:
        other.execute("ALTER TABLE elsewhere RENAME TO audit")
    other.close()
    async with asyncio.timeout(10):
        while not (await audit.page(AuditFilter(actions=frozenset({"login"})))).total:
            await asyncio.sleep(0.01)
    [login, one] = (await audit.page(AuditFilter())).items
    assert one.outcome is not None
    assert (one.outcome.result, login.record.result) == ("SUCCESS", "AUTHENTICATION_FAILED")
    assert (await audit.verify()).flaws == []


async def test_what_cannot_be_recorded_until_the_end_is_logged(
    records: AuditRecords, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audit = Audit(records, Clock())
    with sqlite3.connect(file) as other:
        other.execute("ALTER TABLE audit RENAME TO elsewhere")
    other.close()
    await audit.record(deed("login", user="mallory"), "AUTHENTICATION_FAILED", 401)
    await audit.stop()
    [lost] = [one for one in caplog.records if one.levelno == logging.ERROR and "is lost" in one.getMessage()]
    assert '"mallory"' in lost.getMessage()


async def test_what_waits_is_bounded(
    records: AuditRecords, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 5)
    audit = Audit(records, Clock())
    results = await asyncio.gather(*(audit.begin(deed()) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, ServiceUnavailable) for one in results) == 15
    await audit.stop()
    assert (await audit.page(AuditFilter())).total == 5


async def test_order_and_completeness_under_concurrency(audit: Audit, records: AuditRecords) -> None:
    async def one(number: int) -> None:
        intent = await audit.begin(deed(f"deed {number}"))
        observe(f"jobs/{number}", before=number)
        await asyncio.sleep(0)
        await audit.finish(intent, "SUCCESS")

    await asyncio.gather(*(one(number) for number in range(300)))
    page = await audit.page(AuditFilter(), limit=1000, descending=False)
    assert [entry.record.action for entry in page.items] == [f"deed {number}" for number in range(300)]
    for number, entry in enumerate(page.items):
        assert entry.outcome is not None
        assert entry.outcome.before == f'{{"jobs/{number}":{number}}}'
    verdict = await audit.verify()
    assert (verdict.count, verdict.flaws) == (600, [])


def test_a_kill_loses_nothing_that_was_told_and_two_processes_make_one_chain(file: Path) -> None:
    url = f"sqlite:///{file}"
    started = [
        subprocess.Popen([sys.executable, "-c", APPEND, url, name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b")
    ]
    told: list[str] = []
    for process in started:
        assert process.stdout is not None
        told += [process.stdout.readline() for _ in range(60)]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        told += process.stdout.read().splitlines()
        process.stdout.close()

    async def look() -> None:
        async with await Database.open(url) as database:
            records = AuditRecords(database)
            verdict = await Audit(records).verify()
            assert verdict.flaws == []
            entries = {
                entry.record.action: entry
                for entry in await records.page(
                    AuditFilter(), sort="number", limit=100_000, offset=0, descending=False
                )
            }
            whole = [line.split() for line in told if line.count(" ") == 3]
            assert len(whole) > 100
            for what, name, count, number in whole:
                entry = entries[f"{name} {count}"]
                assert entry.record.number == int(number)
                assert what == "begun" or entry.outcome is not None
            # Of those that were under way, some may have an intent only: that is what it is for.
            assert sum(entry.outcome is None for entry in entries.values()) <= 16

    asyncio.run(look())


@pytest.fixture
async def history(audit: Audit, records: AuditRecords) -> Audit:
    """Nine deeds of three users."""
    clock = audit._clock
    assert isinstance(clock, Clock)
    for number in range(9):
        clock.now = 1_800_000_000.0 + number
        user = ("alice", "bob", "carol")[number % 3]
        made = await audit.begin(
            deed(
                ("hold_job", "cancel_job")[number % 2],
                user=user,
                resource=f"jobs/{number}",
                request_id=f"r{number}",
            )
        )
        if number != 8:
            await audit.finish(made, "PERMISSION_DENIED" if number == 4 else "SUCCESS")
    return audit


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "876543210"),
        ({"users": frozenset({"bob"})}, "741"),
        ({"users": frozenset({"bob", "carol"})}, "875421"),
        ({"actions": frozenset({"cancel_job"})}, "7531"),
        ({"users": frozenset({"bob"}), "actions": frozenset({"cancel_job"})}, "71"),
        ({"resource": "jobs"}, "876543210"),
        ({"resource": "jobs/4"}, "4"),
        ({"resource": "job"}, ""),
        ({"resource": "%"}, ""),
        ({"since": 1_800_000_006}, "876"),
        ({"until": 1_800_000_001}, "10"),
        ({"since": 1_800_000_002, "until": 1_800_000_003}, "32"),
        ({"results": frozenset({"PERMISSION_DENIED"})}, "4"),
        ({"results": frozenset({"UNKNOWN"})}, "8"),
        ({"request_id": "r5"}, "5"),
    ],
)
async def test_filters(history: Audit, wanted: dict[str, Any], found: str) -> None:
    page = await history.page(AuditFilter(**wanted))
    assert "".join((entry.record.resource or "")[-1] for entry in page.items) == found
    assert page.total == len(found)


async def test_pages_and_order(history: Audit) -> None:
    page = await history.page(AuditFilter(), limit=2, offset=3, descending=False)
    assert [entry.record.resource for entry in page.items] == ["jobs/3", "jobs/4"]
    assert (page.total, page.has_more) == (9, True)


@pytest.mark.parametrize(
    ("sort", "descending", "found"),
    [
        ("number", False, "012345678"),
        ("user", False, "036147258"),
        ("user", True, "852741630"),
        ("result", False, "401235678"),
        ("status", True, "876543210"),
    ],
)
async def test_any_order(history: Audit, sort: str, descending: bool, found: str) -> None:
    page = await history.page(AuditFilter(), sort=sort, descending=descending)
    assert "".join((entry.record.resource or "")[-1] for entry in page.items) == found
    with pytest.raises(ValidationError):
        await history.page(AuditFilter(), sort="hash")


async def test_what_is_recorded_is_bounded_and_printable(audit: Audit) -> None:
    await audit.record(
        deed("x", user="a\x1b[31mb\n", resource="jobs/" + "9" * 1000, what={"ids": ["1" * 1000] * 5000}),
        "SUCCESS",
    )
    [entry] = (await audit.page(AuditFilter())).items
    assert entry.record.user == r"a\x1b[31mb\n"
    assert len(entry.record.resource or "") == 512
    what = json.loads(entry.record.what or "")
    assert what["characters"] > 5_000_000
    assert len(what["cut"]) == 4 * 1024 * 1024


async def test_what_was_made_is_found_by_its_name(audit: Audit) -> None:
    intent = await audit.begin(deed("submit_job", resource="jobs"))
    await audit.finish(intent, "SUCCESS", 201, resource="jobs/4711")
    [entry] = (await audit.page(AuditFilter(resource="jobs/4711"))).items
    assert entry.record.number == intent.number


async def test_a_success_with_failures_in_it_says_so(audit: Audit) -> None:
    intent = await audit.begin(deed("bulk_jobs"))
    observe("jobs/1", before="PENDING", after="CANCELLED")
    observe("jobs/2", error="RESOURCE_NOT_FOUND")
    await audit.finish(intent, "SUCCESS", 200)
    [entry] = (await audit.page(AuditFilter(results=frozenset({"PARTIAL"})))).items
    assert entry.outcome is not None
    assert entry.outcome.after == '{"jobs/1":"CANCELLED","jobs/2":{"error":"RESOURCE_NOT_FOUND"}}'


async def test_nothing_is_observed_when_nothing_is_recorded() -> None:
    observe("jobs/1", before="RUNNING")


async def test_a_database_out_of_reach_is_told_to_whoever_reads(audit: Audit, file: Path) -> None:
    await write_some(audit, 1)
    with sqlite3.connect(file) as other:
        other.execute("ALTER TABLE audit RENAME TO elsewhere")
    other.close()
    for read in (lambda: audit.page(AuditFilter()), audit.verify):
        with pytest.raises(DatabaseUnavailable):
            await read()
