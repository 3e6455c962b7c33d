"""Events on the wire: what stands in their `data`, and the messages that carry them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final

import msgspec

from s9s.api.schemas.jobs import job_row
from s9s.domain.durations import format_duration
from s9s.domain.events import Action, Channel, Event, event
from s9s.domain.instants import format_instant
from s9s.domain.jobs import Job
from s9s.domain.memory import format_memory
from s9s.domain.nodes import Node
from s9s.domain.samples import percent
from s9s.domain.transitions import Step
from s9s.services.live.statistics import QueueFigures, Resources


def _time(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def _same(value: Any) -> Any:
    return value


#: Fields of a job whose change is an event: the domain's name, the contract's, and how it is written. Not its
#: priority, which grows with its age, nor the scheduler's estimates.
_JOB: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "state": ("state", _same),
    "flags": ("flags", list),
    "job_name": ("job_name", _same),
    "user": ("user", _same),
    "account": ("account", _same),
    "partition": ("partition", _same),
    "qos": ("qos", _same),
    "array_tasks": ("array_tasks", _same),
    "submit_time": ("submit_time", _time),
    "eligible_time": ("eligible_time", _time),
    "start_time": ("start_time", _time),
    "end_time": ("end_time", _time),
    "time_limit_seconds": ("time_limit", lambda value: None if value is None else format_duration(value)),
    "nodes": ("nodes", list),
    "node_count": ("node_count", _same),
    "cpu_count": ("cpu_count", _same),
    "memory_mib": ("memory", lambda value: None if value is None else format_memory(value)),
    "gpus": ("gpus", _same),
    "reason": ("reason", _same),
    "exit_code": ("exit_code", _same),
    "signal": ("signal", _same),
    "comment": ("comment", _same),
    "features": ("features", _same),
    "reservation": ("reservation", _same),
}
_NODE: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "state": ("state", _same),
    "base_state": ("base_state", _same),
    "flags": ("flags", list),
    "partitions": ("partitions", list),
    "features": ("features", list),
    "reason": ("reason", _same),
    "reason_user": ("reason_user", _same),
    "resume_after": ("resume_after", _time),
    "cpu_total": ("cpu_total", _same),
    "memory_total_mib": ("memory_total", format_memory),
    "gpus_total": ("gpus_total", _same),
}

_job_values: Final = attrgetter(*_JOB)
_node_values: Final = attrgetter(*_NODE)


def _changed(
    before: tuple[Any, ...], after: tuple[Any, ...], fields: Mapping[str, tuple[str, Callable[[Any], Any]]]
) -> dict[str, Any]:
    return {
        name: write(new)
        for (name, write), old, new in zip(fields.values(), before, after, strict=True)
        if old != new
    }


def job_event(step: Step, at: float) -> Event | None:
    """What is told of a step of a job; ``None`` for changes that are no event."""
    before, after = step.before, step.after
    if after is None:
        assert before is not None
        data: dict[str, Any] = {"job_id": before.job_id, "state": before.state.value}
        return _event(Channel.JOBS, Action.REMOVED, before.job_id, data, at, job_before=before)
    if before is None:
        row = msgspec.to_builtins(job_row(after, int(at)))
        del row["hold_reason"], row["elapsed_time"]
        data = row | ({"inferred": True} if step.inferred else {})
        return _event(Channel.JOBS, Action.CREATED, after.job_id, data, at, job=after)
    changed = _changed(_job_values(before), _job_values(after), _JOB)
    if (before.priority == 0) != (after.priority == 0):
        changed["priority"] = after.priority  # held or released
    if not changed:
        return None
    data = {
        "job_id": after.job_id,
        "job_name": after.job_name,
        "user": after.user,
        "partition": after.partition,
        "state": after.state.value,
    }
    if before.state is not after.state:
        data["previous_state"] = before.state.value
    if after.state.is_finished:
        data |= {"end_time": _time(after.end_time), "exit_code": after.exit_code}
    data |= changed
    if step.inferred:
        data["inferred"] = True
    return _event(Channel.JOBS, Action.UPDATE, after.job_id, data, at, job=after, job_before=before)


def node_event(before: Node | None, after: Node | None, at: float) -> Event | None:
    """What is told of a change of a node; ``None`` for changes that are no event."""
    if after is None:
        assert before is not None
        name = before.node_name
        data: dict[str, Any] = {"node_name": name, "state": before.state}
        return _event(Channel.NODES, Action.REMOVED, name, data, at, node_before=before)
    old = _node_values(before) if before is not None else (None,) * len(_NODE)
    changed = _changed(old, _node_values(after), _NODE)
    if not changed:
        return None
    data = {"node_name": after.node_name, "state": after.state}
    if before is not None and before.state != after.state:
        data["previous_state"] = before.state
    action = Action.CREATED if before is None else Action.UPDATE
    return _event(Channel.NODES, action, after.node_name, data | changed, at, node=after, node_before=before)


def queue_event(figures: QueueFigures, cluster: str, at: float) -> Event:
    """How much waits and runs."""
    whole = figures.by_partition.get(None, {})
    partitions = {name: counts for name, counts in figures.by_partition.items() if name is not None}
    data = {
        "pending": whole.get("PENDING", 0),
        "running": whole.get("RUNNING", 0),
        "jobs": dict(sorted(whole.items())),
        "partitions": {name: dict(sorted(partitions[name].items())) for name in sorted(partitions)},
        "pending_reasons": dict(sorted(figures.pending_reasons.items())),
    }
    return event(Channel.QUEUE, Action.UPDATE, cluster, data, at)


def metrics_event(resources: Resources, cluster: str, at: float) -> Event:
    """How busy the cluster is."""
    one = resources
    data = {
        "cpu_utilization": percent(one.cpus_allocated, one.cpus_total),
        "memory_utilization": percent(one.memory_allocated_mib, one.memory_total_mib),
        "gpu_utilization": percent(one.gpus_allocated, one.gpus_total),
        "cpus_total": one.cpus_total,
        "cpus_allocated": one.cpus_allocated,
        "memory_total": format_memory(one.memory_total_mib),
        "memory_allocated": format_memory(one.memory_allocated_mib),
        "gpus_total": one.gpus_total,
        "gpus_allocated": one.gpus_allocated,
        "nodes": dict(sorted(one.states.items())),
    }
    return event(Channel.METRICS, Action.UPDATE, cluster, data, at)


def _event(
    channel: Channel,
    action: Action,
    resource_id: str,
    data: Mapping[str, Any],
    at: float,
    *,
    job: Job | None = None,
    job_before: Job | None = None,
    node: Node | None = None,
    node_before: Node | None = None,
) -> Event:
    raw = msgspec.Raw(msgspec.json.encode(data))
    return Event(0, int(at), channel, action, resource_id, raw, job, job_before, node, node_before)
