from typing import Any

import pytest
from msgspec import structs

from s9s.domain.history import FinishedJob
from s9s.domain.queries import Visibility
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords
from s9s.storage.history_search import MAX_FOUND, HistorySearch
from tests.snapshot.making import NOON, job


def ended(number: int, **fields: Any) -> FinishedJob:
    return FinishedJob(job(number, fields.pop("state", "COMPLETED"), **fields), None)


@pytest.fixture
def records(database: Database) -> HistoryRecords:
    return HistoryRecords(database)


@pytest.fixture
def search(database: Database) -> HistorySearch:
    return HistorySearch(database)


async def ids(
    search: HistorySearch,
    question: str,
    sight: Visibility | None = None,
    before: int = 2**40,
    limit: int = 50,
) -> list[int]:
    found, total = await search.find("one", question.split(), sight, before=before, limit=limit)
    assert total >= len(found)
    return [one.job.numeric_id for one in found]


async def test_words_and_their_beginnings_in_any_field(
    records: HistoryRecords, search: HistorySearch
) -> None:
    await records.add(
        "one",
        [
            ended(1, job_name="train_gpu-large", user="alice", account="Physics"),
            ended(2, job_name="simulation", user="bob", partition="gpu", state="FAILED"),
            ended(3, job_name="gpux", user="alice", qos="high"),
        ],
    )
    await records.add("two", [ended(9, job_name="simulation")])
    assert await ids(search, "alice") == [3, 1]
    assert await ids(search, "ALICE gpu") == [1, 3], "the very word comes first"
    assert await ids(search, "gp") == [3, 2, 1]
    assert await ids(search, "sim fail") == [2]
    assert await ids(search, "physics") == [1]
    assert await ids(search, "p") == [], "one letter begins too many words"
    assert await ids(search, "train_gpu-large") == [1]
    assert await ids(search, "nothing") == await ids(search, "--- '\" *") == []
    assert await ids(search, "alice", limit=1) == [3]


async def test_what_changes_or_goes_is_found_as_it_is_then(
    records: HistoryRecords, search: HistorySearch
) -> None:
    one = ended(1, job_name="before", state="COMPLETED")
    await records.add("one", [one])
    await records.add("one", [structs.replace(one, job=structs.replace(one.job, job_name="after"))])
    assert await ids(search, "before") == []
    assert await ids(search, "after") == [1]
    again = job(
        1, "COMPLETED", job_name="requeued", submit_time=NOON + 50, requeue_count=1, end_time=NOON + 90
    )
    await records.add("one", [FinishedJob(again, None)])
    assert await ids(search, "requeued") == [1]


async def test_only_what_is_visible(records: HistoryRecords, search: HistorySearch) -> None:
    await records.add(
        "one",
        [
            ended(1, user="alice", account="a-b", partition="gpu"),
            ended(2, user="bob", account="b-a", partition="gpu"),
            ended(3, user="alice", account="b-a", partition="cpu"),
        ],
    )
    question = "simulation"
    assert await ids(search, question, Visibility(users=frozenset({"alice"}))) == [3, 1]
    assert await ids(search, question, Visibility(accounts=frozenset({"A-B"}))) == [1]
    assert await ids(search, question, Visibility()) == []
    within = Visibility(partitions=frozenset({"gpu"}), within=Visibility(users=frozenset({"alice", "-"})))
    assert await ids(search, question, within) == [1]


async def test_only_what_ended_before(records: HistoryRecords, search: HistorySearch) -> None:
    await records.add("one", [ended(number, end_time=NOON + number) for number in range(5)])
    assert await ids(search, "simulation", before=NOON + 2) == [1, 0]


async def test_of_very_many_the_latest(records: HistoryRecords, search: HistorySearch) -> None:
    await records.add("one", [ended(number) for number in range(1, MAX_FOUND + 200)])
    found, total = await search.find("one", ["simulation"], None, before=2**40, limit=3)
    assert total == MAX_FOUND
    assert [one.job.numeric_id for one in found] == [MAX_FOUND + 199, MAX_FOUND + 198, MAX_FOUND + 197]


async def test_beginnings_count_where_the_words_themselves_are_too_few(
    records: HistoryRecords, search: HistorySearch
) -> None:
    names = ("blast", "blaster", "blast", "failedrun", "x")
    await records.add("one", [ended(number, job_name=name) for number, name in enumerate(names)])
    await records.add("one", [ended(9, job_name="x", state="FAILED")])
    assert await ids(search, "blast", limit=1) == [2]
    assert await ids(search, "blast", limit=3) == [2, 0, 1]
    assert await ids(search, "failed") == [9], "a state is a word"
    assert await ids(search, "faile") == [9, 3]
