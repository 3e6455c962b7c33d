"""Alerts: what somebody should know of, from when it is found until it is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from s9s.domain.jobs import Job, JobState
from s9s.domain.nodes import Node


class Severity(StrEnum):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Higher matters more."""
        return list(Severity).index(self)


class Rule(StrEnum):
    """What is looked for."""

    NODE_DOWN = "node_down"
    NODE_DRAINED = "node_drained"
    SLURMCTLD_UNREACHABLE = "slurmctld_unreachable"
    SLURMDBD_UNREACHABLE = "slurmdbd_unreachable"
    SNAPSHOT_STALE = "snapshot_stale"
    QUEUE_WAIT = "queue_wait"
    UTILIZATION_LOW = "utilization_low"
    JOB_FAILED = "job_failed"
    JOB_TIMEOUT = "job_timeout"
    JOB_OUT_OF_MEMORY = "job_out_of_memory"

    @property
    def is_about_a_job(self) -> bool:
        """Whether it concerns a job, and so its owner."""
        return self.value.startswith("job_")

    @property
    def is_about_a_node(self) -> bool:
        """Whether it concerns a node."""
        return self.value.startswith("node_")


_SEVERITY: Final = {
    Rule.NODE_DOWN: Severity.CRITICAL,
    Rule.SLURMCTLD_UNREACHABLE: Severity.CRITICAL,
    Rule.SLURMDBD_UNREACHABLE: Severity.CRITICAL,
    Rule.JOB_FAILED: Severity.INFO,
    Rule.JOB_TIMEOUT: Severity.INFO,
    Rule.JOB_OUT_OF_MEMORY: Severity.INFO,
}

_JOB_RULE: Final = {
    JobState.FAILED: Rule.JOB_FAILED,
    JobState.NODE_FAIL: Rule.JOB_FAILED,
    JobState.BOOT_FAIL: Rule.JOB_FAILED,
    JobState.TIMEOUT: Rule.JOB_TIMEOUT,
    JobState.DEADLINE: Rule.JOB_TIMEOUT,
    JobState.OUT_OF_MEMORY: Rule.JOB_OUT_OF_MEMORY,
}


class Finding(Struct, frozen=True):
    """Something that holds at the moment."""

    rule: Rule
    subject: str
    """What it is about, as in paths: ``nodes/node001``, ``jobs/12345``, ``partitions/gpu``, ``cluster``."""
    message: str
    job: Job | None = None

    @property
    def key(self) -> tuple[Rule, str]:
        """Of those with the same key one alert is open at a time."""
        return self.rule, self.subject

    @property
    def severity(self) -> Severity:
        """That of its rule."""
        return _SEVERITY.get(self.rule, Severity.WARNING)


class Alert(Struct, frozen=True, kw_only=True):
    """A finding that was made known. Instants are epoch seconds."""

    alert_id: str
    rule: Rule
    subject: str
    severity: Severity
    message: str
    raised_at: int
    resolved_at: int | None = None
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    comment: str | None = None
    """What was said when it was acknowledged."""
    is_silenced: bool = False
    """Whether a silence covered it when it was raised, so that nobody was told."""
    user: str | None = None
    """The job's owner; ``None`` where it is about no job."""
    account: str | None = None
    partition: str | None = None

    @property
    def job(self) -> Job | None:
        """As much of the job that it is about as permissions look at."""
        if self.user is None:
            return None
        return Job(
            job_id=self.subject.removeprefix("jobs/"),
            numeric_id=0,
            job_name="",
            user=self.user,
            state=JobState.FAILED,
            account=self.account,
            partition=self.partition or "",
            submit_time=0,
        )

    @property
    def node(self) -> Node | None:
        """The same for a node."""
        if not self.rule.is_about_a_node:
            return None
        return Node(node_name=self.subject.removeprefix("nodes/"), base_state="UNKNOWN")

    @property
    def before(self) -> Alert:
        """What it was before the last thing that happened to it."""
        if self.resolved_at is not None:
            return replace(self, resolved_at=None)
        return replace(self, acknowledged_at=None, acknowledged_by=None, comment=None)

    @property
    def key(self) -> tuple[Rule, str]:
        """As of its finding."""
        return self.rule, self.subject

    @property
    def state(self) -> str:
        """``open``, ``acknowledged`` or ``resolved``."""
        if self.resolved_at is not None:
            return "resolved"
        return "open" if self.acknowledged_at is None else "acknowledged"


class AlertQuery(Struct, frozen=True, kw_only=True):
    """Which alerts; ``None`` is any. Hashable."""

    states: frozenset[str] | None = None
    rules: frozenset[str] | None = None
    severities: frozenset[str] | None = None
    subject: str | None = None
    ids: frozenset[str] | None = None

    def matches(self, alert: Alert) -> bool:
        """Whether an alert is one of them."""
        return (
            (self.states is None or alert.state in self.states)
            and (self.rules is None or alert.rule.value in self.rules)
            and (self.severities is None or alert.severity.value in self.severities)
            and (self.subject is None or alert.subject == self.subject)
            and (self.ids is None or alert.alert_id in self.ids)
        )


class Silence(Struct, frozen=True, kw_only=True):
    """What nobody wants to be told of for a while: maintenance. Instants are epoch seconds."""

    silence_id: str
    rule: Rule | None = None
    """``None``: every rule."""
    subject: str | None = None
    """One subject, or with ``*`` at the end all that begin so; ``None``: every subject."""
    reason: str
    created_by: str
    created_at: int
    ends_at: int

    def covers(self, rule: Rule, subject: str) -> bool:
        """Whether it is about such an alert."""
        if self.rule is not None and self.rule is not rule:
            return False
        if self.subject is None:
            return True
        if self.subject.endswith("*"):
            return subject.startswith(self.subject[:-1])
        return subject == self.subject


def of_nodes(nodes: Iterable[Node]) -> Iterator[Finding]:
    """Nodes that are down or drained."""
    for node in nodes:
        state = node.state
        if state not in ("DOWN", "DRAIN", "FAIL"):
            continue
        why = f": {node.reason}" if node.reason else ""
        who = f" by {node.reason_user}" if node.reason_user else ""
        if state == "DRAIN":
            message = f"Node {node.node_name} has been drained{who}{why}"
            yield Finding(Rule.NODE_DRAINED, f"nodes/{node.node_name}", message)
        else:
            message = f"Node {node.node_name} is {state}{why}"
            yield Finding(Rule.NODE_DOWN, f"nodes/{node.node_name}", message)


def of_job(job: Job) -> Finding | None:
    """A job that has ended badly; all tasks of an array are one subject."""
    rule = _JOB_RULE.get(job.state)
    if rule is None:
        return None
    name = f"Job {job.job_id} ({job.job_name or 'without a name'}) of {job.user}"
    match rule:
        case Rule.JOB_TIMEOUT:
            message = f"{name} has reached its time limit ({job.state.value})"
        case Rule.JOB_OUT_OF_MEMORY:
            message = f"{name} was killed because it used more memory than it asked for"
        case _:
            code = f" with exit code {job.exit_code}" if job.exit_code else ""
            message = f"{name} has failed{code} ({job.state.value})"
    return Finding(rule, f"jobs/{job.array_job_id or job.job_id}", message, job=job)
