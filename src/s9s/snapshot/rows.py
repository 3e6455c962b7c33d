"""The order of submission: which slot stands in which row."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

#: Slots, one for each row of something.
Rows = npt.NDArray[np.int32]
#: A key for each row or slot: submit time, then numeric id.
Keys = npt.NDArray[np.int64]

#: Slurm's ids have 26 bits (`MaxJobId`).
_ID_BITS: Final = 30
#: Rows that there is room for beyond those in use, at least, and as a share of them.
_ROOM: Final = 1024
_ROOM_SHARE: Final = 8


class RowOrder:
    """Slots by submit time, then numeric id, the earliest first.

    What is submitted later comes at the end and leaves all other rows in their places, so that sets of rows
    (`Sets`) stay true.
    """

    def __init__(self) -> None:
        self.slots: Rows = np.zeros(0, np.int32)
        """By row. Every change replaces it, none alters it."""
        self._keys: Keys = np.zeros(0, np.int64)
        self._room = self.slots, self._keys

    def rows(self, keys: Keys) -> npt.NDArray[np.intp]:
        """The rows with these keys."""
        return self._keys.searchsorted(keys)

    def change(self, out: Keys, slots: Rows, keys: Keys) -> bool:
        """Take rows out and put slots in, with a key for each; whether all other rows are where they were."""
        if len(slots):
            by_key = np.argsort(keys)
            slots, keys = slots[by_key], keys[by_key]
        if not len(out) and (not len(self._keys) or not len(keys) or keys[0] > self._keys[-1]):
            self._append(slots, keys)
            return True
        known, order = self._keys, self.slots
        if len(out):
            places = np.searchsorted(known, out)
            known, order = np.delete(known, places), np.delete(order, places)
        if len(slots):
            places = np.searchsorted(known, keys)
            known, order = np.insert(known, places, keys), np.insert(order, places, slots)
        self._room = self.slots, self._keys = order, known
        return False

    def _append(self, slots: Rows, keys: Keys) -> None:
        used, needed = len(self.slots), len(self.slots) + len(slots)
        if needed > len(self._room[0]):
            grown = needed + max(_ROOM, needed // _ROOM_SHARE)
            room = np.empty(grown, np.int32), np.empty(grown, np.int64)
            room[0][:used], room[1][:used] = self.slots, self._keys
            self._room = room
        order, known = self._room
        order[used:needed], known[used:needed] = slots, keys
        self.slots, self._keys = order[:needed], known[:needed]


def key_of(submit_time: int, numeric_id: int) -> int:
    """Where a job stands in the order: fits 63 bits until the year 2242."""
    return submit_time << _ID_BITS | numeric_id
