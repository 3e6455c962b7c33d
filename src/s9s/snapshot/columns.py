"""The columns that queries read, one row for each slot, and the order that lists have by default."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import force_setattr

from s9s.domain.jobs import Job
from s9s.snapshot.vocabulary import Codes, Vocabulary

Rows = npt.NDArray[np.int32]

#: Columns of numbers, ``nan`` for ``None``: floats hold every integer of Slurm's exactly (below 2**53).
NUMBERS: Final = (
    "numeric_id", "submit_time", "eligible_time", "expected_start_time", "start_time", "end_time",
    "clock", "time_limit_seconds", "priority", "cpu_count", "node_count", "gpus", "memory_mib", "exit_code",
    "signal", "array_job_id", "array_task_id", "het_job_id", "het_job_offset",
)  # fmt: skip

#: Columns of strings, kept as codes.
TEXTS: Final = (
    "user", "account", "partition", "qos", "job_name", "reason", "comment", "features", "reservation",
    "array_tasks", "working_directory", "standard_output", "standard_error",
)  # fmt: skip

#: Columns of codes, and what each takes from a job.
CODES: Final[dict[str, Callable[[Job], object]]] = {
    "status": attrgetter("state", "flags"),
    "nodes": attrgetter("nodes"),
    **{name: attrgetter(name) for name in TEXTS},
}

#: What most changes leave as it was, and what they do not.
_STEADY: Final = tuple(name for name in TEXTS if name != "reason")
_LIVELY: Final = tuple(name for name in CODES if name not in _STEADY)

_numbers_of: Final = attrgetter(*NUMBERS)
_steady_of: Final = attrgetter(*_STEADY)
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
        self.order: Rows = np.zeros(0, np.int32)
        """Slots by descending submit time, then numeric id. Every change replaces it, none alters it."""
        self._keys: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._numbers = np.full((len(NUMBERS), _SMALLEST), np.nan)
        self._codes = np.zeros((len(CODES), _SMALLEST), np.int32)
        self._key: npt.NDArray[np.int64] = np.zeros(_SMALLEST, np.int64)

    @property
    def capacity(self) -> int:
        """Slots that there is room for; every slot is smaller."""
        return len(self._key)

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column of numbers, by slot."""
        column: npt.NDArray[np.float64] = self._numbers[_NUMBER_ROW[name]]
        return column

    def codes(self, name: str) -> Codes:
        """A column of codes, by slot; `vocabularies` says what they stand for."""
        column: Codes = self._codes[_CODE_ROW[name]]
        return column

    def places(self, slots: Collection[int]) -> npt.NDArray[np.intp]:
        """Where in `order` these slots stand."""
        return self._keys.searchsorted(self._key[np.fromiter(slots, np.int32, len(slots))])

    def clocks(self, slots: Sequence[int]) -> list[int]:
        """`Job.clock` of each."""
        return list(map(int, pick(self.numbers("clock"), slots)))

    def elapsed(self, slots: Rows, now: int) -> npt.NDArray[np.int64]:
        """As `Job.elapsed_seconds`."""
        clock = self.numbers("clock").take(slots).astype(np.int64)
        return np.where(clock > 0, np.maximum(now - clock, 0), -clock)

    def write(self, fresh: Mapping[int, Job], known: Mapping[int, tuple[Job, Job]]) -> None:
        """Fill slots. Repeated strings of the jobs become the same objects.

        Args:
            fresh: Slots that were empty, and their jobs.
            known: Slots that were filled, with what was there and what is there now.
        """
        jobs = [*fresh.values(), *(after for _, after in known.values())]
        slots = np.fromiter((*fresh, *known), np.int32)
        self._make_room(int(slots.max(initial=0)) + 1)
        self._write_codes(_LIVELY, fresh, known, jobs)
        other = {slot: after for slot, (before, after) in known.items() if not _inherit(before, after)}
        if fresh or other:
            self._write_codes(_STEADY, fresh, other, [*fresh.values(), *other.values()])
        if jobs:
            self._numbers[:, slots] = np.array([_numbers_of(job) for job in jobs], np.float64).T
        self._write_keys(slots, len(fresh), jobs)

    def _write_codes(
        self, names: Sequence[str], fresh: Collection[int], known: Collection[int], jobs: Sequence[Job]
    ) -> None:
        slots = np.fromiter((*fresh, *known), np.int32)
        for name in names:
            vocabulary, column = self.vocabularies[name], self.codes(name)
            values = list(map(CODES[name], jobs))
            codes = vocabulary.encode(values)
            if name != "status" and codes.any():
                _share(name, jobs, values, map(vocabulary.values.__getitem__, codes.tolist()))
            vocabulary.release(column[slots[len(fresh) :]])
            column[slots] = codes

    def _write_keys(self, slots: Rows, fresh: int, jobs: Sequence[Job]) -> None:
        keys = np.fromiter((-(job.submit_time << 32 | job.numeric_id) for job in jobs), np.int64, len(jobs))
        moved = np.flatnonzero(keys[fresh:] != self._key[slots[fresh:]]) + fresh
        out = self._key[slots[moved]]
        self._key[slots] = keys
        self._reorder(out, slots[np.concatenate([np.arange(fresh), moved])])

    def erase(self, slots: Sequence[int]) -> None:
        """Empty these slots."""
        gone = np.array(slots, np.int32)
        for name, vocabulary in self.vocabularies.items():
            vocabulary.release(self.codes(name)[gone])
        self._reorder(self._key[gone], gone[:0])

    def _reorder(self, out: npt.NDArray[np.int64], coming: Rows) -> None:
        """Take the keys `out` from the order and put the slots `coming` in their places."""
        keys, order = self._keys, self.order
        if len(out):
            places = np.searchsorted(keys, out)
            keys, order = np.delete(keys, places), np.delete(order, places)
        if len(coming):
            coming = coming[np.argsort(self._key[coming])]
            places = np.searchsorted(keys, self._key[coming])
            keys, order = np.insert(keys, places, self._key[coming]), np.insert(order, places, coming)
        self._keys, self.order = keys, order

    def _make_room(self, slots: int) -> None:
        if slots > (used := self.capacity):
            # Copying takes a moment, so there is much room; zeros take no memory until they are written.
            room = max(slots, used * 2)
            for name, rows in (("_numbers", len(NUMBERS)), ("_codes", len(CODES))):
                old = getattr(self, name)
                grown = np.zeros((rows, room), old.dtype)
                grown[:, :used] = old
                setattr(self, name, grown)
            self._key = np.concatenate([self._key, np.zeros(room - used, np.int64)])


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


_CODE_ROW: Final = {name: row for row, name in enumerate(CODES)}
_NUMBER_ROW: Final = {name: row for row, name in enumerate(NUMBERS)}


def _share(name: str, jobs: Sequence[Job], values: Sequence[object], shared: Iterable[object]) -> None:
    """Let equal strings be one object: half of what 100,000 jobs take in memory."""
    for job, value, one in zip(jobs, values, shared, strict=True):
        if value is not one:
            force_setattr(job, name, one)


def _inherit(before: Job, after: Job) -> bool:
    """Let a changed job have the texts of its former self; whether they are the same."""
    texts = _steady_of(before)
    if texts != _steady_of(after):
        return False
    for name, text in zip(_STEADY, texts, strict=True):
        force_setattr(after, name, text)
    return True
