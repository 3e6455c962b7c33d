"""The rows under each word of a column, as far as somebody has asked for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from pyroaring import BitMap

#: Sets of one column. All of them together have as many rows as the table, or a few times that.
_WORDS: Final = 4096


class Sets:
    """Sets of rows by column and word, kept true while jobs change.

    Most changes leave all rows where they are: then only the changed ones move from one set to another, which
    costs a microsecond for each, where making a set anew costs a look at all rows.
    """

    def __init__(self) -> None:
        self._by_column: dict[str, OrderedDict[str, BitMap]] = {}

    def __contains__(self, column: str) -> bool:
        """Whether there are any of this column."""
        return column in self._by_column

    def get(self, column: str, word: str, make: Callable[[], BitMap]) -> BitMap:
        """The rows whose value goes by a word; not to be altered. `make` finds them when nobody knows."""
        sets = self._by_column.setdefault(column, OrderedDict())
        found = sets.get(word)
        if found is not None:
            sets.move_to_end(word)
            return found
        found = sets[word] = make()
        if len(sets) > _WORDS:
            sets.popitem(last=False)
        return found

    def move(
        self,
        column: str,
        rows: Iterable[int],
        before: Iterable[Iterable[str]],
        after: Iterable[Iterable[str]],
    ) -> None:
        """Rows got other values: of each the words that it went by, and those by which it goes now."""
        sets = self._by_column[column]
        for row, old, new in zip(rows, before, after, strict=True):
            for word in old:
                if word in sets:
                    sets[word].discard(row)
            for word in new:
                if word in sets:
                    sets[word].add(row)

    def clear(self) -> None:
        """Rows have moved."""
        self._by_column.clear()
