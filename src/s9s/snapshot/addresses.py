"""From what people call a job, or where it runs, to its slot."""

from __future__ import annotations

from typing import Final, TypeVar

from s9s.domain.jobs import Job, JobState
from s9s.snapshot.arrays import Address, array_ranges

K = TypeVar("K")

_ON_NODES: Final = frozenset({JobState.RUNNING, JobState.COMPLETING, JobState.SUSPENDED})


class Addresses:
    """Slots by numeric id, by address, by array or heterogeneous job, and by node."""

    def __init__(self) -> None:
        self.numeric: Final[dict[int, int]] = {}
        """Slurm's own id to slot."""
        self._members: Final[dict[Address, int]] = {}
        self._families: Final[dict[int, set[int]]] = {}
        self._nodes: Final[dict[str, set[int]]] = {}

    def enter(self, slot: int, job: Job) -> None:
        """`job` is in `slot` from now on."""
        self.numeric[job.numeric_id] = slot
        family, member = _place(job)
        if family is not None:
            _add(self._families, family, slot)
        if member is not None:
            self._members[member] = slot
        for node in nodes_in_use(job):
            _add(self._nodes, node, slot)

    def leave(self, slot: int, job: Job) -> None:
        """`job` is in `slot` no longer."""
        if self.numeric.get(job.numeric_id) == slot:
            del self.numeric[job.numeric_id]
        family, member = _place(job)
        if family is not None:
            _discard(self._families, family, slot)
        if member is not None and self._members.get(member) == slot:
            del self._members[member]
        for node in nodes_in_use(job):
            _discard(self._nodes, node, slot)

    def move(self, slot: int, before: Job, after: Job) -> None:
        """The job in `slot` has changed; cheap when its names and nodes have not."""
        if _place(before) != _place(after) or nodes_in_use(before) != nodes_in_use(after):
            self.leave(slot, before)
            self.enter(slot, after)

    def exactly(self, address: Address) -> int | None:
        """The slot of the one record with this address."""
        return self._members.get(address) if address.kind else self.numeric.get(address.number)

    def family(self, number: int) -> frozenset[int]:
        """All records of an array or heterogeneous job."""
        return frozenset(self._families.get(number, ()))

    def on_node(self, name: str) -> frozenset[int]:
        """Jobs that hold a part of this node now."""
        return frozenset(self._nodes.get(name, ()))


def nodes_in_use(job: Job) -> tuple[str, ...]:
    """The nodes that `job` holds now; none once it has ended."""
    return job.nodes if job.state in _ON_NODES else ()


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


def _add(index: dict[K, set[int]], key: K, slot: int) -> None:
    slots = index.get(key)
    if slots is None:
        index[key] = {slot}
    else:
        slots.add(slot)


def _discard(index: dict[K, set[int]], key: K, slot: int) -> None:
    slots = index.get(key)
    if slots is not None:
        slots.discard(slot)
        if not slots:
            del index[key]
