"""Lists that are half in memory and half in the database are like lists in one place."""

from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from s9s.domain.history import FinishedJob
from s9s.domain.queries import JobQuery
from s9s.services.history.long_lists import Older, long_page
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords
from tests.snapshot.making import NOON
from tests.snapshot.oracle import PlainTable
from tests.storage.test_history import QUERY, a_job

SPLIT = NOON + 7
FRESH = count()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), query=QUERY)
async def test_pages_are_those_of_a_list_in_one_place(
    tmp_path: Path, data: st.DataObject, query: JobQuery
) -> None:
    jobs = [data.draw(a_job(number)) for number in range(1, data.draw(st.integers(1, 9)) + 1)]
    kept_long = frozenset(data.draw(st.sets(st.integers(1, 9))))
    whole, memory = PlainTable(), PlainTable()
    whole.add_finished(jobs)
    memory.add_finished(one for one in jobs if (one.end_time or 0) >= SPLIT or one.numeric_id in kept_long)
    cluster = f"cluster {next(FRESH)}"
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        records = HistoryRecords(database)
        await records.add(cluster, [FinishedJob(one) for one in jobs])
        # What somebody says about a hold is in no table of jobs.
        wanted = structs.replace(query, sort="submit_time") if query.sort == "hold_reason" else query
        needed = structs.replace(wanted, offset=0, limit=query.offset + query.limit)
        newer, newer_total = memory.find(needed, NOON)
        older = Older(cluster=cluster, ended_before=SPLIT, without=kept_long)
        page, total = await long_page(records, older, wanted, newer, newer_total, NOON, lambda _: None)
    found = [row.job if isinstance(row, FinishedJob) else row for row in page]
    assert (found, total) == whole.find(wanted, NOON)
