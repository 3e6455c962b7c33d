"""Whether an answer has the fields, types and formats of one of the contract's response examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SPAN = re.compile(r"UNLIMITED|(0|[1-9]\d*):[0-5]\d:[0-5]\d|[1-9]\d*-[0-2]\d:[0-5]\d:[0-5]\d")
_MEMORY = re.compile(r"\d+(GB|MB)")
_HOURS = re.compile(r"\d+(\.\d+)?h")
_WAIT = re.compile(r"\d+s|\d+m \d+s|\d+h \d+m|\d+d \d+h")
_JOB_ID = re.compile(r"\d+(_\d+|\+\d+)?|\d+_\[.*\]")
_JOB_STATES = re.compile(
    "PENDING|RUNNING|COMPLETING|SUSPENDED|COMPLETED|CANCELLED|FAILED|TIMEOUT|NODE_FAIL|PREEMPTED"
    "|OUT_OF_MEMORY|BOOT_FAIL|DEADLINE"
)
_NODE_STATES = re.compile(
    "DOWN|DRAIN|IDLE|MIXED|ALLOCATED|COMPLETING|FAIL|UNKNOWN|FUTURE|RESERVED|PLANNED|MAINT"
)

_TIMES = ("submit_time", "start_time", "end_time", "boot_time", "last_busy")
_AMOUNTS = ("memory", "memory_total", "memory_allocated", "memory_free", "max_memory_used")

FORMATS: dict[str, re.Pattern[str]] = {
    "job_id": _JOB_ID,
    **dict.fromkeys((*_TIMES, "timestamp"), _TIME),
    **dict.fromkeys(("elapsed_time", "time_limit", "default_time", "max_time"), _SPAN),
    **dict.fromkeys(_AMOUNTS, _MEMORY),
    **dict.fromkeys(("avg_wait_time", "max_wait_time"), _WAIT),
    **dict.fromkeys(("cpu_time_used", "max_cpu_time"), _HOURS),
    "jobs[].state": _JOB_STATES,
    "nodes[].state": _NODE_STATES,
    "partitions[].state": re.compile("UP|DOWN|DRAIN|INACTIVE"),
    "admin_level": re.compile("none|operator|administrator"),
    "status": re.compile("success|error"),
}
"""Of texts, by the last part of the path or by all of it. In arrays the index is left out: `jobs[].state`."""

NULLABLE: dict[str, str] = {
    **dict.fromkeys(_TIMES, "unset times are null"),
    "elapsed_time": "a job that has not started",
    "time_limit": "a job that left it to a partition without one",
    "exit_code": "null until the job has ended",
    "reason": "null where Slurm says None",
    "standard_output": "a job that was not a batch job",
    "standard_error": "a job that was not a batch job",
    "working_directory": "not kept by every accounting",
    "command": "a job that has none; others' are not shown",
    "environment": "not kept, or not the caller's to see",
    "memory": "accounting that never allocated any",
    "priority": "accounting does not always keep it",
    "qos": "a partition, or a job, without one",
    "array_job_id": "a job that is no array",
    "array_task_id": "a job that is no array",
    "default_time": "a partition without one: the maximum applies",
    "max_nodes": "a partition without a limit",
    **dict.fromkeys(
        ("cpu_efficiency", "memory_efficiency", "gpu_utilization", "max_memory_used", "max_cpu_time"),
        "nothing was measured yet, or nothing measures it here",
    ),
    **dict.fromkeys(("cpu_load", "memory_free", "architecture", "os"), "a node that never came up"),
    "default_account": "a user without one",
    **dict.fromkeys(("avg_wait_time", "max_wait_time"), "no job started within the window"),
    "gpu_percent": "a cluster without GPUs",
    **dict.fromkeys(
        ("cpu_utilization", "memory_utilization", "jobs_submitted", "jobs_completed", "avg_queue_time"),
        "nobody saw the cluster at that time",
    ),
    "partition": "an association with all partitions",
}
"""Fields that may be null although the example shows a value, and when."""

_OF_NULL: dict[str, type] = {
    "end_time": str,
    "exit_code": int,
    "reason": str,
    "array_job_id": str,
    "array_task_id": int,
}
"""What a field is that the example shows as null."""

_FREE = {"environment": str, "details": str, "job_counts": int, "node_counts": int}
"""Objects whose keys are not the contract's, and what their values are."""


def mismatches(actual: Any, example: Any, path: str = "") -> Iterator[str]:
    """What in `actual` is not as in `example`; more fields than the example has are welcome."""
    name = re.split(r"[.\]]+", path)[-1]
    if actual is None and (name in NULLABLE or example is None):
        return
    if isinstance(example, Mapping):
        yield from _object(actual, example, path, name)
    elif isinstance(example, list):
        yield from _array(actual, example, path)
    elif not _same_type(actual, _OF_NULL.get(name) if example is None else type(example)):
        yield f"{path}: {actual!r} is not like {example!r}"
    elif isinstance(actual, str):
        yield from _text(actual, path, name)


def assert_like(actual: Any, example: Any, path: str = "") -> None:
    """Fail with all mismatches."""
    found = sorted(set(mismatches(actual, example, path)))
    assert not found, "\n".join(found[:40])


def _object(actual: Any, example: Mapping[str, Any], path: str, name: str) -> Iterator[str]:
    if not isinstance(actual, Mapping):
        yield f"{path}: {actual!r} is not an object"
    elif name in _FREE:
        kind = _FREE[name]
        yield from (f"{path}.{key}: {actual[key]!r}" for key in actual if not isinstance(actual[key], kind))
    else:
        for key, value in example.items():
            if key not in actual:
                yield f"{path}.{key}: missing"
            else:
                yield from mismatches(actual[key], value, f"{path}.{key}" if path else key)


def _array(actual: Any, example: list[Any], path: str) -> Iterator[str]:
    if not isinstance(actual, list):
        yield f"{path}: {actual!r} is not an array"
        return
    for item in actual if example else ():
        yield from mismatches(item, example[0], f"{path}[]")


def _text(actual: str, path: str, name: str) -> Iterator[str]:
    expected = FORMATS.get(path) or FORMATS.get(name)
    if expected is not None and not expected.fullmatch(actual):
        yield f"{path}: {actual!r} has the wrong form"


def _same_type(actual: Any, wanted: type | None) -> bool:
    if wanted is None or isinstance(actual, bool) or wanted is bool:
        return wanted is None or (isinstance(actual, bool) and wanted is bool)
    return isinstance(actual, (int, float) if wanted is float else wanted)
