import pytest

from s9s.storage import notes
from s9s.storage.database import Database
from s9s.storage.notes import HoldNotes

NOW = 1_800_000_000


@pytest.fixture
def hold_notes(database: Database) -> HoldNotes:
    return HoldNotes(database)


async def test_a_reason_is_kept_for_one_submission_on_one_cluster(hold_notes: HoldNotes) -> None:
    await hold_notes.put("one", 7, 100, "licence server is down", "alice", NOW)
    await hold_notes.put("one", 7, 200, "the id came round again", "bob", NOW)
    await hold_notes.put("two", 7, 100, "another cluster", "bob", NOW)
    assert await hold_notes.all("one") == {
        (7, 100): "licence server is down",
        (7, 200): "the id came round again",
    }
    assert await hold_notes.all("two") == {(7, 100): "another cluster"}
    assert await hold_notes.all("three") == {}


async def test_a_later_reason_replaces_the_earlier_one(hold_notes: HoldNotes) -> None:
    await hold_notes.put("one", 7, 100, "first", "alice", NOW)
    await hold_notes.put("one", 7, 100, "second", "alice", NOW + 1)
    assert await hold_notes.all("one") == {(7, 100): "second"}


async def test_removing_takes_one_and_may_be_repeated(hold_notes: HoldNotes) -> None:
    await hold_notes.put("one", 7, 100, "a", "alice", NOW)
    await hold_notes.put("one", 8, 100, "b", "alice", NOW)
    for _ in range(2):
        await hold_notes.remove("one", 7, 100)
    assert await hold_notes.all("one") == {(8, 100): "b"}


async def test_their_number_and_their_length_are_bounded(
    hold_notes: HoldNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes, "MAX_NOTES", 3)
    await hold_notes.put("two", 1, 100, "of another cluster", "alice", NOW - 1)
    for number in range(1, 6):
        await hold_notes.put("one", number, 100, "x" * 5000, "alice", NOW + number)
    assert await hold_notes.all("one") == {(number, 100): "x" * 1024 for number in (3, 4, 5)}
    assert len(await hold_notes.all("two")) == 1


async def test_old_ones_expire(hold_notes: HoldNotes) -> None:
    await hold_notes.put("one", 7, 100, "old", "alice", NOW - notes.MAX_AGE_SECONDS - 1)
    await hold_notes.put("one", 8, 100, "just young enough", "alice", NOW - notes.MAX_AGE_SECONDS)
    await hold_notes.put("one", 9, 100, "new", "alice", NOW)
    assert await hold_notes.all("one") == {(8, 100): "just young enough", (9, 100): "new"}
