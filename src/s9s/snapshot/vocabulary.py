"""The distinct values of one column, each with a small number that stands for it."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.signedinteger[Any]]
Flags = npt.NDArray[np.bool_]

#: The code of ``None`` in every vocabulary.
NOTHING: Final = 0

_SMALLEST: Final = 64
#: Beyond this share of newcomers one sort of everything is cheaper than finding each one's place.
_RESORT_SHARE: Final = 0.25
#: Changes that are remembered.
_REMEMBERED: Final = 8192


class Vocabulary:
    """Values to codes and back, counted, so that a value nobody uses any more is forgotten.

    A filter is asked of the few distinct values and then answered for every row by looking its code
    up in a table of booleans; a sort compares ranks instead of strings.

    Args:
        keys: The words under which a filter finds a value; by default the value itself.
    """

    def __init__(self, keys: Callable[[Any], Iterable[str]] | None = None) -> None:
        self.values: list[Any] = [None]
        """By code; ``None`` for code `NOTHING` and for codes that are free."""
        self.uses: npt.NDArray[np.int64] = np.zeros(_SMALLEST, np.int64)
        """Rows that hold each code; longer than `values`."""
        self.version = 0
        """Goes up with every value that comes or goes."""
        self._codes = _Codes(self)
        self._keys = keys
        self._by_key: dict[str, list[int]] = {}
        self._free: list[int] = []
        self._sorted: Codes | None = None
        self._ranks: Codes | None = None
        self._came: set[int] = set()
        self._went: set[int] = set()
        self._changed: deque[int] = deque(maxlen=_REMEMBERED)

    def __len__(self) -> int:
        """How many codes there are, free ones included."""
        return len(self.values)

    def encode(self, values: Sequence[Any]) -> Codes:
        """The codes of `values`; each counts as one more use."""
        if values.count(None) == len(values):
            self.uses[NOTHING] += len(values)
            return np.zeros(len(values), np.int32)
        codes = np.fromiter(map(self._codes.__getitem__, values), np.int32, len(values))
        np.add.at(self.uses, codes, 1)
        return codes

    def release(self, codes: Codes) -> None:
        """One use less for each of `codes`. Encode first what takes their place."""
        np.subtract.at(self.uses, codes, 1)
        for code in np.unique(codes[self.uses[codes] == 0]).tolist():
            if code != NOTHING:
                self._forget(code)

    def find(self, words: Iterable[str]) -> list[int]:
        """Codes of the values that any of `words` names."""
        if self._keys is None:
            return [self._codes[word] for word in words if word in self._codes]
        return sorted(set().union(*(self._by_key.get(word, ()) for word in words)))

    def words(self, code: int) -> Iterable[str]:
        """What a filter finds the value of a code by."""
        value = self.values[code]
        if value is None:
            return ()
        return (value,) if self._keys is None else self._keys(value)

    def changed_since(self, version: int, most: int) -> set[int] | None:
        """Codes whose values came or went since a version; ``None`` after more than `most` changes."""
        passed = self.version - version
        if not 0 <= passed <= min(most, len(self._changed)):
            return None
        return set(islice(reversed(self._changed), passed))

    def lookup(self, codes: Sequence[int]) -> Flags:
        """A table that is true at `codes`, to be indexed with a column."""
        table = np.zeros(len(self.values), np.bool_)
        table[codes] = True
        return table

    def ranks(self) -> Codes:
        """By code: the value's place among all values in ascending order; meaningless for free codes.

        The order is kept and mended: only the first call sorts everything.
        """
        if self._ranks is None or self._came or self._went:
            order = self._sort()
            self._ranks = np.zeros(len(self.values), np.int32)
            self._ranks[order] = np.arange(1, len(order) + 1, dtype=np.int32)
        return self._ranks

    def _sort(self) -> Codes:
        value_of = self.values.__getitem__
        order = self._sorted
        if order is None or len(self._came) > _RESORT_SHARE * len(order) + _SMALLEST:
            known = sorted(pair for pair in self._codes.items() if pair[0] is not None)
            order = np.fromiter(map(itemgetter(1), known), np.int32)
        else:
            if self._went:
                gone = self.lookup(list(self._went))
                order = order[~gone[order]]
            newcomers = sorted(self._came, key=value_of)
            places = [bisect_left(order, value_of(code), key=value_of) for code in newcomers]
            order = np.insert(order, places, newcomers)
        self._sorted = order
        self._came.clear()
        self._went.clear()
        return order

    def _admit(self, value: Any) -> int:
        self.version += 1
        if self._free:
            code = self._free.pop()
            self.values[code] = value
        else:
            code = len(self.values)
            self.values.append(value)
            if code >= len(self.uses):
                self.uses = np.concatenate([self.uses, np.zeros_like(self.uses)])
        self._codes[value] = code
        self._changed.append(code)
        if self._keys is not None:
            for key in set(self._keys(value)):
                self._by_key.setdefault(key, []).append(code)
        if self._sorted is not None:
            self._came.add(code)
        return code

    def _forget(self, code: int) -> None:
        self.version += 1
        value = self.values[code]
        self.values[code] = None
        del self._codes[value]
        self._free.append(code)
        self._changed.append(code)
        if self._keys is not None:
            for key in set(self._keys(value)):
                codes = self._by_key[key]
                codes.remove(code)
                if not codes:
                    del self._by_key[key]
        if self._sorted is not None:
            # A code that came and went between two sorts never got a place.
            if code in self._came:
                self._came.discard(code)
            else:
                self._went.add(code)


class _Codes(dict[Any, int]):
    """Value to code; looking an unknown value up admits it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self[None] = NOTHING
        self._vocabulary = vocabulary

    def __missing__(self, value: Any) -> int:
        return self._vocabulary._admit(value)
