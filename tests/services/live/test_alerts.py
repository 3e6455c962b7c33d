"""Alerts are raised once and resolved once, whoever stops in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from msgspec.structs import replace

from s9s.domain.accounting import User
from s9s.domain.alerts import Alert, Finding, Rule
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import PermissionDenied, ResourceConflict, ResourceNotFound
from s9s.domain.events import Action, Channel, Event
from s9s.domain.jobs import Job, JobState
from s9s.services.access import Caller, Role
from s9s.services.live.alerts import Alerts
from s9s.services.live.events import EventLog
from s9s.services.live.findings import MAX_OPEN_OF_USER
from s9s.storage.alerts import AlertRecords
from s9s.storage.database import Database
from s9s.storage.events import EventRecords

ALICE, BOB = Caller("alice", Role.USER), Caller("bob", Role.USER)
CAROL = Caller("carol", Role.OPERATOR)
DOWN = Finding(Rule.NODE_DOWN, "nodes/node001", "Node node001 is DOWN")
STALE = Finding(Rule.SNAPSHOT_STALE, "cluster", "Jobs have not been read")


def job(number: int, state: JobState = JobState.FAILED, user: str = "alice", **more: Any) -> Job:
    return Job(
        job_id=str(number), numeric_id=number, job_name="x", user=user, state=state, partition="normal",
        account="research", submit_time=1, end_time=2, **more,
    )  # fmt: skip


def ended(one: Job) -> Event:
    before = replace(one, state=JobState.RUNNING, end_time=None)
    return Event(0, 0, Channel.JOBS, Action.UPDATE, one.job_id, msgspec.Raw(b"{}"), one, before)


class Site:
    """What alerts look at, and a clock that is turned by hand."""

    def __init__(self, database: Database, private: frozenset[str] = frozenset()) -> None:
        self.seconds = 1_000_000.0
        self.findings: list[Finding] = []
        self.info = ClusterInfo(
            name="c", slurm_version="24.11.5", routes={}, has_accounting=True, private_data=private,
            min_job_age_seconds=300, acts_as="anyone", notes=(),
        )  # fmt: skip
        users: dict[str, User] = {}
        self.snapshot = SimpleNamespace(is_loaded=True, is_reachable=True, users=users)
        self.database = database
        self.told: list[Alert] = []
        self.events = EventLog(EventRecords(database))
        self.heard: list[Event] = []

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """The looks are the tests' own."""
        await asyncio.Event().wait()

    async def open(self, **more: Any) -> Alerts:
        await self.events.start()
        alerts = Alerts(
            cast("Any", self),
            "c",
            AlertRecords(self.database),
            self.events,
            cast("Any", SimpleNamespace(look=lambda: iter(self.findings))),
            describe=lambda alert: {"state": alert.state},
            clock=cast("Any", self),
            **more,
        )
        alerts.follow(self.tell)
        await alerts.start()
        self.events.follow(self.hear)
        return alerts

    async def tell(self, alerts: Sequence[Alert]) -> None:
        self.told += [one for one in alerts if not one.is_silenced]

    def hear(self, events: Sequence[Event]) -> None:
        self.heard += [one for one in events if one.channel is Channel.ALERTS]

    async def look(self, alerts: Alerts, seconds: float = 0) -> None:
        self.seconds += seconds
        await alerts.look()
        await self.events.written()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        made = Site(database)
        yield made
        await made.events.stop()


async def states(alerts: Alerts, caller: Caller = CAROL) -> list[tuple[str, str]]:
    page = await alerts.page(caller, descending=False)
    return [(one.rule.value, one.state) for one in page.items]


async def test_what_holds_is_raised_once_and_resolved_once(site: Site) -> None:
    alerts = await site.open()
    site.findings = [DOWN]
    await site.look(alerts)
    assert await states(alerts) == []  # not for long enough
    await site.look(alerts, 29)
    assert await states(alerts) == []
    for _ in range(3):
        await site.look(alerts, 5)
    assert await states(alerts) == [("node_down", "open")]
    site.findings = []
    for _ in range(3):
        await site.look(alerts, 5)
    assert await states(alerts) == [("node_down", "resolved")]
    assert [one.state for one in site.told] == ["open", "resolved"]
    assert [(one.action, bytes(one.data)) for one in site.heard] == [
        (Action.CREATED, b'{"state":"open"}'),
        (Action.UPDATE, b'{"state":"resolved"}'),
    ]
    await alerts.stop()


async def test_what_comes_and_goes_is_none(site: Site) -> None:
    alerts = await site.open()
    for number in range(20):
        site.findings = [STALE] if number % 2 else []
        await site.look(alerts, 20)
    assert await states(alerts) == []
    await alerts.stop()


async def test_a_restart_raises_nothing_again_and_still_resolves(site: Site) -> None:
    alerts = await site.open(for_seconds=0)
    site.findings = [DOWN]
    site.events.append([ended(job(7))])
    await site.events.written()
    await site.look(alerts)
    await alerts.stop()
    again = await site.open(for_seconds=0)
    await site.look(again, 5)
    assert sorted(await states(again)) == [("job_failed", "open"), ("node_down", "open")]
    site.findings = []
    await site.look(again, 5)
    assert sorted(await states(again)) == [("job_failed", "open"), ("node_down", "resolved")]
    await site.look(again, 3600)
    assert sorted(await states(again)) == [("job_failed", "resolved"), ("node_down", "resolved")]
    await again.stop()


async def test_nothing_is_resolved_while_nothing_is_known(site: Site) -> None:
    alerts = await site.open(for_seconds=0)
    site.findings = [DOWN]
    await site.look(alerts)
    site.findings = [Finding(Rule.SLURMCTLD_UNREACHABLE, "cluster", "out of reach")]
    site.snapshot.is_reachable = False
    await site.look(alerts, 5)
    assert await states(alerts) == [("node_down", "open"), ("slurmctld_unreachable", "open")]
    site.snapshot.is_reachable = True
    site.findings = []
    await site.look(alerts, 5)
    assert {state for _, state in await states(alerts)} == {"resolved"}
    await alerts.stop()


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        (JobState.FAILED, "job_failed"), (JobState.NODE_FAIL, "job_failed"),
        (JobState.TIMEOUT, "job_timeout"),
        (JobState.OUT_OF_MEMORY, "job_out_of_memory"), (JobState.COMPLETED, None),
        (JobState.CANCELLED, None),
    ],
)  # fmt: skip
async def test_jobs_that_end_badly(site: Site, state: JobState, rule: str | None) -> None:
    alerts = await site.open()
    site.events.append([ended(job(7, state))])
    await site.events.written()
    await site.look(alerts)
    assert await states(alerts, ALICE) == ([(rule, "open")] if rule else [])
    assert await states(alerts, BOB) == []
    await alerts.stop()


async def test_an_array_is_one_alert_and_a_user_has_not_endlessly_many(site: Site) -> None:
    alerts = await site.open()
    tasks = [job(100 + task, array_job_id=100, array_task_id=task) for task in range(50)]
    site.events.append(map(ended, tasks))
    site.events.append(ended(job(number)) for number in range(1000, 1100))
    site.events.append([ended(job(5000, user="bob"))])
    await site.events.written()
    await site.look(alerts)
    mine = (await alerts.page(ALICE)).items
    assert len(mine) == MAX_OPEN_OF_USER
    assert [one.subject for one in mine].count("jobs/100") == 1
    assert await states(alerts, BOB) == [("job_failed", "open")]
    await alerts.stop()


async def test_acknowledging(site: Site) -> None:
    alerts = await site.open(for_seconds=0)
    site.findings = [DOWN]
    site.events.append([ended(job(7))])
    await site.events.written()
    await site.look(alerts)
    own, down = (await alerts.page(CAROL, sort="rule")).items[::-1]
    assert (own.rule, down.rule) == (Rule.JOB_FAILED, Rule.NODE_DOWN)
    with pytest.raises(PermissionDenied):
        await alerts.acknowledge(down.alert_id, None, ALICE)
    with pytest.raises(ResourceNotFound):
        await alerts.acknowledge(own.alert_id, None, BOB)
    done = await alerts.acknowledge(own.alert_id, "seen", ALICE)
    assert (done.state, done.acknowledged_by, done.comment) == ("acknowledged", "alice", "seen")
    await site.look(alerts, 5)
    assert ("job_failed", "acknowledged") in await states(alerts)
    await site.look(alerts, 3600)
    with pytest.raises(ResourceConflict):
        await alerts.acknowledge(own.alert_id, None, CAROL)
    await alerts.stop()


async def test_silences(site: Site) -> None:
    alerts = await site.open(for_seconds=0)
    with pytest.raises(PermissionDenied):
        await alerts.silence(rule=None, subject=None, seconds=60, reason="x", caller=ALICE)
    made = await alerts.silence(rule=None, subject="nodes/node0*", seconds=60, reason="work", caller=CAROL)
    site.findings = [DOWN, STALE]
    await site.look(alerts)
    assert [one.rule for one in site.told] == [Rule.SNAPSHOT_STALE]
    assert {one.rule: one.is_silenced for one in (await alerts.page(CAROL)).items} == {
        Rule.SNAPSHOT_STALE: False,
        Rule.NODE_DOWN: True,
    }
    assert list(alerts.silences(CAROL)) == [made]
    await alerts.stop()
    again = await site.open(for_seconds=0)
    assert list(again.silences(CAROL)) == [made]
    await again.end_silence(made.silence_id, CAROL)
    with pytest.raises(ResourceNotFound):
        await again.end_silence(made.silence_id, CAROL)
    made = await again.silence(rule=Rule.NODE_DOWN, subject=None, seconds=60, reason="work", caller=CAROL)
    site.seconds += 61
    assert list(again.silences(CAROL)) == []
    await again.stop()


async def test_private_nodes_and_old_alerts(site: Site) -> None:
    site.info = replace(site.info, private_data=frozenset({"nodes"}))
    alerts = await site.open(for_seconds=0, kept_seconds=100)
    site.findings = [DOWN, STALE]
    await site.look(alerts)
    assert await states(alerts, ALICE) == [("snapshot_stale", "open")]
    assert len(await states(alerts, CAROL)) == 2
    site.findings = []
    await site.look(alerts, 5)
    await site.look(alerts, 101)
    assert await states(alerts) == []
    assert await AlertRecords(site.database).all("c") == []
    await alerts.stop()
