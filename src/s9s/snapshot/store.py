"""All jobs of one cluster: what slurmctld lists, and what it has finished and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final
from weakref import ref

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace
from pyroaring import BitMap

from s9s.domain.changes import Changes
from s9s.domain.jobs import Job, JobState
from s9s.snapshot.addresses import Addresses, stands_for
from s9s.snapshot.arrays import parse_address
from s9s.snapshot.columns import Columns
from s9s.snapshot.counts import count_by_user
from s9s.snapshot.memo import Memo
from s9s.snapshot.records import Records, View
from s9s.snapshot.rows import Rows

#: `JobTable.finished_since` while nothing is known of finished jobs.
NEVER: Final = 2**62

_FINISHED: Final = frozenset(state for state in JobState if state.is_finished)
_UNFINISHED: Final = frozenset(JobState) - _FINISHED
_ON_NODES: Final = frozenset({JobState.RUNNING, JobState.COMPLETING, JobState.SUSPENDED})

#: Finished jobs are given up in batches of this share, so that each costs little.
_EVICTED_SHARE: Final = 0.02
#: So many jobs are written at once: of more, what one column needs would not be in the caches for the next.
_TOGETHER: Final = 4096
#: So many jobs are made at once in a millisecond or two; of more the columns are copied.
_FEW: Final = 256


class JobChange(Struct, frozen=True, gc=False):
    """One job before and after; ``None`` where it was or is not there."""

    before: Job | None
    after: Job | None


class JobTable:
    """Jobs in stable slots, one record for each numeric id.

    A record is *listed* while slurmctld shows it. Once it is listed no more it stays if it had
    finished. If it had not, it ended (or was lost) between two looks: it stays as it was, under
    `vanished` too, until `add_finished` or `drop` says what became of it.

    Args:
        finished_maximum: Finished jobs to keep that slurmctld does not list; the earliest ended go first.
    """

    def __init__(self, finished_maximum: int = 100_000) -> None:
        self.memo: list[object | None] = []
        """By slot: whatever a reader derived from the job there; emptied when that job changes."""
        self.columns: Final = Columns()
        self.answers: Final = Memo()
        """What queries found in this generation."""
        self.generation = 0
        """Goes up with every change of any record."""
        self.observed_at = 0.0
        """When Slurm was asked for what is here; 0 before the first time."""
        self.finished_since = NEVER
        """No job that ended at or after this instant is missing."""
        self.vanished: Final[dict[int, Job]] = {}
        """By numeric id: not listed any more although it had not finished when it last was."""
        self.derived: Final[dict[str, Callable[[Job], str | None]]] = {"hold_reason": lambda _: None}
        """What others know of held jobs, by sort field; when it changes, say so with `clear_memo`."""
        self._counts: Mapping[str, tuple[int, int]] | None = None
        self._frozen: ref[Records] | None = None
        self._addresses = Addresses()
        self._listed = BitMap()
        self._free: list[int] = []
        self._finished_maximum = finished_maximum
        self._evicted_at_once = int(finished_maximum * _EVICTED_SHARE)

    def __len__(self) -> int:
        return len(self._addresses.numeric)

    @property
    def jobs(self) -> Records:
        """By slot; `NO_JOB` where a slot is free. Each is made when it is looked at."""
        return self.columns.records

    # Changing

    def apply(self, changes: Changes[Job], keep: Collection[int] = frozenset()) -> list[JobChange]:
        """Take over what a poll of all jobs found. Equal records are no change.

        Args:
            changes: With `complete` set, what it does not list is not listed any more.
            keep: Numeric ids of which something newer than this poll is known; the poll is ignored for them.
        """
        jobs = {job.numeric_id: job for job in changes.changed if job.numeric_id not in keep}
        if changes.complete:
            removed: Iterable[int] = self._listed - BitMap(jobs) - BitMap(keep)
        else:
            removed = [key for key in changes.removed if isinstance(key, int) and key not in keep]
        self._unlist(removed)
        for numeric_id in self.vanished.keys() & jobs.keys():
            del self.vanished[numeric_id]
        self._listed.update(jobs)
        made = self._put(jobs.values())
        self.observed_at = changes.asked_at
        self._evict()
        return made

    def put(self, job: Job) -> list[JobChange]:
        """Take over one job that was looked up by itself: listed by slurmctld, or finished and forgotten."""
        if job.state.is_finished and job.numeric_id not in self._listed:
            return self.add_finished([job])
        self.vanished.pop(job.numeric_id, None)
        self._listed.add(job.numeric_id)
        return self._put([job])

    def add_finished(self, jobs: Iterable[Job], since: int | None = None) -> list[JobChange]:
        """Add jobs from accounting. What slurmctld lists is newer, and so is a later submission (a requeue).

        Args:
            jobs: Those that have not finished are passed over.
            since: With these, no job that ended at or after this instant is missing.
        """
        latest: dict[int, Job] = {}
        for job in jobs:
            numeric_id = job.numeric_id
            if not job.state.is_finished or numeric_id in self._listed:
                continue
            # Of a vanished job the record of the same submission is news, otherwise only a later one.
            same = numeric_id in self.vanished and numeric_id not in latest
            known = latest.get(numeric_id) or self._by_number(numeric_id)
            if known is None or known.submit_time < job.submit_time + same:
                latest[numeric_id] = job
        for numeric_id in latest:
            self.vanished.pop(numeric_id, None)
        made = self._put(latest.values())
        if since is not None:
            self.finished_since = min(self.finished_since, since)
        self._evict()
        return made

    def drop(self, numeric_ids: Iterable[int]) -> list[JobChange]:
        """Give up vanished jobs of which nothing more can be learnt."""
        gone = [numeric_id for numeric_id in numeric_ids if self.vanished.pop(numeric_id, None) is not None]
        return self._erase(self.slots_with(gone))

    def forget_finished(self, before: int) -> int:
        """Give up finished jobs that ended before this instant and are not listed; how many there were."""
        slots, ends = self._finished()
        old = slots[: np.searchsorted(ends, before)].tolist()
        ids = self.columns.ids(old)
        gone = [slot for slot, one in zip(old, ids, strict=True) if one not in self._listed]
        self._erase(gone)
        self.finished_since = max(self.finished_since, before)
        return len(gone)

    def clear_memo(self, numeric_id: int) -> None:
        """Have a job derived anew, because something beside it changed."""
        slot = self._addresses.numeric.get(numeric_id)
        if slot is not None:
            self.memo[slot] = None
            self._changed()

    def warm(self, column: str) -> None:
        """Put a column of texts in order now, so that the first query that sorts by it need not."""
        self.columns.vocabularies[column].ranks()

    # Reading

    def get(self, job_id: str) -> Job | None:
        """The job with any address: ``123``, ``123_4``, ``123+1``, or the numeric id of a task.

        ``123`` of an array is its unstarted rest, else the task that has this numeric id. A task in the
        unstarted rest is made up from it.
        """
        address = parse_address(job_id)
        if address is None:
            return None
        slot = self._addresses.exactly(address)
        if slot is not None:
            return self.jobs[slot]
        if address.kind == "_":
            rest = self._by_number(address.number)
            if rest is not None and stands_for(rest, address.member):
                task_id = f"{address.number}_{address.member}"
                return replace(rest, job_id=task_id, array_task_id=address.member, array_tasks=None)
        return None

    def tasks_of(self, array_id: int) -> list[Job]:
        """All records of an array (or heterogeneous job), by task; the unstarted rest comes last."""
        return sorted((self.jobs[slot] for slot in self._addresses.family(array_id)), key=_member)

    def on_node(self, name: str) -> list[str]:
        """Ids of the jobs that hold a part of this node now, by numeric id."""
        columns, get = self.columns, self.answers.get
        busy = get("busy, by nodes", self._busy)
        codes = get("nodes of the busy", lambda: columns.codes("nodes").take(busy))
        wanted = columns.vocabularies["nodes"].find([name])
        first, last = codes.searchsorted(wanted).tolist(), codes.searchsorted(wanted, "right").tolist()
        slots = [slot for span in map(slice, first, last) for slot in busy[span].tolist()]
        return [self.jobs.job_id(slot) for _, slot in sorted(zip(columns.ids(slots), slots, strict=True))]

    def slots_of(self, job_id: str) -> set[int]:
        """Every record that an address stands for: of an array's id, all its tasks and the rest."""
        address = parse_address(job_id)
        if address is None:
            return set()
        slot = self._addresses.exactly(address)
        slots = set() if slot is None else {slot}
        if not address.kind:
            slots |= self._addresses.family(address.number)
        elif slot is None and address.kind == "_":
            rest = self._addresses.numeric.get(address.number)
            if rest is not None and stands_for(self.jobs[rest], address.member):
                slots = {rest}
        return slots

    def slots_with(self, numeric_ids: Iterable[int]) -> list[int]:
        """Where the records with these ids are, as far as there are any."""
        return [slot for slot in self._addresses.numeric.find(list(numeric_ids)) if slot is not None]

    def counts_by_user(self) -> Mapping[str, tuple[int, int]]:
        """How many jobs of each user run and wait; every unstarted task of an array counts."""
        if self._counts is None:
            self._counts = count_by_user(self.columns)
        return self._counts

    @property
    def listed(self) -> BitMap:
        """Numeric ids of what slurmctld showed when it was last asked."""
        return self._listed

    @property
    def is_full(self) -> bool:
        """Whether there is hardly room for more finished jobs; the earliest have to go for others."""
        return self._surplus() >= -2 * self._evicted_at_once

    def view(self, slots: Sequence[int] | Rows | None = None) -> Sequence[Job]:
        """These jobs (``None``: all) as they are now, for whoever takes long over them, be it in a thread."""
        chosen = self.columns.order if slots is None else np.asarray(slots, np.int32)
        if len(chosen) <= _FEW:
            return self.jobs.at(chosen)
        frozen = self._frozen() if self._frozen is not None else None
        if frozen is None:
            frozen = self.jobs.copy()
            self._frozen = ref(frozen)
        return View(frozen, chosen)

    def finished_before(self, instant: int) -> Rows:
        """Slots of the finished jobs here that ended before an instant, earliest first."""
        slots, ends = self._finished()
        return slots[: int(np.searchsorted(ends, instant))]

    # Inside

    def _by_number(self, numeric_id: int) -> Job | None:
        slot = self._addresses.numeric.get(numeric_id)
        return None if slot is None else self.jobs[slot]

    def _unlist(self, numeric_ids: Iterable[int]) -> None:
        self._listed -= BitMap(numeric_ids)
        left = self._in_states(np.array(self.slots_with(numeric_ids), np.int32), _UNFINISHED)
        self.vanished.update((job.numeric_id, job) for job in self.jobs.at(left))

    def _put(self, jobs: Iterable[Job]) -> list[JobChange]:
        """Write what is different from what is here."""
        jobs, made = list(jobs), list[JobChange]()
        for start in range(0, len(jobs), _TOGETHER):
            made += self._write(jobs[start : start + _TOGETHER])
        if made:
            self._changed()
        return made

    def _write(self, jobs: Sequence[Job]) -> list[JobChange]:
        slots = self._addresses.numeric.find([job.numeric_id for job in jobs])
        there = iter(self.jobs.at([slot for slot in slots if slot is not None]))
        fresh: dict[int, Job] = {}
        known: dict[int, tuple[Job, Job]] = {}
        made = []
        for slot, job in zip(slots, jobs, strict=True):
            before = None if slot is None else next(there)
            if before == job:
                continue
            if slot is None or before is None:
                slot = self._take_slot()
                self._addresses.enter(slot, job)
                fresh[slot] = job
            else:
                self._addresses.move(slot, before, job)
                known[slot] = before, job
            self.memo[slot] = None
            made.append(JobChange(before, job))
        if made:
            self.columns.write(fresh, known)
        return made

    def _erase(self, slots: Sequence[int]) -> list[JobChange]:
        made = []
        for slot, job in zip(slots, self.jobs.at(slots), strict=True):
            self._addresses.leave(slot, job)
            self.memo[slot] = None
            made.append(JobChange(job, None))
        if made:
            self._free.extend(slots)
            self.columns.erase(slots)
            self._changed()
        return made

    def _finished(self) -> tuple[Rows, npt.NDArray[np.float64]]:
        """Slots of all finished jobs and when each ended, earliest first."""
        columns = self.columns
        slots = self._in_states(columns.order, _FINISHED)
        ends = columns.numbers("end_time")[slots]
        ends = np.where(np.isnan(ends), columns.numbers("submit_time")[slots], ends)
        by_end = np.argsort(ends)
        return slots[by_end], ends[by_end]

    def _busy(self) -> Rows:
        """Slots of the jobs that hold nodes, those with the same ones together."""
        columns = self.columns
        slots = self._in_states(columns.order, _ON_NODES)
        return slots[columns.codes("nodes").take(slots).argsort(kind="stable")]

    def _in_states(self, slots: Rows, states: Container[JobState]) -> Rows:
        """Those of these slots whose job is in one of the states."""
        statuses = self.columns.vocabularies["status"]
        codes = [code for code, status in enumerate(statuses.values) if status and status[0] in states]
        return slots.compress(statuses.lookup(codes).take(self.columns.codes("status").take(slots)))

    def _surplus(self) -> int:
        return len(self) - len(self._listed) - len(self.vanished) - self._finished_maximum

    def _evict(self) -> None:
        surplus = self._surplus()
        if surplus <= 0:
            return
        slots, ends = self._finished()
        unlisted = (
            (slot, end)
            for slot, end, numeric_id in zip(
                slots.tolist(), ends.tolist(), self.columns.ids(slots), strict=True
            )
            if numeric_id not in self._listed
        )
        gone = list(islice(unlisted, surplus + self._evicted_at_once))
        self._erase([slot for slot, _ in gone])
        self.finished_since = max(self.finished_since, int(gone[-1][1]) + 1)

    def _take_slot(self) -> int:
        if self._free:
            return self._free.pop()
        self.memo.append(None)
        return len(self.memo) - 1

    def _changed(self) -> None:
        self.generation += 1
        self._frozen = None
        self.answers.clear()
        self._counts = None


def _member(job: Job) -> tuple[bool, int, int]:
    """Sorts the members of an array or heterogeneous job, its unstarted rest last."""
    member = job.array_task_id if job.array_task_id is not None else job.het_job_offset
    return member is None, member or 0, job.numeric_id
