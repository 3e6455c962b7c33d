"""Answers that hold as long as nothing changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, ParamSpec

import numpy.typing as npt

#: Bytes that one table's answers may take together.
_CAPACITY: Final = 16_000_000
#: What an answer takes besides its elements.
_OVERHEAD: Final = 500

P = ParamSpec("P")


class Memo:
    """Arrays by question, the least recently asked given up first."""

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._size = 0
        self._answers: OrderedDict[Hashable, npt.NDArray[Any]] = OrderedDict()

    def get(
        self,
        question: Hashable,
        answer: Callable[P, npt.NDArray[Any]],
        *arguments: P.args,
        **options: P.kwargs,
    ) -> npt.NDArray[Any]:
        """The answer from last time, else `answer(...)`."""
        known = self._answers.get(question)
        if known is not None:
            self._answers.move_to_end(question)
            return known
        known = self._answers[question] = answer(*arguments, **options)
        self._size += known.nbytes + _OVERHEAD
        while self._size > self._capacity and len(self._answers) > 1:
            self._size -= self._answers.popitem(last=False)[1].nbytes + _OVERHEAD
        return known

    def clear(self) -> None:
        """Something changed."""
        self._answers.clear()
        self._size = 0
