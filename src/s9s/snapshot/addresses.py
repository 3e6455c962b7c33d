"""From what people call a job to its slot."""

from __future__ import annotations

from typing import Final

from s9s.domain.jobs import Job
from s9s.snapshot.arrays import Address, array_ranges
from s9s.snapshot.ids import Ids


class Addresses:
    """Slots by numeric id, by address, and by array or heterogeneous job."""

    def __init__(self) -> None:
        self.numeric: Final = Ids()
        """Slurm's own id to slot."""
        self._members: Final[dict[Address, int]] = {}
        self._families: Final[dict[int, set[int]]] = {}

    def enter(self, slot: int, job: Job) -> None:
        """`job` is in `slot` from now on."""
        self.numeric.put(job.numeric_id, slot)
        family, member = _place(job)
        if family is not None:
            _add(self._families, family, slot)
        if member is not None:
            self._members[member] = slot

    def leave(self, slot: int, job: Job) -> None:
        """`job` is in `slot` no longer."""
        if self.numeric.get(job.numeric_id) == slot:
            self.numeric.drop(job.numeric_id)
        family, member = _place(job)
        if family is not None:
            _discard(self._families, family, slot)
        if member is not None and self._members.get(member) == slot:
            del self._members[member]

    def move(self, slot: int, before: Job, after: Job) -> None:
        """The job in `slot` has changed; cheap when its names have not."""
        if _place(before) != _place(after):
            self.leave(slot, before)
            self.enter(slot, after)

    def exactly(self, address: Address) -> int | None:
        """The slot of the one record with this address."""
        return self._members.get(address) if address.kind else self.numeric.get(address.number)

    def family(self, number: int) -> frozenset[int]:
        """All records of an array or heterogeneous job."""
        return frozenset(self._families.get(number, ()))


def stands_for(rest: Job, task: int) -> bool:
    """Whether `task` is among the unstarted tasks that the record `rest` stands for."""
    return rest.array_tasks is not None and any(task in tasks for tasks in array_ranges(rest.array_tasks))


def _place(job: Job) -> tuple[int | None, Address | None]:
    """The family that a job belongs to and its own address in it."""
    if job.array_job_id is not None:
        task = job.array_task_id
        return job.array_job_id, None if task is None else Address(job.array_job_id, "_", task)
    if job.het_job_id is not None and job.het_job_offset is not None:
        return job.het_job_id, Address(job.het_job_id, "+", job.het_job_offset)
    return None, None


def _add(index: dict[int, set[int]], key: int, slot: int) -> None:
    slots = index.get(key)
    if slots is None:
        index[key] = {slot}
    else:
        slots.add(slot)


def _discard(index: dict[int, set[int]], key: int, slot: int) -> None:
    slots = index.get(key)
    if slots is not None:
        slots.discard(slot)
        if not slots:
            del index[key]
