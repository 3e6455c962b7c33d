"""The order of submission, beyond what `test_query` compares."""

from __future__ import annotations

from s9s.domain.changes import Changes
from s9s.domain.queries import JobQuery
from s9s.snapshot.query import find
from s9s.snapshot.store import JobTable
from tests.snapshot.making import job

LARGEST_ID = 2**26 - 1
#: In 2038, 32 bits do not hold it any more; in 2106 they do not without a sign.
LATE = [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1]


def test_no_time_and_no_id_of_slurms_is_too_large() -> None:
    table = JobTable()
    jobs = [job(LARGEST_ID - number, submit_time=at) for number, at in enumerate(LATE)]
    table.apply(Changes(asked_at=1.0, changed=jobs[::-1], removed=[], complete=True))
    found = find(table, JobQuery(descending=False), 0)
    assert [table.jobs[slot].submit_time for slot in found.slots] == LATE
