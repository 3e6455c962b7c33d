"""Answers that hold as long as nothing changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, ParamSpec, TypeVar

import numpy.typing as npt
from pyroaring import BitMap

from s9s.snapshot.bitmaps import size

#: Bytes that one table's answers may take together.
_CAPACITY: Final = 16_000_000
#: What an answer takes besides its elements.
_OVERHEAD: Final = 500

P = ParamSpec("P")
#: An answer.
A = TypeVar("A", npt.NDArray[Any], BitMap)


class Memo:
    """Arrays and sets of rows by question, the least recently asked given up first."""

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._capacity = capacity
        self._size = 0
        self._answers: OrderedDict[Hashable, npt.NDArray[Any] | BitMap] = OrderedDict()

    def get(
        self,
        question: Hashable,
        answer: Callable[P, A],
        *arguments: P.args,
        **options: P.kwargs,
    ) -> A:
        """The answer from last time, else `answer(...)`."""
        known = self._answers.get(question)
        if known is not None:
            self._answers.move_to_end(question)
            return known  # type: ignore[return-value]  # a question is always answered by the same function
        found = self._answers[question] = answer(*arguments, **options)
        self._size += _taken(found)
        while self._size > self._capacity and len(self._answers) > 1:
            self._size -= _taken(self._answers.popitem(last=False)[1])
        return found

    def clear(self) -> None:
        """Something changed."""
        self._answers.clear()
        self._size = 0


def _taken(answer: npt.NDArray[Any] | BitMap) -> int:
    """Bytes."""
    return _OVERHEAD + (size(answer) if isinstance(answer, BitMap) else answer.nbytes)
