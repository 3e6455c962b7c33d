"""How many jobs are in which state and partition, how many came, started and ended, how long they waited.

Counted from the columns of a `JobTable`; every unstarted task of an array counts as a job.
"""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from s9s.domain.jobs import JobState
from s9s.snapshot.arrays import count_tasks
from s9s.snapshot.columns import Columns
from s9s.snapshot.rows import Rows
from s9s.snapshot.store import JobTable
from s9s.snapshot.vocabulary import Flags

#: Counts by partition; under ``None`` those of the whole cluster. A job that waits for several partitions
#: counts in each of them.
ByPartition = dict[str | None, int]

STATES: Final = tuple(JobState)
_PLACE: Final = {state: place for place, state in enumerate(STATES)}
_LIVE: Final = np.array([not state.is_finished for state in STATES])

_tasks_in: Final = lru_cache(maxsize=1 << 16)(count_tasks)


class Waits(Struct, frozen=True, kw_only=True):
    """From eligible to start, in seconds, of the jobs that started in some span."""

    count: int = 0
    seconds_sum: int = 0
    seconds_max: int = 0


class Figures:
    """Counts over one state of a table; good until the table changes.

    Args:
        table: All jobs.
        rows: Slots of those that count; by default all.
    """

    def __init__(self, table: JobTable, rows: Rows | None = None) -> None:
        columns = self._columns = table.columns
        rows = columns.order if rows is None else rows
        if table.vanished:
            # Ended, or lost, since they were last seen: what they are now nobody knows yet.
            rows = rows.compress(~np.isin(rows, table.slots_with(table.vanished)))
        self._rows: Rows = rows
        self._states = _states(columns).take(columns.codes("status").take(rows))
        self._tasks: npt.NDArray[np.int64] = _tasks(columns).take(columns.codes("array_tasks").take(rows))
        # Only what is pending stands for several tasks.
        self._tasks[self._states != _PLACE[JobState.PENDING]] = 1

    def live(self) -> dict[str | None, dict[str, int]]:
        """Jobs that have not finished, by partition and state."""
        return self._by_state(_LIVE.take(self._states))

    def ended(self, since: float, until: float) -> dict[str | None, dict[str, int]]:
        """Jobs that ended in [since, until), by partition and state."""
        return self._by_state(self._within("end_time", since, until) & ~_LIVE.take(self._states))

    def submitted(self, since: float, until: float) -> ByPartition:
        """Jobs that were submitted in [since, until)."""
        return self._by_partition(self._within("submit_time", since, until))

    def waits(self, since: float, until: float) -> dict[str | None, Waits]:
        """Of the jobs that started in [since, until), by partition."""
        chosen = np.flatnonzero(self._within("start_time", since, until))
        rows = self._rows.take(chosen)
        number = self._columns.numbers
        eligible, submitted = number("eligible_time").take(rows), number("submit_time").take(rows)
        since_when = np.where(np.isnan(eligible), submitted, eligible)
        seconds = np.maximum(0, number("start_time").take(rows) - since_when)
        codes = self._columns.codes("partition").take(rows)
        counts, sums = np.bincount(codes), np.bincount(codes, weights=seconds)
        longest = np.zeros(len(counts))
        np.maximum.at(longest, codes, seconds)
        found: dict[str | None, Waits] = {}
        for code in np.flatnonzero(counts).tolist():
            one = Waits(count=int(counts[code]), seconds_sum=int(sums[code]), seconds_max=int(longest[code]))
            for name in (None, *self._names(code)):
                found[name] = _joined(found.get(name), one)
        return found

    def pending_reasons(self) -> dict[str, int]:
        """Pending jobs by Slurm's reason, without the details (node names) that some have after a comma."""
        chosen = np.flatnonzero(self._states == _PLACE[JobState.PENDING])
        codes = self._columns.codes("reason").take(self._rows.take(chosen))
        counts = np.bincount(codes, weights=self._tasks.take(chosen))
        values = self._columns.vocabularies["reason"].values
        found: defaultdict[str, int] = defaultdict(int)
        for code in np.flatnonzero(counts).tolist():
            reason, _, _ = (values[code] or "None").partition(",")
            found[reason] += int(counts[code])
        return dict(found)

    def _within(self, column: str, since: float, until: float) -> Flags:
        values = self._columns.numbers(column).take(self._rows)
        flags: Flags = (values >= since) & (values < until)
        return flags

    def _by_state(self, flags: Flags) -> dict[str | None, dict[str, int]]:
        chosen = np.flatnonzero(flags)
        codes = self._columns.codes("partition").take(self._rows.take(chosen))
        keys = codes.astype(np.int64) * len(STATES) + self._states.take(chosen)
        counts = np.bincount(keys, weights=self._tasks.take(chosen))
        found: defaultdict[str | None, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        for key in np.flatnonzero(counts).tolist():
            code, state = divmod(key, len(STATES))
            for name in (None, *self._names(code)):
                found[name][STATES[state].value] += int(counts[key])
        return {name: dict(states) for name, states in found.items()}

    def _by_partition(self, flags: Flags) -> ByPartition:
        return {name: sum(states.values()) for name, states in self._by_state(flags).items()}

    def _names(self, code: int) -> list[str]:
        return str(self._columns.vocabularies["partition"].values[code]).split(",")


def _states(columns: Columns) -> npt.NDArray[np.int8]:
    """By code of a status: the place of its state in `STATES`."""
    values = columns.vocabularies["status"].values
    return np.array([_PLACE[status[0]] if status else 0 for status in values], np.int8)


def _tasks(columns: Columns) -> npt.NDArray[np.int64]:
    """By code of the unstarted tasks of an array: how many they are."""
    values = columns.vocabularies["array_tasks"].values
    return np.fromiter(map(_tasks_in, values), np.int64, len(values))


def _joined(one: Waits | None, other: Waits) -> Waits:
    if one is None:
        return other
    return Waits(
        count=one.count + other.count,
        seconds_sum=one.seconds_sum + other.seconds_sum,
        seconds_max=max(one.seconds_max, other.seconds_max),
    )
