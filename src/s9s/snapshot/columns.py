"""The columns that queries read, one row for each slot, and the order that lists have by default."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from s9s.domain.jobs import Job
from s9s.snapshot.records import CODES, NUMBERS, Records, usual_id
from s9s.snapshot.rows import Keys, RowOrder, Rows, key_of
from s9s.snapshot.sets import Sets
from s9s.snapshot.vocabulary import NOTHING, Codes, Vocabulary
from s9s.snapshot.widths import Numbers, none_in, with_room_for

#: Columns of numbers: those of the jobs, and `Job.clock`.
COLUMNS: Final = (*NUMBERS, "clock")

#: What most changes leave as it was, and what they do not.
_LIVELY: Final = ("status", "nodes", "reason")
_STEADY: Final = tuple(name for name in CODES if name not in _LIVELY)

#: What stands in each column of codes for a job.
VALUES: Final[dict[str, Callable[[Job], Any]]] = {
    name: attrgetter("state", "flags") if name == "status" else attrgetter(name) for name in CODES
}

_numbers_of: Final = attrgetter(*COLUMNS)
_address_of: Final = attrgetter("numeric_id", "array_job_id", "array_task_id", "het_job_id", "het_job_offset")
_steady_of: Final = attrgetter(*_STEADY)
A = TypeVar("A", bound=npt.NDArray[Any])

_SMALLEST: Final = 1024
#: No more rows than this in a page.
_PAGE: Final = 1000


class Columns:
    """Numbers and codes of jobs by slot, and the slots in the order of submission.

    Whoever writes gives out the slots: 0, 1, 2, ... without large gaps.
    """

    def __init__(self) -> None:
        self.vocabularies: Final = {name: Vocabulary() for name in CODES}
        self.vocabularies["status"] = Vocabulary(lambda status: (status[0], *status[1]))
        self.vocabularies["partition"] = Vocabulary(lambda names: names.split(","))
        self.vocabularies["nodes"] = Vocabulary(iter)
        # Slurm compares accounts and QOS without case.
        self.vocabularies["account"] = Vocabulary(lambda name: (name.lower(),))
        self.vocabularies["qos"] = Vocabulary(lambda name: (name.lower(),))
        self.sets: Final = Sets()
        """Rows of `order` by the words of their values."""
        self._order: Final = RowOrder()
        self._numbers: dict[str, Numbers] = {name: np.zeros(_SMALLEST, np.int8) for name in COLUMNS}
        self._codes: dict[str, Numbers] = {name: np.zeros(_SMALLEST, np.int8) for name in CODES}
        self._job_ids: dict[int, str] = {}
        self._length = 0
        self._records: Records | None = None
        self._key: Keys = np.zeros(_SMALLEST, np.int64)

    @property
    def order(self) -> Rows:
        """Slots by submit time, then numeric id. Every change replaces it, none alters it."""
        return self._order.slots

    @property
    def capacity(self) -> int:
        """Slots that there is room for; every slot is smaller."""
        return len(self._key)

    @property
    def records(self) -> Records:
        """The jobs that the columns are of, as they are now."""
        if self._records is None:
            self._records = Records(
                [self._numbers[name] for name in NUMBERS],
                [(self.vocabularies[name].values, self._codes[name]) for name in CODES],
                self._job_ids,
                self._length,
            )
        return self._records

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column of numbers, by slot, ``nan`` for ``None``."""
        column = self._numbers[name]
        values = column.astype(np.float64)
        values[column == none_in(column)] = np.nan
        return values

    def codes(self, name: str) -> Codes:
        """A column of codes, by slot; `vocabularies` says what they stand for."""
        return self._codes[name]

    def ids(self, slots: Sequence[int] | Rows) -> list[int]:
        """`Job.numeric_id` of each."""
        found: list[int] = self._numbers["numeric_id"].take(slots).tolist()
        return found

    def places(self, slots: Collection[int]) -> npt.NDArray[np.intp]:
        """Where in `order` these slots stand."""
        return self._order.rows(self._key[np.fromiter(slots, np.int32, len(slots))])

    def clocks(self, slots: Sequence[int]) -> list[int]:
        """`Job.clock` of each."""
        return pick(self._numbers["clock"], slots)

    def elapsed(self, slots: Rows, now: int) -> npt.NDArray[np.int64]:
        """As `Job.elapsed_seconds`."""
        clock = self._numbers["clock"].take(slots).astype(np.int64)
        return np.where(clock > 0, np.maximum(now - clock, 0), -clock)

    def write(self, fresh: Mapping[int, Job], known: Mapping[int, tuple[Job, Job]]) -> None:
        """Fill slots.

        Args:
            fresh: Slots that were empty, and their jobs.
            known: Slots that were filled, with what was there and what is there now.
        """
        jobs = [*fresh.values(), *(after for _, after in known.values())]
        slots = np.fromiter((*fresh, *known), np.int32)
        self._make_room(int(slots.max(initial=-1)) + 1)
        self._write_keys(slots, len(fresh), jobs)
        self._write_codes(_LIVELY, fresh, known, jobs)
        other = {
            slot: after for slot, (before, after) in known.items() if _steady_of(before) != _steady_of(after)
        }
        if fresh or other:
            self._write_codes(_STEADY, fresh, other, [*fresh.values(), *other.values()])
        if jobs:
            self._write_numbers(slots, jobs)

    def _write_codes(
        self, names: Sequence[str], fresh: Collection[int], known: Collection[int], jobs: Sequence[Job]
    ) -> None:
        slots = np.fromiter((*fresh, *known), np.int32)
        for name in names:
            vocabulary = self.vocabularies[name]
            codes = vocabulary.encode(list(map(VALUES[name], jobs)))
            column = self._fitting(self._codes, name, 0, codes.max(initial=0))
            before = column[slots]
            before[: len(fresh)] = NOTHING
            if name in self.sets:
                self._move(name, slots, before, codes)
            vocabulary.release(before[len(fresh) :])
            column[slots] = codes

    def _move(self, name: str, slots: Rows, before: Codes, after: Codes) -> None:
        """Keep the sets of a column true."""
        changed = np.flatnonzero(before != after)
        rows = self._order.rows(self._key[slots[changed]]).tolist()
        was, is_now = (map(self.vocabularies[name].words, some[changed].tolist()) for some in (before, after))
        self.sets.move(name, rows, was, is_now)

    def _write_numbers(self, slots: Rows, jobs: Sequence[Job]) -> None:
        values = np.array([_numbers_of(job) for job in jobs], np.float64)
        is_missing = np.isnan(values)
        low, high = np.fmin.reduce(values), np.fmax.reduce(values)
        for place, name in enumerate(COLUMNS):
            column = self._fitting(self._numbers, name, low[place], high[place])
            column[slots] = np.where(is_missing[:, place], none_in(column), values[:, place])
        for slot, job in zip(slots.tolist(), jobs, strict=True):
            if job.job_id != usual_id(*_address_of(job)):
                self._job_ids[slot] = job.job_id
            elif self._job_ids:
                self._job_ids.pop(slot, None)

    def _fitting(self, columns: dict[str, Numbers], name: str, low: float, high: float) -> Numbers:
        """A column that has room for numbers from `low` to `high`."""
        column = with_room_for(columns[name], low, high)
        if column is not columns[name]:
            columns[name], self._records = column, None
        return column

    def _write_keys(self, slots: Rows, fresh: int, jobs: Sequence[Job]) -> None:
        keys = np.fromiter((key_of(job.submit_time, job.numeric_id) for job in jobs), np.int64, len(jobs))
        moved = np.flatnonzero(keys[fresh:] != self._key[slots[fresh:]]) + fresh
        out = self._key[slots[moved]]
        self._key[slots] = keys
        self._reorder(out, slots[np.concatenate([np.arange(fresh), moved])])

    def erase(self, slots: Sequence[int]) -> None:
        """Empty these slots."""
        gone = np.array(slots, np.int32)
        for name, vocabulary in self.vocabularies.items():
            vocabulary.release(self._codes[name][gone])
        numeric = self._numbers["numeric_id"]
        numeric[gone] = none_in(numeric)
        self._reorder(self._key[gone], gone[:0])

    def _reorder(self, out: Keys, coming: Rows) -> None:
        """Take the keys `out` from the order and put the slots `coming` in their places."""
        if not self._order.change(out, coming, self._key[coming]):
            self.sets.clear()

    def _make_room(self, slots: int) -> None:
        if slots > self._length:
            self._length, self._records = slots, None
        if slots > (used := self.capacity):
            # Copying takes a moment, so there is much room; zeros take no memory until they are written.
            room = max(slots, used * 2)
            self._numbers = {name: _grown(column, room) for name, column in self._numbers.items()}
            self._codes = {name: _grown(column, room) for name, column in self._codes.items()}
            self._key = _grown(self._key, room)


def pick(values: npt.NDArray[Any], places: Sequence[int]) -> list[Any]:
    """The values at some places.

    Of a page they are picked one by one. `take` lets go of the interpreter even for a handful, and gets it
    back after a whole interval (`sys.setswitchinterval`) while a listing is being read in a thread.
    """
    if len(places) > _PAGE:
        many: list[Any] = values.take(places).tolist()
        return many
    view = values.data
    return [view[place] for place in places]


def _grown(column: A, room: int) -> A:
    grown = np.zeros(room, column.dtype)
    grown[: len(column)] = column
    return grown  # type: ignore[return-value]  # numpy's types do not tell that it is as the column
