"""Jobs, nodes and other things to fill a snapshot with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from s9s.domain.changes import Changes
from s9s.domain.jobs import Job, JobState
from s9s.domain.nodes import Node

#: Some day in 2023.
NOON = 1_702_640_000


def job(numeric_id: int, state: str = "RUNNING", **fields: Any) -> Job:
    """A job with an id and a state, and whatever else matters to a test."""
    given: dict[str, Any] = {
        "job_id": str(numeric_id),
        "numeric_id": numeric_id,
        "job_name": "simulation",
        "user": "alice",
        "partition": "normal",
        "state": JobState(state),
        "submit_time": NOON,
    }
    if JobState(state).is_finished:
        given["end_time"] = NOON + 60
    return Job(**(given | fields))


def task(numeric_id: int, array: int, index: int, state: str = "RUNNING", **fields: Any) -> Job:
    """A task of an array."""
    identity = {"job_id": f"{array}_{index}", "array_job_id": array, "array_task_id": index}
    return job(numeric_id, state, **(identity | fields))


def rest(array: int, tasks: str, **fields: Any) -> Job:
    """The unstarted rest of an array."""
    return job(array, "PENDING", **({"array_job_id": array, "array_tasks": tasks} | fields))


def node(name: str, base_state: str = "IDLE", **fields: Any) -> Node:
    """A node."""
    return Node(**({"node_name": name, "base_state": base_state} | fields))


def everything(jobs: Iterable[Job], asked_at: float = NOON) -> Changes[Job]:
    """A complete poll."""
    return Changes(asked_at=asked_at, changed=list(jobs), removed=[], complete=True)


def some(changed: Iterable[Job] = (), removed: Sequence[int] = (), asked_at: float = NOON) -> Changes[Job]:
    """A poll that tells what is different."""
    return Changes(asked_at=asked_at, changed=list(changed), removed=list(removed))
