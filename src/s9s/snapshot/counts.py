"""How many jobs there are of whom."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from s9s.domain.jobs import JobState
from s9s.snapshot.arrays import count_tasks
from s9s.snapshot.columns import Columns
from s9s.snapshot.rows import Rows


def count_by_user(columns: Columns, rows: Rows | None = None) -> dict[str, tuple[int, int]]:
    """Running and pending jobs of each user, in all rows or some; each unstarted task of an array counts."""
    order = columns.order if rows is None else rows
    users, statuses = columns.vocabularies["user"], columns.vocabularies["status"]
    user, status = columns.codes("user").take(order), columns.codes("status").take(order)
    rest, tasks = columns.vocabularies["array_tasks"].values, columns.codes("array_tasks")
    array, task = columns.numbers("array_job_id").take(order), columns.numbers("array_task_id").take(order)

    def count(state: JobState) -> npt.NDArray[np.int64]:
        codes = [code for code, value in enumerate(statuses.values) if value and value[0] is state]
        chosen = statuses.lookup(codes).take(status)
        counts = np.bincount(user[chosen], minlength=len(users))
        for slot in order[chosen & ~np.isnan(array) & np.isnan(task)].tolist():
            counts[columns.codes("user")[slot]] += count_tasks(rest[tasks[slot]]) - 1
        return counts

    running, pending = count(JobState.RUNNING), count(JobState.PENDING)
    return {
        name: (int(running[code]), int(pending[code]))
        for code, name in enumerate(users.values)
        if name is not None and (running[code] or pending[code])
    }
