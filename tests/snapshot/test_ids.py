"""Ids to slots, against a dictionary."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.snapshot import ids
from s9s.snapshot.ids import Ids

IDS = st.integers(0, 12)


@pytest.fixture(autouse=True, scope="module")
def _few_wait() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "_WAITING", 3)
        yield


@given(st.lists(st.tuples(IDS, st.none() | st.integers(0, 5))))
def test_what_was_put_is_found_until_it_is_dropped(changes: list[tuple[int, int | None]]) -> None:
    found, known = Ids(), dict[int, int]()
    for numeric_id, slot in changes:
        if numeric_id in known:
            del known[numeric_id]
            found.drop(numeric_id)
        if slot is not None:
            known[numeric_id] = slot
            found.put(numeric_id, slot)
        assert len(found) == len(known)
        assert found.find(range(13)) == [known.get(one) for one in range(13)]
        assert [found.get(one) for one in range(13)] == [known.get(one) for one in range(13)]
