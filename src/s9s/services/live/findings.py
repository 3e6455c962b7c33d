"""What holds for long enough to be an alert: conditions of the cluster, and what jobs ended with lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

from s9s.domain.alerts import Alert, Finding, Rule, of_job
from s9s.domain.events import Event
from s9s.domain.jobs import Job
from s9s.services.clusters import Cluster
from s9s.snapshot.clock import Clock
from s9s.snapshot.conditions import Conditions

#: Open alerts about the jobs of one user; what is beyond is in the job list.
MAX_OPEN_OF_USER: Final = 20

Key = tuple[Rule, str]


class Findings:
    """Looks again and again.

    Args:
        cluster: What is looked at.
        conditions: What is looked for.
        clock: What time it is.
        rules: Which count at all.
        for_seconds: How long something must hold, except what jobs end with.
        job_seconds: How long after its job's end something about it holds.
    """

    def __init__(
        self,
        cluster: Cluster,
        conditions: Conditions,
        clock: Clock,
        *,
        rules: frozenset[Rule],
        for_seconds: float,
        job_seconds: int,
    ) -> None:
        self._cluster = cluster
        self._conditions = conditions
        self._clock = clock
        self._rules = rules
        self._for_seconds = for_seconds
        self._job_seconds = job_seconds
        self._since: dict[Key, float] = {}
        self._jobs: dict[Key, tuple[Finding | None, str | None, float]] = {}
        """What jobs have ended with lately, whose they are, and until when that holds."""

    def go_on(self, alert: Alert) -> None:
        """Take over what an open alert of an earlier server is about."""
        if alert.rule.is_about_a_job:
            self._jobs[alert.key] = None, alert.user, alert.raised_at + self._job_seconds

    def hear(self, events: Iterable[Event]) -> None:
        """Jobs that have ended, also while no server ran."""
        for one in events:
            if one.job is None or not one.job.state.is_finished:
                continue
            if one.job_before is not None and one.job_before.state.is_finished:
                continue
            finding = of_job(one.job)
            if finding is not None and finding.rule in self._rules and self._has_room(one.job):
                self._jobs[finding.key] = finding, one.job.user, self._clock.now() + self._job_seconds

    def _has_room(self, job: Job) -> bool:
        return Counter(user for _, user, _ in self._jobs.values())[job.user] < MAX_OPEN_OF_USER

    def found(self, known: Collection[Key]) -> dict[Key, Finding | None]:
        """What holds for long enough; ``None`` of what is `known` and cannot be told anew just now."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        self._jobs = {key: value for key, value in self._jobs.items() if value[2] > now}
        found: dict[Key, Finding | None] = {key: one for key, (one, _, _) in self._jobs.items()}
        holding = {one.key: one for one in self._conditions.look() if one.rule in self._rules}
        self._since = {key: self._since.get(key, monotonic) for key in holding}
        found |= {
            key: one
            for key, one in holding.items()
            if key in known or monotonic - self._since[key] >= self._for_seconds
        }
        if not self._cluster.snapshot.is_loaded or not self._cluster.snapshot.is_reachable:
            # Nobody knows whether it is over.
            found |= {key: None for key in known if key not in found}
        return found
