"""Sets of rows hold what their flags say, whatever their shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.snapshot.bitmaps import all_places, pack, places, rows_at, size

#: Around the borders of words and containers.
LENGTHS = st.sampled_from([0, 1, 63, 64, 65, 4096, 65_535, 65_536, 65_537, 70_000, 140_000])


@given(LENGTHS, st.sampled_from([0.0, 0.0001, 0.06, 0.0625, 0.07, 0.5, 1.0]), st.integers(0, 2**32))
def test_packed_flags_are_the_rows_with_a_flag(length: int, share: float, seed: int) -> None:
    flags = np.random.default_rng(seed).random(length) < share
    wanted = flags.nonzero()[0].tolist()
    rows = pack(flags)
    assert all_places(rows).tolist() == wanted == list(rows)
    assert rows == rows_at(flags.nonzero()[0])
    assert len(rows) == len(wanted)


@pytest.mark.parametrize("count", [0, 4_095, 4_096, 4_097])
def test_the_border_between_places_and_bits(count: int) -> None:
    flags = np.zeros(65_536, np.bool_)
    flags[::16][:count] = True
    flags[1 : 1 + max(0, count - 4_096)] = True
    assert all_places(pack(flags)).tolist() == flags.nonzero()[0].tolist()


@given(st.integers(-10, 300), st.integers(-10, 300))
def test_a_piece_is_that_of_a_list(first: int, last: int) -> None:
    wanted = list(range(0, 600, 3))
    piece = places(rows_at(np.array(wanted)), first, last)
    assert piece.tolist() == wanted[max(0, first) : max(0, last)]


def test_pieces_reach_as_far_as_anybody_asks() -> None:
    assert places(rows_at(np.array([1, 5])), 1, 2**62).tolist() == [5]


@given(st.integers(0, 200_000), st.floats(0, 1))
def test_the_size_is_near_what_is_written(length: int, share: float) -> None:
    rows = pack(np.random.default_rng(1).random(length) < share)
    assert len(rows.serialize()) - 100 <= size(rows) <= len(rows.serialize()) + 8_192
