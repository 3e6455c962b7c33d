from __future__ import annotations

import numpy as np

from s9s.snapshot.memo import Memo


def never() -> np.ndarray:  # type: ignore[type-arg]
    raise AssertionError("the answer is known")


def test_answers_are_worked_out_once_until_something_changes() -> None:
    memo = Memo()
    assert memo.get("question", lambda: np.arange(3)).tolist() == [0, 1, 2]
    assert memo.get("question", never).tolist() == [0, 1, 2]
    memo.clear()
    assert memo.get("question", lambda: np.arange(1)).tolist() == [0]


def test_the_least_recently_asked_goes_when_there_are_too_many() -> None:
    memo = Memo(capacity=3 * 9000)
    for question in "abc":
        memo.get(question, lambda: np.zeros(1000))
    memo.get("a", never)
    memo.get("d", lambda: np.zeros(1000))
    memo.get("a", never)
    memo.get("c", never)
    assert memo.get("b", lambda: np.ones(1)).tolist() == [1]


def test_one_answer_that_is_too_large_is_kept_alone() -> None:
    memo = Memo(capacity=10)
    memo.get("large", lambda: np.zeros(1000))
    memo.get("large", never)
