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
        #: Rows of the set up to the end of each word.
        self._ends = np.bitwise_count(bits).cumsum(dtype=np.int32)
        self.total = int(self._ends[-1]) if len(bits) else 0

    def places(self, first: int, last: int) -> Places:
        """Where the rows number `first` to `last` of the set, the last left out, stand in the table."""
        first, last = max(0, first), min(last, self.total)
        if first >= last:
            return np.zeros(0, np.intp)
        low, high = self._ends.searchsorted(first, "right"), self._ends.searchsorted(last - 1, "right")
        # Of a sparse set most words are empty: what is unpacked is no more than there are rows asked for.
        words = self._bits[low : high + 1].nonzero()[0] + low
        found = np.unpackbits(self._bits.take(words).view(np.uint8), bitorder="little").view(np.bool_)
        places = found.nonzero()[0]
        before = int(self._ends[low - 1]) if low else 0
        places = places[first - before : last - before]
        rows: Places = (words.take(places >> 6) << 6) + (places & 63)
        return rows
