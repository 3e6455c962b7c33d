"""Slurm's numeric ids to slots, as two arrays in the order of the ids: a tenth of what a dictionary takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

#: So many changes, or this share of all, wait to be put in order, which takes milliseconds.
_WAITING: Final = 4096
_WAITING_SHARE: Final = 1 / 8
_GONE: Final = -1


class Ids:
    """A dictionary of ids that nobody goes through."""

    def __init__(self) -> None:
        self._ids: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._slots: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        self._changed: dict[int, int] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def get(self, numeric_id: int) -> int | None:
        """The slot of an id; ``None`` for an unknown one."""
        slot = self._changed.get(numeric_id)
        if slot is None:
            # For one, a tenth of what numpy's way takes.
            ids = self._ids.data
            place = bisect_left(ids, numeric_id)
            slot = int(self._slots.data[place]) if place < len(ids) and ids[place] == numeric_id else _GONE
        return None if slot == _GONE else slot

    def find(self, numeric_ids: Sequence[int]) -> list[int | None]:
        """The slot of each id; ``None`` for an unknown one."""
        wanted = np.array(numeric_ids, np.int64)
        places = self._ids.searchsorted(wanted)
        slots = [_GONE] * len(wanted)
        if len(self._ids):
            is_there = self._ids.take(places, mode="clip") == wanted
            slots = np.where(is_there, self._slots.take(places, mode="clip"), _GONE).tolist()
        changed = self._changed
        found = (changed.get(one, slot) for one, slot in zip(numeric_ids, slots, strict=True))
        return [None if slot == _GONE else slot for slot in found]

    def put(self, numeric_id: int, slot: int) -> None:
        """An id that is not here has this slot from now on."""
        self._length += 1
        self._change(numeric_id, slot)

    def drop(self, numeric_id: int) -> None:
        """An id that is here has no slot any longer."""
        self._length -= 1
        self._change(numeric_id, _GONE)

    def _change(self, numeric_id: int, slot: int) -> None:
        self._changed[numeric_id] = slot
        if len(self._changed) < max(_WAITING, _WAITING_SHARE * len(self._ids)):
            return
        ids = np.concatenate([self._ids, np.fromiter(self._changed, np.int64)])
        slots = np.concatenate([self._slots, np.fromiter(self._changed.values(), np.int32)])
        # Of equal ids the last one counts: it has changed.
        order = ids.argsort(kind="stable")
        ids, slots = ids[order], slots[order]
        kept = np.append(ids[1:] != ids[:-1], True) & (slots != _GONE)
        self._ids, self._slots = ids[kept], slots[kept]
        self._changed.clear()
