"""The newest events in memory, so that whoever was away for a moment costs the database nothing."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

from msgspec import Struct

from s9s.domain.events import Event
from s9s.storage.events import unpack_events

#: What was asked for stays unpacked for so long: many come back at once.
_UNPACKED_SECONDS: Final = 10.0


class _Batch(Struct):
    first: int
    last: int
    packed: bytes
    events: list[Event] | None = None
    asked_at: float = 0.0


class Recent:
    """Events packed as they are on disk: they take a tenth of what they do otherwise.

    Args:
        least: Older ones go when there are so many without them.
        clock: Seconds.
    """

    def __init__(self, least: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._least = least
        self._clock = clock
        self._batches: deque[_Batch] = deque()

    def add(self, events: Sequence[Event], packed: bytes) -> None:
        """Events that have been written together. After a gap in the numbers those before it go."""
        first, last = events[0].sequence, events[-1].sequence
        if self._batches and self._batches[-1].last + 1 != first:
            self._batches.clear()
        self._batches.append(_Batch(first, last, packed))
        while last - self._batches[0].last >= self._least:
            self._batches.popleft()
        long_ago = self._clock() - _UNPACKED_SECONDS
        for batch in self._batches:
            if batch.events is not None and batch.asked_at < long_ago:
                batch.events = None

    def after(self, sequence: int, last: int) -> list[Event] | None:
        """The next few events after a number, up to `last`; ``None`` where the next one is not here."""
        wanted = sequence + 1
        if not self._batches or not self._batches[0].first <= wanted <= self._batches[-1].last:
            return None
        batch = next(one for one in self._batches if wanted <= one.last)
        batch.asked_at = self._clock()
        if batch.events is None:
            batch.events = list(map(Event.numbered, unpack_events(batch.packed), count(batch.first)))
        return batch.events[wanted - batch.first : last + 1 - batch.first]
