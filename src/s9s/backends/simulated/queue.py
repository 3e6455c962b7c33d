"""The jobs that wait for resources, in the order in which the scheduler considers them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from heapq import merge
from itertools import islice

from s9s.backends.simulated.records import Record

#: Partition tier, priority (both negative), numeric id.
Key = tuple[int, int, int]


class PendingQueue:
    """Eligible pending jobs by partition tier, then priority, then age.

    There is a line for each set of partitions, so that a long line for GPUs does not keep anybody from
    looking at the one for CPUs; and there are lines of jobs that stand aside because of a limit, by what
    the limit is on.
    """

    def __init__(self) -> None:
        self._lines: dict[str, list[Key]] = {}
        self._aside: dict[str, list[Key]] = {}
        self._records: dict[int, Record] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def first(self, count: int) -> list[Record]:
        """So many from each line, in order."""
        lines = (islice(line, count) for line in self._lines.values())
        return [self._records[key[2]] for key in merge(*lines)]

    def put(self, record: Record, tier: int) -> None:
        """Let a job stand in the line of its partitions where its priority says."""
        # What clients submit has lines of its own: a long queue of synthetic jobs must not hide it.
        name = f"{record.job.partition} really" if record.batch is not None else record.job.partition
        self._place(record, self._lines, name, tier)

    def move(self, record: Record, tier: int) -> None:
        """Let a job that is in move to where its changed priority says, in its line."""
        if record.place is not None:
            lines, name, _ = record.place
            self._place(record, lines, name, tier)

    def set_aside(self, record: Record, limit: str, tier: int) -> None:
        """Let a job stand aside until there is news of what its limit is on."""
        self._place(record, self._aside, limit, tier)

    def first_aside(self, limit: str, count: int) -> list[Record]:
        """The first jobs that stand aside because of this limit."""
        return [self._records[key[2]] for key in islice(self._aside.get(limit, ()), count)]

    def remove(self, record: Record) -> None:
        """Take a job out, if it is in."""
        place = record.place
        if place is None:
            return
        lines, name, key = place
        line = lines[name]
        del line[bisect_left(line, key)]
        if not line:
            del lines[name]
        del self._records[key[2]]
        record.place = None

    def _place(self, record: Record, lines: dict[str, list[Key]], name: str, tier: int) -> None:
        self.remove(record)
        key = (-tier, -(record.job.priority or 0), record.job.numeric_id)
        insort(lines.setdefault(name, []), key)
        record.place = (lines, name, key)
        self._records[key[2]] = record
