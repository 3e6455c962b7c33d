"""Rows of lists, which are joined of pieces: they say what a row that is encoded as a whole says."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from s9s.api.schemas.jobs import encode_list, encode_row, job_row, join_rows
from s9s.domain.durations import format_duration
from s9s.domain.queries import Page
from tests.snapshot.making import job

NOW = 1_700_000_000


@given(st.lists(st.integers(-400 * 86_400, 400 * 86_400), max_size=6))
def test_rows_are_those_that_are_encoded_as_a_whole(since: list[int]) -> None:
    """Jobs that ran for so long, or run since so long, or have not begun (0), or begin after the snapshot."""
    jobs = [
        job(number, start_time=NOW - abs(one) if one else None, end_time=NOW if one < 0 else None)
        for number, one in enumerate(since)
    ]
    jobs.append(job(99, start_time=NOW + 5))
    page = Page(items=[encode_row(one) for one in jobs], total=len(jobs), limit=50, offset=0)
    found = json.loads(encode_list(page, [one.clock for one in jobs], NOW))
    assert found["jobs"] == [msgspec.to_builtins(job_row(one, NOW)) for one in jobs]
    assert found["total"] == len(jobs)


@given(st.lists(st.integers(0, 400 * 86_400), max_size=6))
def test_elapsed_times_are_those_of_the_notation(elapsed: list[int]) -> None:
    rows = [encode_row(job(number, start_time=NOW - one)) for number, one in enumerate(elapsed)]
    found = json.loads(join_rows(rows, [NOW - one for one in elapsed], NOW, b"[", b"]"))
    assert [row["elapsed_time"] for row in found] == [format_duration(one) for one in elapsed]
