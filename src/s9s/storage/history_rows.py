"""A finished job as a row, and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from sys import intern
from typing import Any, Final

from sqlalchemy import Row

from s9s.domain.history import FinishedJob
from s9s.domain.hostlists import expand_hostlist, fold_hostlist
from s9s.domain.jobs import Job, JobState, JobUsage

#: Fields of a job that are columns as they are.
_PLAIN: Final = (
    "numeric_id", "submit_time", "job_id", "job_name", "user", "account", "partition", "qos", "array_job_id",
    "array_task_id", "array_tasks", "het_job_id", "het_job_offset", "eligible_time", "start_time", "end_time",
    "suspended_seconds", "time_limit_seconds", "node_count", "cpu_count", "memory_mib", "gpus", "priority",
    "reason", "working_directory", "command", "standard_input", "standard_output", "standard_error",
    "exit_code", "signal", "dependency", "comment", "features", "reservation", "requeue_count",
)  # fmt: skip
_USAGE: Final = JobUsage.__struct_fields__
_MADE: Final = ("cluster", "family", "state", "flags", "nodes", "elapsed_seconds")

#: The columns besides the row's number, in the order of `values_of`.
COLUMNS: Final = (*_MADE, *_PLAIN, *_USAGE)

_plain: Final = attrgetter(*_PLAIN)
_usage: Final = attrgetter(*_USAGE)
_UNUSED: Final = (None,) * len(_USAGE)
_FIRST_PLAIN: Final = 1 + len(_MADE)
_FIRST_USAGE: Final = _FIRST_PLAIN + len(_PLAIN)
_END: Final = _PLAIN.index("end_time")


def values_of(cluster: str, finished: FinishedJob) -> tuple[Any, ...]:
    """The values of all `COLUMNS`, in their order."""
    job, usage = finished.job, finished.usage
    family = job.het_job_id if job.array_job_id is None else job.array_job_id
    flags = ",".join(job.flags) or None
    made = (cluster, family, job.state.value, flags, _folded(job.nodes), job.elapsed_seconds(job.submit_time))
    plain = list(_plain(job))
    if job.end_time is None:
        plain[_END] = job.submit_time
    return (*made, *plain, *(_UNUSED if usage is None else _usage(usage)))


def row_of(cluster: str, finished: FinishedJob) -> dict[str, Any]:
    """The same by column."""
    return dict(zip(COLUMNS, values_of(cluster, finished), strict=True))


def finished_job(row: Row[Any]) -> FinishedJob:
    """What a row of its number and `COLUMNS` tells."""
    values: Sequence[Any] = tuple(row)
    _, _, _, state, flags, nodes, _ = values[:_FIRST_PLAIN]
    job = Job(
        state=JobState(state),
        flags=tuple(flags.split(",")) if flags else (),
        nodes=_expanded(nodes) if nodes else (),
        **dict(zip(_PLAIN, values[_FIRST_PLAIN:_FIRST_USAGE], strict=True)),
    )
    used = values[_FIRST_USAGE:]
    return FinishedJob(job, None if used == _UNUSED else JobUsage(**dict(zip(_USAGE, used, strict=True))))


@lru_cache(maxsize=1 << 14)
def _folded(nodes: tuple[str, ...]) -> str | None:
    return fold_hostlist(nodes) or None


@lru_cache(maxsize=1 << 14)
def _expanded(hostlist: str) -> tuple[str, ...]:
    return tuple(map(intern, expand_hostlist(hostlist)))


def has_node(hostlist: str, wanted: frozenset[str]) -> bool:
    """Whether any of some nodes is in a kept hostlist."""
    return not wanted.isdisjoint(_expanded(hostlist))
