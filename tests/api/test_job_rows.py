"""Rows of lists, which are joined of pieces: they say what a row that is encoded as a whole says."""

import json

from hypothesis import given
from hypothesis import strategies as st

from s9s.api.schemas.jobs import encode_list, encode_row
from s9s.domain.durations import format_duration
from s9s.domain.queries import Page
from tests.snapshot.making import job


@given(st.lists(st.integers(0, 400 * 86_400), max_size=6))
def test_elapsed_times_are_those_of_the_notation(elapsed: list[int]) -> None:
    rows = [encode_row(job(number)) for number in range(len(elapsed))]
    page = Page(items=rows, total=len(rows), limit=50, offset=0)
    found = json.loads(encode_list(page, elapsed))
    assert [row["elapsed_time"] for row in found["jobs"]] == [format_duration(one) for one in elapsed]
    assert found["total"] == len(elapsed)
