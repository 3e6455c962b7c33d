"""Events: what has changed, in one order for everybody."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from s9s.domain.alerts import Alert
from s9s.domain.jobs import Job
from s9s.domain.nodes import Node


class Channel(StrEnum):
    """What events are about; the contract's channels."""

    JOBS = "jobs"
    NODES = "nodes"
    METRICS = "metrics"
    ALERTS = "alerts"
    QUEUE = "queue"


class Action(StrEnum):
    """What happened to the resource."""

    CREATED = "created"
    UPDATE = "update"
    REMOVED = "removed"


class Event(Struct, frozen=True, array_like=True, gc=False):
    """One change. The order of the fields is the format in which events are kept: add to the end only."""

    sequence: int
    """Its place among all events of a database, counted from 1 without gaps; 0 until it has one."""
    at: int
    """When it was found out, epoch seconds."""
    channel: Channel
    action: Action
    resource_id: str
    data: msgspec.Raw
    """JSON, as clients get it."""
    job: Job | None = None
    """Of a job's event: the job after it (see `job_before`); what filters and permissions look at."""
    job_before: Job | None = None
    node: Node | None = None
    node_before: Node | None = None
    alert: Alert | None = None

    def numbered(self, sequence: int) -> Event:
        """The same with its place."""
        return Event(
            sequence, self.at, self.channel, self.action, self.resource_id, self.data,
            self.job, self.job_before, self.node, self.node_before, self.alert,
        )  # fmt: skip

    def slim(self) -> Event:
        """The same without what neither filters nor permissions look at: as it is kept."""
        if self.job is None and self.job_before is None:
            return self
        return Event(
            self.sequence, self.at, self.channel, self.action, self.resource_id, self.data,
            self.job and slim_job(self.job), self.job_before and slim_job(self.job_before),
            self.node, self.node_before, self.alert,
        )  # fmt: skip


def event(channel: Channel, action: Action, resource_id: str, data: object, at: float) -> Event:
    """An event about neither a job nor a node, without a place yet. `data` becomes JSON."""
    return Event(0, int(at), channel, action, resource_id, msgspec.Raw(msgspec.json.encode(data)))


#: What events tell of a job only once, or never, and what nobody filters by.
_LEFT_OUT: Final = {
    "command": None,
    "working_directory": None,
    "standard_input": None,
    "standard_output": None,
    "standard_error": None,
    "expected_start_time": None,
    "dependency": None,
}


def slim_job(job: Job) -> Job:
    """A job as events keep it."""
    return replace(job, **_LEFT_OUT)
