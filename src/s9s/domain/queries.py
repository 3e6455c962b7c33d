"""What a list may be asked for: filters, order, page."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")

#: Fields of a job that a list can be sorted by, as clients spell them.
JOB_SORT_FIELDS = (
    "account", "array_job_id", "array_task_id", "array_tasks", "comment", "cpu_count", "elapsed_time",
    "eligible_time", "end_time", "exit_code", "expected_start_time", "features", "gpus", "het_job_id",
    "het_job_offset", "hold_reason", "job_id", "job_name", "memory", "node_count", "partition", "priority",
    "qos", "reason", "reservation", "signal", "standard_error", "standard_output", "start_time", "state",
    "submit_time", "time_limit", "user", "working_directory",
)  # fmt: skip


class Visibility(Struct, frozen=True):
    """Which rows a caller may see: of `users`, in `accounts` or in `partitions`. Hashable: it keys caches."""

    users: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    """Compared without case."""
    partitions: frozenset[str] = frozenset()
    within: Visibility | None = None
    """Of these only the ones that this allows too."""


class JobQuery(Struct, frozen=True, kw_only=True):
    """Filters are conjunctive; ``None`` means no filter. Values of one filter are alternatives."""

    states: frozenset[str] | None = None
    """Upper case; matches the state or any flag."""
    users: frozenset[str] | None = None
    partitions: frozenset[str] | None = None
    """Matches any one partition of a pending job's list."""
    accounts: frozenset[str] | None = None
    """Compared without case, as Slurm does."""
    qos: frozenset[str] | None = None
    """Compared without case."""
    names: frozenset[str] | None = None
    nodes: frozenset[str] | None = None
    """Jobs allocated on any of these nodes."""
    job_ids: frozenset[str] | None = None
    """Any address; an array's id finds all its tasks."""
    start_time: int | None = None
    """As sacct's window: jobs that had not ended before this instant."""
    end_time: int | None = None
    """As sacct's window: jobs that were submitted (became eligible) no later than this instant."""
    sort: str = "submit_time"
    """One of `JOB_SORT_FIELDS`. ``None`` values come last in either order; ties are broken by numeric id."""
    descending: bool = True
    limit: int = 100
    offset: int = 0
    visibility: Visibility | None = None
    """``None``: every row."""


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a longer list."""

    items: list[T]
    total: int
    limit: int
    offset: int

    @property
    def has_more(self) -> bool:
        """Whether rows follow this page."""
        return self.offset + len(self.items) < self.total
