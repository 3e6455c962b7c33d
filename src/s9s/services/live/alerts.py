"""Alerts: raised once when something is found, resolved once when it is over, through restarts too."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import structlog
from msgspec import structs

from s9s.domain.alerts import Alert, AlertQuery, Finding, Rule, Silence
from s9s.domain.errors import ResourceConflict, ResourceNotFound, ServiceUnavailable
from s9s.domain.events import Action, Channel, Event, event
from s9s.domain.queries import Page
from s9s.services.access import Caller, alert_visibility, may_see_alert, may_see_all, require_alert_change
from s9s.services.clusters import Cluster
from s9s.services.live.events import EventLog
from s9s.services.live.findings import Findings
from s9s.services.paging import ordered, page_of
from s9s.snapshot.clock import Clock
from s9s.snapshot.conditions import Conditions
from s9s.storage.alerts import AlertRecords

log = structlog.get_logger(__name__)

#: From one look to the next.
LOOK_SECONDS: Final = 5.0
#: Alerts that are kept in all; beyond it the earliest resolved ones go.
MAX_KEPT: Final = 20_000
MAX_SILENCES: Final = 1_000

EVERY_ALERT: Final = AlertQuery()

Told = Callable[[Sequence[Alert]], Awaitable[None]]

ALERT_SORT_KEYS: Final[Mapping[str, Callable[[Alert], Any]]] = {
    "raised_at": lambda one: one.raised_at,
    "alert_id": lambda one: one.alert_id,
    "rule": lambda one: one.rule.value,
    "subject": lambda one: one.subject,
    "severity": lambda one: one.severity.rank,
    "state": lambda one: one.state,
    "resolved_at": lambda one: one.resolved_at,
    "user": lambda one: one.user,
}


class Alerts:
    """The alerts of one cluster.

    Args:
        cluster: What is looked at.
        name: Under which its alerts are kept.
        records: Where.
        events: Jobs that end are heard of there, and alerts are told of there.
        conditions: What is looked for.
        describe: An alert as clients get it.
        clock: To wait on.
        rules: Which are raised at all.
        for_seconds: How long something must hold before it is an alert, except what jobs end with.
        job_seconds: How long after its job's end an alert about it is open.
        kept_seconds: How long resolved ones are kept.
    """

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        records: AlertRecords,
        events: EventLog,
        conditions: Conditions,
        *,
        describe: Callable[[Alert], object],
        clock: Clock,
        rules: frozenset[Rule] = frozenset(Rule),
        for_seconds: float = 30.0,
        job_seconds: int = 3_600,
        kept_seconds: int = 90 * 86_400,
    ) -> None:
        self._cluster = cluster
        self._name = name
        self._records = records
        self._events = events
        self._describe = describe
        self._clock = clock
        self._findings = Findings(
            cluster, conditions, clock, rules=rules, for_seconds=for_seconds, job_seconds=job_seconds
        )
        self._kept_seconds = kept_seconds
        self._alerts: dict[str, Alert] = {}
        """By id, as they were raised."""
        self._open: dict[tuple[Rule, str], str] = {}
        self._silences: dict[str, Silence] = {}
        self._followers: list[Told] = []
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._unfollow: Callable[[], None] | None = None

    async def start(self) -> None:
        """Read what is open, and begin to look. Raises `DatabaseUnavailable`."""
        for alert in await self._records.all(self._name):
            self._alerts[alert.alert_id] = alert
            if alert.resolved_at is None:
                self._open[alert.key] = alert.alert_id
                self._findings.go_on(alert)
        self._silences = {one.silence_id: one for one in await self._records.silences(self._name)}
        self._unfollow = self._events.follow(self._findings.hear)
        self._task = asyncio.create_task(self._run(), name="alerts")

    async def stop(self) -> None:
        """End looking; what is open stays so."""
        if self._unfollow is not None:
            self._unfollow()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def follow(self, told: Told) -> None:
        """Have `told` called with what was raised and resolved at once; the next look waits for it."""
        self._followers.append(told)

    async def look(self) -> None:
        """Raise and resolve what is due. Raises `DatabaseUnavailable`, and then nothing has changed."""
        async with self._turn:
            found = self._findings.found(self._open)
            now = int(self._clock.now())
            fresh = [finding for key, finding in found.items() if finding and key not in self._open]
            raised = [self._alert(finding, now) for finding in fresh]
            resolved = [
                structs.replace(self._alerts[alert_id], resolved_at=now)
                for key, alert_id in self._open.items()
                if key not in found
            ]
            changed = [*resolved, *raised]
            gone = self._outdated(now, len(raised))
            if changed or gone:
                await self._records.put(self._name, changed, gone)
            for alert_id in gone:
                del self._alerts[alert_id]
            for alert in changed:
                self._take(alert)
            self._events.append(self._event(one, Action.UPDATE) for one in resolved)
            self._events.append(self._event(one, Action.CREATED) for one in raised)
            for told in self._followers if changed else ():
                await told([*raised, *resolved])

    # What callers do

    async def page(
        self,
        caller: Caller,
        query: AlertQuery = EVERY_ALERT,
        *,
        sort: str = "raised_at",
        descending: bool = True,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[Alert]:
        """One page of those that the caller may see."""
        sees = self._sight(caller)
        found = [alert for alert in self._alerts.values() if query.matches(alert) and sees(alert)]
        return page_of(
            ordered(found, ALERT_SORT_KEYS, sort=sort, descending=descending), limit=limit, offset=offset
        )

    def get(self, alert_id: str, caller: Caller) -> Alert:
        """One alert. Raises `ResourceNotFound`, also for one that the caller may not see."""
        alert = self._alerts.get(alert_id)
        if alert is None or not self._sight(caller)(alert):
            raise ResourceNotFound.of("alert", alert_id)
        return alert

    async def acknowledge(self, alert_id: str, comment: str | None, caller: Caller) -> Alert:
        """Say that somebody has seen to it.

        Raises `ResourceNotFound`, `PermissionDenied` unless the caller is an operator or the job's owner,
        `ResourceConflict` when it is resolved.
        """
        async with self._turn:
            alert = self.get(alert_id, caller)
            require_alert_change(caller, alert.user)
            if alert.resolved_at is not None:
                raise ResourceConflict(f"Alert {alert_id} is resolved already", state=alert.state)
            now = int(self._clock.now())
            alert = structs.replace(alert, acknowledged_at=now, acknowledged_by=caller.user, comment=comment)
            await self._records.put(self._name, [alert])
            self._take(alert)
            self._events.append([self._event(alert, Action.UPDATE)])
            return alert

    def silences(self, caller: Caller) -> Sequence[Silence]:
        """Those that have not ended, the earliest first; for operators. Raises `PermissionDenied`."""
        require_alert_change(caller, None)
        return [one for one in self._silences.values() if one.ends_at > self._clock.now()]

    async def silence(
        self, *, rule: Rule | None, subject: str | None, seconds: int, reason: str, caller: Caller
    ) -> Silence:
        """Have nobody told of such alerts for a while; they are raised and listed all the same.

        For operators. Raises `PermissionDenied`, `ResourceConflict` when there are too many.
        """
        silences = self.silences(caller)
        if len(silences) >= MAX_SILENCES:
            raise ResourceConflict(f"There are {len(silences)} silences already; remove some first")
        now = int(self._clock.now())
        made = Silence(
            silence_id=f"sil_{secrets.token_hex(8)}",
            rule=rule,
            subject=subject,
            reason=reason,
            created_by=caller.user,
            created_at=now,
            ends_at=now + seconds,
        )
        await self._records.add_silence(self._name, made)
        self._silences = {one.silence_id: one for one in silences} | {made.silence_id: made}
        return made

    async def end_silence(self, silence_id: str, caller: Caller) -> Silence:
        """Have alerts told of again. Raises `ResourceNotFound`, `PermissionDenied`."""
        require_alert_change(caller, None)
        silence = self._silences.get(silence_id)
        if silence is None:
            raise ResourceNotFound.of("silence", silence_id)
        await self._records.remove_silence(silence_id)
        self._silences.pop(silence_id, None)
        return silence

    @property
    def current(self) -> list[Event]:
        """What is open, as events."""
        return [self._event(self._alerts[alert_id], Action.UPDATE) for alert_id in self._open.values()]

    def _sight(self, caller: Caller) -> Callable[[Alert], bool]:
        info = self._cluster.info
        visibility = alert_visibility(caller, info, self._cluster.snapshot.users.get(caller.user))
        sees_nodes = may_see_all(caller, info, "nodes")
        return lambda alert: may_see_alert(visibility, sees_nodes, alert)

    # Looking

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except ServiceUnavailable as error:
                log.warning("alerts cannot be kept", error=str(error))
            except Exception:  # the next look is another one
                log.exception("alerts could not be looked for")
            await self._clock.sleep(LOOK_SECONDS)

    def _alert(self, finding: Finding, now: int) -> Alert:
        job = finding.job
        return Alert(
            alert_id=f"alr_{secrets.token_hex(8)}",
            rule=finding.rule,
            subject=finding.subject,
            severity=finding.severity,
            message=finding.message,
            raised_at=now,
            is_silenced=any(
                one.covers(finding.rule, finding.subject)
                for one in self._silences.values()
                if one.ends_at > now
            ),
            user=job.user if job else None,
            account=job.account if job else None,
            partition=job.partition if job else None,
        )

    def _take(self, alert: Alert) -> None:
        self._alerts[alert.alert_id] = alert
        if alert.resolved_at is None:
            self._open[alert.key] = alert.alert_id
        else:
            self._open.pop(alert.key, None)

    def _outdated(self, now: int, coming: int) -> list[str]:
        resolved = [one for one in self._alerts.values() if one.resolved_at is not None]
        too_many = len(self._alerts) + coming - MAX_KEPT
        return [
            one.alert_id
            for place, one in enumerate(resolved)
            if place < too_many or (one.resolved_at or 0) < now - self._kept_seconds
        ]

    def _event(self, alert: Alert, action: Action) -> Event:
        made = event(Channel.ALERTS, action, alert.alert_id, self._describe(alert), self._clock.now())
        return structs.replace(made, job=alert.job, node=alert.node, alert=alert)
