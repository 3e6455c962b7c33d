"""The jobs that wait for resources, in the order in which the scheduler considers them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import islice

from s9s.backends.simulated.records import Record

Key = tuple[int, int, int]


class PendingQueue:
    """Eligible pending jobs by partition tier, then priority, then age."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._records: dict[int, Record] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[Record]:
        return self.first(len(self._keys))

    def first(self, count: int) -> Iterator[Record]:
        """The first so many. The queue must not change meanwhile."""
        for key in islice(self._keys, count):
            yield self._records[key[2]]

    def put(self, record: Record, tier: int) -> None:
        """Add a job, or move it to where its priority says."""
        self.remove(record)
        key = self._place(record, tier)
        insort(self._keys, key)

    def fill(self, records: Iterable[tuple[Record, int]]) -> None:
        """Add many jobs with their tiers, none of which is in it yet."""
        self._keys.extend(self._place(record, tier) for record, tier in records)
        self._keys.sort()

    def remove(self, record: Record) -> None:
        """Take a job out, if it is in."""
        key = record.queue_key
        if key is not None:
            del self._keys[bisect_left(self._keys, key)]
            del self._records[key[2]]
            record.queue_key = None

    def _place(self, record: Record, tier: int) -> Key:
        key = (-tier, -(record.job.priority or 0), record.job.numeric_id)
        record.queue_key = key
        self._records[key[2]] = record
        return key
