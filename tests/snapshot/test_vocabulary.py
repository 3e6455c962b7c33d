"""Codes stay what they are as long as somebody uses them, and ranks follow."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from s9s.snapshot.vocabulary import NOTHING, Vocabulary

TEXTS = st.text("ab/ä0", max_size=3)


def test_a_value_keeps_its_code_while_it_is_used() -> None:
    vocabulary = Vocabulary()
    first = vocabulary.encode(["a", "b", "a", None])
    assert first.tolist() == [1, 2, 1, NOTHING]
    vocabulary.release(np.array([1, 2], np.int32))
    assert vocabulary.find(["a", "b"]) == [1]
    assert vocabulary.encode(["c", "a"]).tolist() == [2, 1], "the code of b is free for others"


def test_what_takes_the_place_of_the_last_use_keeps_the_code() -> None:
    vocabulary = Vocabulary()
    old = vocabulary.encode(["a"])
    new = vocabulary.encode(["a"])
    vocabulary.release(old)
    assert vocabulary.find(["a"]) == new.tolist()


def test_keys_find_values_and_do_not_outlive_them() -> None:
    vocabulary = Vocabulary(lambda names: names.split(","))
    codes = vocabulary.encode(["gpu,normal", "gpu", "debug", "x,x"])
    assert vocabulary.find(["gpu"]) == [1, 2]
    assert vocabulary.find(["normal", "debug", "none"]) == [1, 3]
    vocabulary.release(codes)
    assert vocabulary.find(["gpu", "normal", "debug", "x"]) == []


def test_asking_for_an_unknown_word_does_not_admit_it() -> None:
    vocabulary = Vocabulary()
    assert vocabulary.find(["never"]) == []
    assert len(vocabulary) == 1


@given(st.lists(st.tuples(st.lists(TEXTS, max_size=12), st.integers(0, 8), st.booleans()), max_size=12))
def test_ranks_are_in_the_order_of_values(steps: list[tuple[list[str], int, bool]]) -> None:
    """Whatever came and went between two looks at the ranks."""
    vocabulary, rows = Vocabulary(), []
    for come, go, look in steps:
        rows += vocabulary.encode(come).tolist()
        gone, rows = rows[:go], rows[go:]
        vocabulary.release(np.array(gone, np.int32))
        if look:
            ranks = vocabulary.ranks()
            used = sorted(set(rows), key=lambda code: vocabulary.values[code])
            places = [int(ranks[code]) for code in used]
            assert places == sorted(set(places))
            assert all(place > 0 for place in places)


def test_what_has_changed_since() -> None:
    vocabulary = Vocabulary()
    first = vocabulary.encode(["a", "b"])
    version = vocabulary.version
    assert vocabulary.changed_since(version, 5) == set()
    codes = vocabulary.encode(["c", "a"])
    vocabulary.release(first)
    assert vocabulary.changed_since(version, 5) == {codes[0], first[1]}
    assert vocabulary.changed_since(version, 1) is None
    assert vocabulary.changed_since(-1, 5) is None
