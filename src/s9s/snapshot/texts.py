"""Many short texts, searched for a word all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]

#: How well a word fits where it is found: all of a text, its beginning, a word of it, the beginning of one,
#: anywhere.
EXACT, PREFIX, WORD, WORD_PREFIX, INSIDE = 1.0, 0.85, 0.75, 0.7, 0.5

_TOKEN: Final = re.compile(rb"[a-z][a-z0-9]{2,31}")
_IN_WORDS: Final = np.array([(chr(byte).isalnum() and byte < 128) or byte >= 128 for byte in range(256)])


class Texts:
    """Texts by place, in lower case, one after the other in one array of bytes.

    Args:
        values: ``None`` is a text in which nothing is ever found.
    """

    def __init__(self, values: Iterable[str | None]) -> None:
        joined = "\0".join([value or "" for value in values])
        self._bytes = f"\0{joined}\0".lower().encode("utf-8", "replace")
        self._data: npt.NDArray[np.uint8] = np.frombuffer(self._bytes, np.uint8)
        self._starts = np.flatnonzero(self._data == 0)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def find(self, word: str) -> Weights | None:
        """By place: how well the word, in lower case, fits; 0 where it does not; ``None``: nowhere."""
        needle = word.encode("utf-8", "replace")
        data, length = self._data, len(needle)
        found = np.flatnonzero(data[: len(data) - length] == needle[0]) if needle else self._starts[:0]
        for offset in range(1, length):
            if not len(found):
                return None
            found = found[data[found + offset] == needle[offset]]
        if not len(found):
            return None
        before, after = data[found - 1], data[found + length]
        begins, ends = ~_IN_WORDS[before], ~_IN_WORDS[after]
        grade = np.select(
            [(before == 0) & (after == 0), before == 0, begins & ends, begins],
            [EXACT, PREFIX, WORD, WORD_PREFIX],
            INSIDE,
        ).astype(np.float32)
        places = np.searchsorted(self._starts, found, "right") - 1
        weights = np.zeros(len(self), np.float32)
        # Of several in one text the best counts: it is written last.
        best_last = np.argsort(grade, kind="stable")
        weights[places[best_last]] = grade[best_last]
        return weights

    def tokens(self) -> set[str]:
        """The words that there are, of three letters and more; for typos."""
        return {token.decode() for token in set(_TOKEN.findall(self._bytes))}
