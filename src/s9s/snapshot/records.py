"""Jobs as columns: each is made of them when it is looked at, so that many take little memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, overload

import numpy as np

from s9s.domain.jobs import Job, JobState
from s9s.snapshot.rows import Rows
from s9s.snapshot.widths import Numbers, none_in

#: Fields that are numbers.
NUMBERS: Final = (
    "numeric_id", "submit_time", "eligible_time", "expected_start_time", "start_time", "end_time",
    "suspended_seconds", "suspend_time", "time_limit_seconds", "priority", "cpu_count", "node_count", "gpus",
    "memory_mib", "exit_code", "signal", "array_job_id", "array_task_id", "het_job_id", "het_job_offset",
    "requeue_count",
)  # fmt: skip
#: Fields that are kept as codes of their values; `status` is a job's state and flags.
CODES: Final = (
    "status", "nodes", "user", "account", "partition", "qos", "job_name", "reason", "comment", "features",
    "reservation", "array_tasks", "working_directory", "standard_output", "standard_error", "command",
    "standard_input", "dependency",
)  # fmt: skip
_ADDRESS: Final = tuple(
    map(NUMBERS.index, ("numeric_id", "array_job_id", "array_task_id", "het_job_id", "het_job_offset"))
)

#: What stands in a slot that holds no job; no query ever yields it.
NO_JOB: Final = Job(
    job_id="", numeric_id=0, job_name="", user="", state=JobState.BOOT_FAIL, partition="", submit_time=0
)

#: A view makes so many jobs at once.
_PIECE: Final = 64


class Records(Sequence[Job]):
    """Jobs by slot; `NO_JOB` where a slot is free.

    Args:
        numbers: The columns of `NUMBERS`.
        codes: The columns of `CODES`, and beside each the values that its codes stand for.
        job_ids: By slot: of jobs whose numbers do not say it (see `usual_id`).
        length: How many slots there are.
    """

    def __init__(
        self,
        numbers: Sequence[Numbers],
        codes: Sequence[tuple[list[Any], Numbers]],
        job_ids: dict[int, str],
        length: int,
    ) -> None:
        self._numbers = numbers
        self._codes = codes
        self._job_ids = job_ids
        self._length = length
        # One value of a memoryview costs a third of one of an array.
        self._number_views = [(column.data, none_in(column)) for column in numbers]
        self._code_views = [(values, column.data) for values, column in codes]

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, slot: int) -> Job: ...
    @overload
    def __getitem__(self, slot: slice) -> list[Job]: ...
    def __getitem__(self, slot: int | slice) -> Job | list[Job]:
        if isinstance(slot, slice):
            return self.at(range(self._length)[slot])
        if not 0 <= slot < self._length:
            raise IndexError(slot)
        numbers = [
            None if (number := column[slot]) == none else number for column, none in self._number_views
        ]
        codes = [values[column[slot]] for values, column in self._code_views]
        return _job(self._job_ids.get(slot), numbers, codes)

    def at(self, slots: Sequence[int] | Rows) -> list[Job]:
        """The jobs in these slots; of many, each costs half as much as by itself."""
        where = np.asarray(slots, np.int32)
        numbers = [_plain(column[where]) for column in self._numbers]
        codes = [list(map(values.__getitem__, column[where].tolist())) for values, column in self._codes]
        job_ids = map(self._job_ids.get, where.tolist())
        rows = zip(job_ids, zip(*numbers, strict=True), zip(*codes, strict=True), strict=True)
        return [_job(*row) for row in rows]

    def job_id(self, slot: int) -> str:
        """`Job.job_id` of the job there."""
        views = [self._number_views[place] for place in _ADDRESS]
        numbers = [None if (number := column[slot]) == none else number for column, none in views]
        return self._job_ids.get(slot) or usual_id(*numbers)

    def __iter__(self) -> Iterator[Job]:
        return iter(View(self, np.arange(self._length, dtype=np.int32)))

    def copy(self) -> Records:
        """The same, for good: 80 bytes for each slot."""
        length = self._length
        return Records(
            [column[:length].copy() for column in self._numbers],
            [(values.copy(), column[:length].copy()) for values, column in self._codes],
            self._job_ids.copy(),
            length,
        )


class View(Sequence[Job]):
    """Some jobs at one moment.

    Args:
        records: Nobody changes them any more.
        slots: Those that count, in their order.
    """

    def __init__(self, records: Records, slots: Rows) -> None:
        self._records = records
        self._slots = slots

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, place: int) -> Job: ...
    @overload
    def __getitem__(self, place: slice) -> list[Job]: ...
    def __getitem__(self, place: int | slice) -> Job | list[Job]:
        if isinstance(place, slice):
            return self._records.at(self._slots[place])
        return self._records[int(self._slots[place])]

    def __iter__(self) -> Iterator[Job]:
        for start in range(0, len(self), _PIECE):
            yield from self[start : start + _PIECE]


def usual_id(
    numeric_id: int | None,
    array_job_id: int | None,
    array_task_id: int | None,
    het_job_id: int | None,
    het_job_offset: int | None,
) -> str:
    """The `Job.job_id` that follows from a job's numbers."""
    if array_job_id is not None:
        return str(array_job_id) if array_task_id is None else f"{array_job_id}_{array_task_id}"
    if het_job_id is not None and het_job_offset is not None:
        return f"{het_job_id}+{het_job_offset}"
    return str(numeric_id)


def _plain(column: Numbers) -> list[int | None]:
    values: list[int | None] = column.tolist()
    none = none_in(column)
    return [None if one == none else one for one in values] if (column == none).any() else values


def _job(job_id: str | None, numbers: Sequence[Any], codes: Sequence[Any]) -> Job:
    """The job of a row: its fields in the order of `NUMBERS` and `CODES`; its id where that is unusual."""
    if numbers[0] is None:
        return NO_JOB
    (
        numeric_id, submit_time, eligible_time, expected_start_time, start_time, end_time,
        suspended_seconds, suspend_time, time_limit_seconds, priority, cpu_count, node_count, gpus,
        memory_mib, exit_code, signal, array_job_id, array_task_id, het_job_id, het_job_offset,
        requeue_count,
    ) = numbers  # fmt: skip
    (
        (state, flags), nodes, user, account, partition, qos, job_name, reason, comment, features,
        reservation, array_tasks, working_directory, standard_output, standard_error, command,
        standard_input, dependency,
    ) = codes  # fmt: skip
    return Job(
        job_id=job_id or usual_id(numeric_id, array_job_id, array_task_id, het_job_id, het_job_offset),
        numeric_id=numeric_id,
        job_name=job_name,
        user=user,
        state=state,
        flags=flags,
        account=account,
        partition=partition,
        qos=qos,
        array_job_id=array_job_id,
        array_task_id=array_task_id,
        array_tasks=array_tasks,
        het_job_id=het_job_id,
        het_job_offset=het_job_offset,
        submit_time=submit_time,
        eligible_time=eligible_time,
        start_time=start_time,
        expected_start_time=expected_start_time,
        end_time=end_time,
        suspended_seconds=suspended_seconds,
        suspend_time=suspend_time,
        time_limit_seconds=time_limit_seconds,
        nodes=nodes,
        node_count=node_count,
        cpu_count=cpu_count,
        memory_mib=memory_mib,
        gpus=gpus,
        priority=priority,
        reason=reason,
        working_directory=working_directory,
        command=command,
        standard_input=standard_input,
        standard_output=standard_output,
        standard_error=standard_error,
        exit_code=exit_code,
        signal=signal,
        dependency=dependency,
        comment=comment,
        features=features,
        reservation=reservation,
        requeue_count=requeue_count,
    )
