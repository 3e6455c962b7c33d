"""Sets of rows as bits: one for each row of a table, in the order in which lists show them.

Whatever a filter is made of, combining it with others takes a microsecond for 100,000 rows, and so does
counting what is left.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
#: Places of rows in the order of the table.
Places = npt.NDArray[np.intp]

_WIDTH: Final = 64
#: Of so many words every bit is looked at.
_DENSE: Final = 64


def pack(flags: Flags) -> Bits:
    """One flag for each row as bits."""
    octets = np.packbits(flags, bitorder="little")
    padded = np.zeros(-(-len(flags) // _WIDTH) * 8, np.uint8)
    padded[: len(octets)] = octets
    return padded.view(np.uint64)


def nothing(rows: int) -> Bits:
    """No row of so many."""
    return np.zeros(-(-rows // _WIDTH), np.uint64)


class Chosen:
    """The rows of a set, counted."""

    def __init__(self, bits: Bits) -> None:
        self._bits = bits
        self._counts = np.bitwise_count(bits)
        self.total = int(self._counts.sum())

    def places(self, first: int, last: int) -> Places:
        """Where the rows number `first` to `last` of the set, the last left out, stand in the table."""
        first, last = max(0, first), min(last, self.total)
        if first >= last:
            return np.zeros(0, np.intp)
        ends = self._ends(last)
        low, high = ends.searchsorted((first, last - 1), "right").tolist()
        before = int(ends[low - 1]) if low else 0
        span = self._bits[low : high + 1]
        if high - low < _DENSE:
            found = np.unpackbits(span.view(np.uint8), bitorder="little").view(np.bool_).nonzero()[0]
            dense: Places = found[first - before : last - before] + low * _WIDTH
            return dense
        # Of a sparse set most words are empty: what is unpacked is no more than there are rows asked for.
        words = span.nonzero()[0]
        found = np.unpackbits(span.take(words).view(np.uint8), bitorder="little").view(np.bool_)
        places = found.nonzero()[0][first - before : last - before]
        rows: Places = (words.take(places >> 6) + low << 6) + (places & 63)
        return rows

    def _ends(self, last: int) -> npt.NDArray[np.int32]:
        """How many rows of the set there are up to the end of each word, as far as `last` of them go."""
        counts = self._counts
        # Most pages are near the beginning, and most sets are spread evenly.
        guess = last * len(counts) * 3 // (self.total * 2) + _WIDTH
        if guess < len(counts):
            ends = counts[:guess].cumsum(dtype=np.int32)
            if ends[-1] >= last:
                return ends
        return counts.cumsum(dtype=np.int32)
