"""The fields of each type of export: their names as in the lists of the API, their kinds, their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from s9s.domain.audit import Entry
from s9s.domain.errors import ValidationError
from s9s.domain.hostlists import fold_hostlist
from s9s.domain.jobs import Job
from s9s.domain.nodes import Node
from s9s.domain.output_paths import output_paths
from s9s.domain.samples import Bucket
from s9s.formats import Kind

if TYPE_CHECKING:
    # A worker needs the fields and not the snapshot, which takes a second to import.
    from s9s.services.partitions import PartitionView
    from s9s.services.users import UserView

R = TypeVar("R")

TEXT, INTEGER, NUMBER, BOOLEAN, INSTANT = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.INSTANT
DURATION, MEMORY, HOURS, HOSTLIST = Kind.DURATION, Kind.MEMORY, Kind.HOURS, Kind.HOSTLIST
WORDS, OBJECT = Kind.WORDS, Kind.OBJECT


class Field(Struct, Generic[R], frozen=True):
    """One field of a row."""

    kind: Kind
    value: Callable[[R], Any]


class JobView(Struct, frozen=True, gc=False):
    """A job as it stands in a list."""

    job: Job
    now: int
    """What elapsed times are counted to; epoch seconds."""
    hold_reason: str | None


class NodeView(Struct, frozen=True, gc=False):
    """A node and the jobs on it that the caller may see."""

    node: Node
    jobs: Sequence[str]


@lru_cache(maxsize=16_384)
def _folded(names: tuple[str, ...]) -> str:
    return fold_hostlist(names)


def _words(values: Sequence[str] | None) -> str | None:
    return None if values is None else ",".join(values)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def job_field(kind: Kind, name: str) -> Field[JobView]:
    """An attribute of a job as it is."""
    return Field(kind, lambda view: getattr(view.job, name))


JOB_FIELDS: Final[Mapping[str, Field[JobView]]] = {
    "job_id": job_field(TEXT, "job_id"),
    "job_name": job_field(TEXT, "job_name"),
    "user": job_field(TEXT, "user"),
    "account": job_field(TEXT, "account"),
    "partition": job_field(TEXT, "partition"),
    "state": Field(TEXT, lambda view: view.job.state.value),
    "submit_time": job_field(INSTANT, "submit_time"),
    "start_time": job_field(INSTANT, "start_time"),
    "end_time": job_field(INSTANT, "end_time"),
    "elapsed_time": Field(DURATION, lambda view: view.job.elapsed_seconds(view.now)),
    "time_limit": job_field(DURATION, "time_limit_seconds"),
    "nodes": Field(HOSTLIST, lambda view: _folded(view.job.nodes)),
    "node_count": job_field(INTEGER, "node_count"),
    "cpu_count": job_field(INTEGER, "cpu_count"),
    "memory": job_field(MEMORY, "memory_mib"),
    "gpus": job_field(INTEGER, "gpus"),
    "priority": job_field(INTEGER, "priority"),
    "qos": job_field(TEXT, "qos"),
    "working_directory": job_field(TEXT, "working_directory"),
    "standard_output": Field(TEXT, lambda view: output_paths(view.job)[0]),
    "standard_error": Field(TEXT, lambda view: output_paths(view.job)[1]),
    "exit_code": job_field(INTEGER, "exit_code"),
    "reason": job_field(TEXT, "reason"),
    "signal": job_field(INTEGER, "signal"),
    "flags": Field(WORDS, lambda view: ",".join(view.job.flags)),
    "array_job_id": Field(TEXT, lambda view: _text(view.job.array_job_id)),
    "array_task_id": job_field(INTEGER, "array_task_id"),
    "array_tasks": job_field(TEXT, "array_tasks"),
    "het_job_id": Field(TEXT, lambda view: _text(view.job.het_job_id)),
    "het_job_offset": job_field(INTEGER, "het_job_offset"),
    "eligible_time": job_field(INSTANT, "eligible_time"),
    "expected_start_time": job_field(INSTANT, "expected_start_time"),
    "hold_reason": Field(TEXT, lambda view: view.hold_reason),
    "comment": job_field(TEXT, "comment"),
    "reservation": job_field(TEXT, "reservation"),
    "features": job_field(TEXT, "features"),
}


def _of_node(kind: Kind, name: str) -> Field[NodeView]:
    return Field(kind, lambda view: getattr(view.node, name))


NODE_FIELDS: Final[Mapping[str, Field[NodeView]]] = {
    "node_name": _of_node(TEXT, "node_name"),
    "state": _of_node(TEXT, "state"),
    "partitions": Field(WORDS, lambda view: _words(view.node.partitions)),
    "cpu_total": _of_node(INTEGER, "cpu_total"),
    "cpu_allocated": _of_node(INTEGER, "cpu_allocated"),
    "cpu_load": _of_node(NUMBER, "cpu_load"),
    "memory_total": _of_node(MEMORY, "memory_total_mib"),
    "memory_allocated": _of_node(MEMORY, "memory_allocated_mib"),
    "memory_free": _of_node(MEMORY, "memory_free_mib"),
    "gpus_total": _of_node(INTEGER, "gpus_total"),
    "gpus_allocated": _of_node(INTEGER, "gpus_allocated"),
    "features": Field(WORDS, lambda view: _words(view.node.features)),
    "architecture": _of_node(TEXT, "architecture"),
    "os": _of_node(TEXT, "os"),
    "boot_time": _of_node(INSTANT, "boot_time"),
    "last_busy": _of_node(INSTANT, "last_busy"),
    "jobs": Field(WORDS, lambda view: _words(view.jobs)),
    "reason": _of_node(TEXT, "reason"),
    "base_state": _of_node(TEXT, "base_state"),
    "flags": Field(WORDS, lambda view: _words(view.node.flags)),
    "gres": _of_node(TEXT, "gres"),
    "reason_user": _of_node(TEXT, "reason_user"),
    "reason_time": _of_node(INSTANT, "reason_time"),
    "resume_after": _of_node(INSTANT, "resume_after"),
    "slurm_version": _of_node(TEXT, "slurm_version"),
}

USER_FIELDS: Final[Mapping[str, Field[UserView]]] = {
    "username": Field(TEXT, lambda view: view.user.username),
    "default_account": Field(TEXT, lambda view: view.user.default_account),
    "admin_level": Field(TEXT, lambda view: view.user.admin_level.value),
    "jobs_running": Field(INTEGER, lambda view: view.running),
    "jobs_pending": Field(INTEGER, lambda view: view.pending),
    "cpu_time_used": Field(HOURS, lambda view: view.user.cpu_seconds_used),
    "associations": Field(OBJECT, lambda view: msgspec.to_builtins(view.user.associations)),
    "coordinator_of": Field(WORDS, lambda view: _words(view.user.coordinator_of)),
}


def _of_partition(kind: Kind, name: str) -> Field[PartitionView]:
    return Field(kind, lambda view: getattr(view.partition, name))


def _summed(name: str) -> Field[PartitionView]:
    return Field(INTEGER, lambda view: getattr(view.statistics, name))


PARTITION_FIELDS: Final[Mapping[str, Field[PartitionView]]] = {
    "name": _of_partition(TEXT, "name"),
    "state": _of_partition(TEXT, "state"),
    "nodes_total": _summed("nodes_total"),
    "nodes_idle": _summed("nodes_idle"),
    "nodes_allocated": _summed("nodes_allocated"),
    "nodes_mixed": _summed("nodes_mixed"),
    "cpus_total": _summed("cpus_total"),
    "cpus_allocated": _summed("cpus_allocated"),
    "default_time": _of_partition(DURATION, "default_time_seconds"),
    "max_time": _of_partition(DURATION, "max_time_seconds"),
    "max_nodes": _of_partition(INTEGER, "max_nodes"),
    "priority": _of_partition(INTEGER, "priority"),
    "qos": _of_partition(TEXT, "qos"),
    "features": Field(WORDS, lambda view: _words(view.statistics.features)),
    "is_default": _of_partition(BOOLEAN, "is_default"),
    "nodes": Field(TEXT, lambda view: _folded(view.partition.nodes)),
    "allow_accounts": Field(WORDS, lambda view: _words(view.partition.allow_accounts)),
    "allow_groups": Field(WORDS, lambda view: _words(view.partition.allow_groups)),
    "allow_qos": Field(WORDS, lambda view: _words(view.partition.allow_qos)),
}


def _of_record(kind: Kind, name: str) -> Field[Entry]:
    return Field(kind, lambda entry: getattr(entry.record, name))


def _json(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text)


AUDIT_FIELDS: Final[Mapping[str, Field[Entry]]] = {
    "number": _of_record(INTEGER, "number"),
    "at": _of_record(INSTANT, "at"),
    "action": _of_record(TEXT, "action"),
    "user": _of_record(TEXT, "user"),
    "credential": _of_record(TEXT, "credential"),
    "address": _of_record(TEXT, "address"),
    "method": _of_record(TEXT, "method"),
    "route": _of_record(TEXT, "route"),
    "resource": Field(TEXT, lambda entry: entry.resource),
    "what": Field(OBJECT, lambda entry: _json(entry.record.what)),
    "before": Field(OBJECT, lambda entry: _json((entry.outcome or entry.record).before)),
    "after": Field(OBJECT, lambda entry: _json((entry.outcome or entry.record).after)),
    "result": Field(TEXT, lambda entry: entry.result),
    "status": Field(INTEGER, lambda entry: (entry.outcome or entry.record).status),
    "request_id": _of_record(TEXT, "request_id"),
    "hash": Field(TEXT, lambda entry: entry.record.hash.hex()),
}


def _recorded(kind: Kind) -> Field[Any]:
    """A field of rows that only the database has."""

    def refuse(row: Any) -> Any:
        raise NotImplementedError("such rows are never in memory")

    return Field(kind, refuse)


#: Finished jobs and what they made of what they had; the last ones are null where nothing was measured.
EFFICIENCY_FIELDS: Final[Mapping[str, Field[Any]]] = {
    **{
        name: _recorded(JOB_FIELDS[name].kind)
        for name in (
            "job_id", "job_name", "user", "account", "partition", "state", "start_time", "end_time",
            "elapsed_time", "time_limit", "node_count", "cpu_count", "memory", "gpus",
        )
    },
    "cpu_time_used": _recorded(HOURS),
    "max_memory_used": _recorded(MEMORY),
    "cpu_efficiency": _recorded(NUMBER),
    "memory_efficiency": _recorded(NUMBER),
    "gpu_utilization": _recorded(NUMBER),
}  # fmt: skip


def _of_bucket(kind: Kind, name: str) -> Field[Bucket]:
    return Field(kind, lambda bucket: getattr(bucket, name))


METRIC_FIELDS: Final[Mapping[str, Field[Bucket]]] = {
    "timestamp": _of_bucket(INSTANT, "at"),
    "cpu_utilization": _of_bucket(NUMBER, "cpu_utilization"),
    "memory_utilization": _of_bucket(NUMBER, "memory_utilization"),
    "gpu_utilization": _of_bucket(NUMBER, "gpu_utilization"),
    "jobs_submitted": _of_bucket(INTEGER, "jobs_submitted"),
    "jobs_completed": _of_bucket(INTEGER, "jobs_completed"),
    "avg_queue_time": _of_bucket(INTEGER, "avg_queue_time"),
    "coverage": Field(NUMBER, lambda bucket: round(bucket.coverage, 4)),
}

#: Other names that clients may use.
ALIASES: Final = {"jobs": {"runtime": "elapsed_time"}, "efficiency": {"runtime": "elapsed_time"}}


def chosen(
    type_: str, fields: Mapping[str, Field[Any]], wanted: Sequence[str] | None
) -> list[tuple[str, str, Field[Any]]]:
    """The columns of an export: heading, name of the field, field.

    Args:
        type_: Of the export.
        fields: All that the type has.
        wanted: Names or aliases, each once; ``None`` is all.

    Raises:
        ValidationError: For none, for one that is unknown and for one that comes twice.
    """
    if wanted is None:
        return [(name, name, field) for name, field in fields.items()]
    aliases = ALIASES.get(type_, {})
    allowed = sorted({*fields, *aliases})
    if not wanted:
        raise ValidationError.of("fields", [], allowed, "An export has at least one field")
    found = []
    for place, name in enumerate(wanted):
        field = fields.get(aliases.get(name, name))
        if field is None:
            raise ValidationError.of(f"fields.{place}", name, allowed, f"Unknown field of {type_}: {name}")
        if name in wanted[:place]:
            raise ValidationError.of(f"fields.{place}", name, "each field once", f"Field given twice: {name}")
        found.append((name, aliases.get(name, name), field))
    return found
