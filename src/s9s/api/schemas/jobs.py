"""Jobs on the wire: the contract's fields, and how domain amounts become its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from s9s.api.parameters import Parameters
from s9s.api.schemas.paging import PageInfo, PageParameters, SortOrder
from s9s.domain.dependencies import parse_dependency
from s9s.domain.durations import format_duration, format_hours
from s9s.domain.efficiency import efficiency_of
from s9s.domain.instants import format_instant
from s9s.domain.jobs import Job, JobDetails, JobUsage
from s9s.domain.memory import format_memory
from s9s.domain.output_paths import output_paths
from s9s.domain.queries import Page


class JobListParameters(PageParameters, frozen=True):
    """Filters, order and page of the job list. Filters take comma lists."""

    state: (
        Annotated[str, Meta(description="Job states or flags, e.g. `RUNNING,PENDING`", examples=["RUNNING"])]
        | None
    ) = None
    user: Annotated[str, Meta(description="User names", examples=["alice"])] | None = None
    partition: Annotated[str, Meta(description="Partition names", examples=["gpu"])] | None = None
    account: Annotated[str, Meta(description="Account names, without regard to case")] | None = None
    qos: Annotated[str, Meta(description="QOS names, without regard to case")] | None = None
    job_name: Annotated[str, Meta(description="Job names, exactly")] | None = None
    job_id: Annotated[str, Meta(description="Job ids; an array's id finds all its tasks")] | None = None
    node: Annotated[str, Meta(description="Jobs on these nodes, as names or a hostlist")] | None = None
    start_time: Annotated[str, Meta(description="Jobs that had not ended before, as `sacct -S`")] | None = (
        None
    )
    end_time: Annotated[str, Meta(description="Jobs that were submitted by then, as `sacct -E`")] | None = (
        None
    )
    sort: Annotated[str, Meta(description="Any scalar field of a job")] = "submit_time"
    order: Annotated[SortOrder, Meta(description="Sort order")] = "desc"


class JobFilter(Parameters, frozen=True):
    """Which jobs: the filters of the job list. Values are comma lists; JSON lists will do too."""

    state: Annotated[str, Meta(description="Job states or flags", examples=["RUNNING"])] | None = None
    user: Annotated[str, Meta(description="User names", examples=["alice"])] | None = None
    partition: Annotated[str, Meta(description="Partition names")] | None = None
    account: Annotated[str, Meta(description="Account names, without regard to case")] | None = None
    qos: Annotated[str, Meta(description="QOS names, without regard to case")] | None = None
    job_name: Annotated[str, Meta(description="A job name, exactly")] | None = None
    job_id: Annotated[str, Meta(description="Job ids; an array's id means all its tasks")] | None = None
    node: Annotated[str, Meta(description="Jobs on these nodes, as names or a hostlist")] | None = None
    start_time: Annotated[str, Meta(description="Jobs that had not ended before")] | None = None
    end_time: Annotated[str, Meta(description="Jobs that were submitted by then")] | None = None


class JobRow(Struct, frozen=True):
    """A job in a list. Times are RFC 3339 UTC; what Slurm has not set is null."""

    job_id: Annotated[str, Meta(examples=["12345"])]
    job_name: str
    user: str
    account: str | None
    partition: str
    state: Annotated[str, Meta(description="Slurm's base state", examples=["RUNNING"])]
    submit_time: str
    start_time: str | None
    end_time: str | None
    elapsed_time: Annotated[str, Meta(description="As of the snapshot", examples=["2:15:30"])]
    time_limit: Annotated[str, Meta(examples=["4:00:00"])] | None
    nodes: list[str]
    node_count: int
    cpu_count: int
    memory: Annotated[str, Meta(description="Over all nodes", examples=["128GB"])] | None
    gpus: Annotated[int, Meta(description="Over all nodes")]
    priority: int | None
    qos: str | None
    working_directory: str | None
    standard_output: str | None
    standard_error: str | None
    exit_code: Annotated[int, Meta(description="null until the job has ended")] | None
    reason: str | None
    signal: Annotated[int, Meta(description="The signal that ended the job")] | None
    flags: Annotated[list[str], Meta(description="Slurm's further state words")]
    array_job_id: str | None
    array_task_id: int | None
    array_tasks: (
        Annotated[str, Meta(description="Tasks of an array that have not started", examples=["2-5%2"])] | None
    )
    het_job_id: str | None
    het_job_offset: int | None
    eligible_time: str | None
    expected_start_time: Annotated[str, Meta(description="The scheduler's estimate for a pending job")] | None
    hold_reason: Annotated[str, Meta(description="What the one who held the job gave as reason")] | None
    comment: str | None
    reservation: str | None
    features: str | None


class JobList(PageInfo, frozen=True):
    """A page of jobs."""

    jobs: list[JobRow]


class JobResources(Struct, frozen=True):
    """What a job used; null where nothing was measured."""

    cpu_efficiency: (
        Annotated[float, Meta(description="CPU time used over CPU time allocated", examples=[0.85])] | None
    )
    memory_efficiency: Annotated[float, Meta(description="Most memory used over memory allocated")] | None
    gpu_utilization: float | None
    max_memory_used: Annotated[str, Meta(examples=["89GB"])] | None
    max_cpu_time: Annotated[str, Meta(description="CPU time of all steps", examples=["127.5h"])] | None


class JobDependency(Struct, frozen=True):
    """A condition that has to be met before the job starts."""

    type: str
    job_id: str | None
    status: str | None


class JobDocument(JobRow, frozen=True):
    """A job with everything that is known of it."""

    command: Annotated[str, Meta(description="Shown to the owner and to administrators")] | None
    environment: (
        Annotated[dict[str, str], Meta(description="Shown to the owner and to administrators")] | None
    )
    resources: JobResources
    dependencies: list[JobDependency]
    standard_input: str | None
    requeue_count: int


def _time(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _row_values(job: Job, elapsed_time: str, hold_reason: str | None) -> dict[str, Any]:
    """The fields of a row; behind `elapsed_time` what most jobs have in common."""
    standard_output, standard_error = output_paths(job)
    return {
        "job_id": job.job_id,
        "job_name": job.job_name,
        "user": job.user,
        "account": job.account,
        "partition": job.partition,
        "state": job.state.value,
        "submit_time": format_instant(job.submit_time),
        "eligible_time": _time(job.eligible_time),
        "start_time": _time(job.start_time),
        "end_time": _time(job.end_time),
        "time_limit": None if job.time_limit_seconds is None else format_duration(job.time_limit_seconds),
        "nodes": list(job.nodes),
        "node_count": job.node_count,
        "cpu_count": job.cpu_count,
        "memory": None if job.memory_mib is None else format_memory(job.memory_mib),
        "gpus": job.gpus,
        "priority": job.priority,
        "qos": job.qos,
        "working_directory": job.working_directory,
        "standard_output": standard_output,
        "standard_error": standard_error,
        "elapsed_time": elapsed_time,
        "exit_code": job.exit_code,
        "reason": job.reason,
        "signal": job.signal,
        "flags": list(job.flags),
        "array_job_id": None if job.array_job_id is None else str(job.array_job_id),
        "array_task_id": job.array_task_id,
        "array_tasks": job.array_tasks,
        "het_job_id": None if job.het_job_id is None else str(job.het_job_id),
        "het_job_offset": job.het_job_offset,
        "expected_start_time": _time(job.expected_start_time),
        "hold_reason": hold_reason,
        "comment": job.comment,
        "reservation": job.reservation,
        "features": job.features,
    }


def job_row(job: Job, now: int, hold_reason: str | None = None) -> JobRow:
    """A job as it stands in a list at `now` (epoch seconds, the snapshot's time)."""
    return JobRow(**_row_values(job, format_duration(job.elapsed_seconds(now)), hold_reason))


class Row(Struct, frozen=True, gc=False):
    """A row as JSON, up to its elapsed time and from there on; that of a job that runs is missing."""

    head: bytes
    tail: bytes
    """Ends with a comma. Shared by many rows: a third of each that is not kept 100,000 times."""


#: A row's elapsed time left empty; cannot occur inside a JSON string, where quotes are escaped.
_HOLE: Final = b'"elapsed_time":"",'
_TAILS: Final[dict[bytes, bytes]] = {}
_MOST_TAILS: Final = 1024


def encode_row(job: Job, hold_reason: str | None = None) -> Row:
    """A row as `join_rows` takes it."""
    before, _, after = msgspec.json.encode(_row_values(job, "", hold_reason)).partition(_HOLE)
    elapsed = b"" if job.clock > 0 else format_duration(-job.clock).encode()
    if len(_TAILS) >= _MOST_TAILS:
        _TAILS.clear()
    tail = b"".join((b'",', after, b","))
    # Rows are kept: `%` would cut them from larger pieces, whose ends nothing else fits into.
    return Row(b"".join((before, b'"elapsed_time":"', elapsed)), _TAILS.setdefault(tail, tail))


def encode_list(page: Page[Row], clocks: Sequence[int], now: int) -> bytes:
    """A `JobList` as JSON; see `join_rows`."""
    after = b'],"total":%d,"limit":%d,"offset":%d,"has_more":%b}' % (
        page.total, page.limit, page.offset, b"true" if page.has_more else b"false"
    )  # fmt: skip
    return join_rows(page.items, clocks, now, b'{"jobs":[', after)


def join_rows(rows: Sequence[Row], clocks: Sequence[int], now: int, before: bytes, after: bytes) -> bytes:
    """Rows between what stands around them: all copied once.

    Args:
        rows: From `encode_row`.
        clocks: `Job.clock` of each.
        now: What elapsed times are counted to, epoch seconds.
        before: Stands before the rows.
        after: Stands after them.
    """
    latest = max(clocks, default=0)
    if latest > now:  # started after the snapshot was begun
        clocks = [min(clock, now) for clock in clocks]
    # How many pieces there are matters: times only where there are any.
    each = 3 if latest > 0 else 2
    pieces = [before] * (each * len(rows) + 1)
    pieces[1::each] = [row.head for row in rows]
    pieces[each::each] = [row.tail for row in rows]
    if latest > 0:
        hours, minutes = _HOURS, _MINUTES
        pieces[2::3] = [
            b"" if clock <= 0 else hours[(now - clock) // 3600] + minutes[(now - clock) % 3600]
            for clock in clocks
        ]
    if rows:
        pieces[-1] = pieces[-1][:-1]  # no comma
    pieces.append(after)
    return b"".join(pieces)


class _Hours(dict[int, bytes]):
    """What `format_duration` puts before the minutes, by hours."""

    def __missing__(self, hours: int) -> bytes:
        if len(self) >= _MOST_HOURS:
            self.clear()
        text = self[hours] = format_duration(hours * 3600)[:-5].encode()
        return text


_MOST_HOURS: Final = 4096
_HOURS: Final = _Hours()
#: The rest of a row by the seconds of the hour: a list needs one for each of its rows, and they move on.
_MINUTES: Final = [format_duration(seconds)[2:].encode() for seconds in range(3600)]


def job_document(
    details: JobDetails, now: int, *, hold_reason: str | None, shows_secrets: bool
) -> JobDocument:
    """A job's details; command and environment only where `shows_secrets`."""
    job = details.job
    row = _row_values(job, format_duration(job.elapsed_seconds(now)), hold_reason)
    return JobDocument(
        **row,
        command=job.command if shows_secrets else None,
        environment=details.environment if shows_secrets else None,
        resources=_resources(job, details.usage, now),
        dependencies=[
            JobDependency(one.type, one.job_id, one.status) for one in parse_dependency(job.dependency or "")
        ],
        standard_input=job.standard_input,
        requeue_count=job.requeue_count,
    )


def _resources(job: Job, usage: JobUsage | None, now: int) -> JobResources:
    if usage is None:
        return JobResources(None, None, None, None, None)
    found = efficiency_of(job, usage, now)
    return JobResources(
        None if found.cpu is None else round(found.cpu, 4),
        None if found.memory is None else round(found.memory, 4),
        usage.gpu_utilization,
        None if usage.max_memory_mib is None else format_memory(round(usage.max_memory_mib)),
        None if usage.cpu_seconds is None else format_hours(usage.cpu_seconds),
    )
