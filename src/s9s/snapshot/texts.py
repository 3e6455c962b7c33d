"""Many short texts, searched for a word all at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.float32]

#: How well a word fits where it is found: all of a text, its beginning, a word of it, the beginning of one,
#: anywhere.
EXACT, PREFIX, WORD, WORD_PREFIX, INSIDE = 1.0, 0.85, 0.75, 0.7, 0.5

#: Texts are made anew when more than so many, and more than this share, have changed.
_MENDED: Final = 256
_MENDED_SHARE: Final = 1 / 16
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

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The words that there are, of three letters and more; for typos."""
        return frozenset(token.decode() for token in set(_TOKEN.findall(self._bytes)))


class MendedTexts:
    """Texts of which few have changed: as if they had been made anew, but for the work.

    Args:
        base: What they were.
        changed: By place what there is now; ``None``: nothing.
        length: How many there are now.
    """

    def __init__(self, base: Texts, changed: Mapping[int, str | None], length: int) -> None:
        self._base = base
        self._places = np.fromiter(changed, np.int64, len(changed))
        self._fresh = Texts(changed.values())
        self._length = length

    def __len__(self) -> int:
        return self._length

    def find(self, word: str) -> Weights | None:
        """As `Texts.find`."""
        old, new = self._base.find(word), self._fresh.find(word)
        if old is None and new is None:
            return None
        weights = np.zeros(self._length, np.float32)
        if old is not None:
            weights[: len(old)] = old
        weights[self._places] = 0 if new is None else new
        return weights

    @property
    def tokens(self) -> frozenset[str]:
        """As `Texts.tokens`, and perhaps some that there are no longer."""
        return self._base.tokens | self._fresh.tokens


class KeptTexts:
    """Texts that are told again and again, most of them as they were."""

    def __init__(self) -> None:
        self._values: list[str] = []
        self._texts = Texts([])

    def of(self, values: Sequence[str]) -> Texts | MendedTexts:
        """These texts; as many as before are taken for the same ones in the same order."""
        if len(values) == len(self._values):
            pairs = enumerate(zip(self._values, values, strict=True))
            changed = {place: now for place, (before, now) in pairs if now is not before and now != before}
            if len(changed) <= mended_at_most(len(values)):
                return MendedTexts(self._texts, changed, len(values)) if changed else self._texts
        self._values, self._texts = list(values), Texts(values)
        return self._texts


def mended_at_most(texts: int) -> int:
    """Of so many texts, how many may have changed before it is better to make all anew."""
    return _MENDED + int(_MENDED_SHARE * texts)
