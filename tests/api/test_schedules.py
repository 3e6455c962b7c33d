"""Schedules of reports through the API, with time as the test has it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from s9s.app.application import Application
from s9s.app.credentials import open_standing
from s9s.app.queue import open_queue
from s9s.config import Settings
from s9s.domain.accounting import AdminLevel
from s9s.domain.credentials import Kind, Restrictions
from s9s.domain.instants import parse_instant
from s9s.services.access import Role
from s9s.services.reports.scheduler import Scheduler
from s9s.storage.database import Database
from s9s.storage.schedules import ScheduleRecords
from tests.api.conftest import Client

Answer = dict[str, Any]
DAILY: Answer = {
    "name": "Usage of the day",
    "cron": "0 6 * * *",
    "time_zone": "Europe/Berlin",
    "type": "usage",
    "format": "json",
    "parameters": {"period": "day"},
}
URL = "/v1/reports/schedules"


class Time:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


class Schedulers:
    """Servers of one database that look for what is due when the test says so."""

    def __init__(self, application: Application, database: Database, settings: Settings) -> None:
        self.application = application
        self.database = database
        self.settings = settings
        self.clock = Time()

    def one(self) -> Scheduler:
        services, tokens = self.application.services, self.application.tokens
        standing = open_standing(tokens, is_simulated=True)
        return Scheduler(
            ScheduleRecords(self.database), services.schedules, services.reports,
            open_queue(self.settings, self.database), self.application.cluster, "default", standing,
            tokens.roles, clock=self.clock,
        )  # fmt: skip

    async def at(self, schedule: Answer, seconds: float = 0) -> None:
        """Look so long after a schedule is due."""
        self.clock.now = parse_instant(schedule["next_run_at"]) + seconds
        await self.one().look()


@pytest.fixture
async def schedulers(application: Application, tmp_path: Path) -> Any:
    settings = Settings.model_validate({"server": {"state_dir": tmp_path / "state"}})
    async with await Database.open(settings.database_url) as database:
        yield Schedulers(application, database, settings)


async def made(client: httpx2.AsyncClient, **changed: Any) -> Answer:
    response = await client.post(URL, json=DAILY | changed)
    assert response.status_code == 201, response.text
    document: Answer = response.json()
    assert response.headers["location"] == f"{URL}/{document['schedule_id']}"
    return document


async def seen(client: httpx2.AsyncClient, schedule: Answer) -> Answer:
    document: Answer = (await client.get(f"{URL}/{schedule['schedule_id']}")).json()
    return document


async def reports_of(client: httpx2.AsyncClient) -> list[Answer]:
    found: list[Answer] = (await client.get("/v1/reports")).json()["reports"]
    return found


async def test_a_schedule_is_made_listed_paused_resumed_changed_and_deleted(client: Client) -> None:
    alice, bob = await client(user="alice"), await client(user="bob")
    admin = await client(user="dave", role=Role.ADMIN)
    one = await made(alice)
    assert one["parameters"]["time_zone"] == "Europe/Berlin"
    due = parse_instant(one["next_run_at"])
    assert 0 < due - time.time() <= 86_400
    assert datetime.fromtimestamp(due, UTC).strftime("%H:%M") in ("04:00", "05:00")
    assert await seen(alice, one) == one
    assert (await alice.get(URL)).json()["schedules"] == [one]
    assert (await bob.get(URL)).json()["total"] == 0
    assert (await admin.get(f"{URL}?user=alice")).json()["total"] == 1
    where = f"{URL}/{one['schedule_id']}"
    for response in (await bob.get(where), await bob.delete(where), await bob.patch(where, json={})):
        assert response.status_code == 404
    # Administrators may stop what others let run, and no more.
    assert (await admin.patch(where, json={"enabled": False})).json()["next_run_at"] is None
    assert (await admin.patch(where, json={"enabled": True})).status_code == 403
    assert (await admin.patch(where, json={"type": "queue"})).status_code == 403
    resumed = (await alice.patch(where, json={"enabled": True, "name": "Usage"})).json()
    assert (resumed["enabled"], resumed["name"], resumed["next_run_at"]) == (
        True,
        "Usage",
        one["next_run_at"],
    )
    changed = (await alice.patch(where, json={"cron": "@hourly", "type": "queue"})).json()
    assert (changed["cron"], changed["type"], changed["format"]) == ("0 * * * *", "queue", "json")
    assert changed["parameters"] == one["parameters"]
    assert parse_instant(changed["next_run_at"]) - time.time() <= 3600
    assert (await alice.delete(where)).json()["message"] == "Schedule deleted"
    assert (await alice.get(where)).status_code == 404


async def test_bad_schedules_are_refused_by_name(client: Client) -> None:
    alice = await client(user="alice")
    for changed, name in (
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"name": ""}, "name"),
        ({"parameters": {"partitions": ["nope"]}}, "parameters.partitions"),
        ({"parameters": {"time_zone": "Mars/Olympus"}}, "parameters.time_zone"),
        ({"delivery": {"method": "email", "email": "a@example.com"}}, "delivery.email"),
        ({"delivery": {"method": "webhook", "url": "https://example.com"}}, "delivery.url"),
    ):
        response = await alice.post(URL, json=DAILY | changed)
        assert response.status_code == 400, response.text
        assert response.json()["error"]["details"]["parameter"] == name
    scoped = await client(user="alice", scopes=frozenset({"reports:write"}))
    assert (await scoped.post(URL, json=DAILY)).status_code == 403


async def test_what_is_due_is_made_once_of_what_was_then_the_last_day(
    client: Client, schedulers: Schedulers
) -> None:
    alice = await client(user="alice")
    one = await made(alice)
    await schedulers.at(one, -1)
    assert await reports_of(alice) == []
    await schedulers.at(one)
    await schedulers.one().look()
    [report] = await reports_of(alice)
    now = await seen(alice, one)
    assert report["schedule_id"] == one["schedule_id"]
    assert now["last_report_id"] == report["report_id"]
    assert now["last_run_at"] == one["next_run_at"]
    assert parse_instant(now["next_run_at"]) - parse_instant(one["next_run_at"]) in (82_800, 86_400, 90_000)
    done = (await alice.get(f"/v1/reports/{report['report_id']}?wait=30")).json()
    assert done["status"] == "completed", done
    assert (await seen(alice, one))["last_status"] == "completed"
    # The day before the run, by its own clock.
    run = datetime.fromtimestamp(parse_instant(one["next_run_at"]), UTC).date()
    assert (run - datetime.fromisoformat(done["parameters"]["start_date"]).date()).days == 1


async def test_missed_runs_are_made_up_once_for_the_last_of_them(
    client: Client, schedulers: Schedulers
) -> None:
    alice = await client(user="alice")
    one = await made(alice, time_zone="UTC")
    await schedulers.at(one, 5 * 86_400 + 3600)
    await schedulers.one().look()
    [report] = await reports_of(alice)
    now = await seen(alice, one)
    first = parse_instant(one["next_run_at"])
    assert parse_instant(now["last_run_at"]) == first + 5 * 86_400
    assert parse_instant(now["next_run_at"]) == first + 6 * 86_400
    last_day = datetime.fromtimestamp(first + 4 * 86_400, UTC).date()
    assert report["parameters"]["start_date"] == str(last_day)


async def test_what_was_due_during_a_pause_is_not_made_up(client: Client, schedulers: Schedulers) -> None:
    alice = await client(user="alice")
    one = await made(alice, enabled=False)
    assert one["next_run_at"] is None
    schedulers.clock.now += 10 * 86_400
    await schedulers.one().look()
    assert await reports_of(alice) == []


async def test_a_revoked_credential_stops_its_schedules_with_a_reason(
    application: Application, client: Client, schedulers: Schedulers
) -> None:
    alice, other = await client(user="alice"), await client(user="alice")
    me = (await alice.get("/v1/whoami")).json()
    one = await made(alice)
    await application.tokens.revoke(me["credential"]["token_id"])
    await schedulers.at(one)
    stopped = await seen(other, one)
    assert (stopped["enabled"], stopped["last_status"], stopped["next_run_at"]) == (False, "stopped", None)
    assert "revoked" in stopped["last_error"]
    assert await reports_of(other) == []
    # Whoever resumes it vouches for it.
    resumed = (await other.patch(f"{URL}/{one['schedule_id']}", json={"enabled": True})).json()
    assert (resumed["last_status"], resumed["last_error"]) == (None, None)
    await schedulers.at(resumed)
    assert (await seen(other, one))["last_status"] in ("processing", "completed")


async def test_a_user_whom_slurm_knows_no_more_gets_no_more_reports(
    application: Application, client: Client, schedulers: Schedulers
) -> None:
    user = next(iter(application.cluster.snapshot.users.all())).username
    someone = await client(user=user)
    one = await made(someone)
    users = application.cluster.snapshot.users
    await application.cluster.watcher.stop()
    users.replace([one for one in users.all() if one.username != user])
    await schedulers.at(one)
    stopped = await seen(someone, one)
    assert stopped["last_status"] == "stopped"
    assert stopped["last_error"] == f"Slurm knows no user {user} any more"


async def test_rights_are_those_of_the_moment(
    application: Application, client: Client, schedulers: Schedulers
) -> None:
    snapshot = application.cluster.snapshot
    carol = await client(user="carol", role=Role.OPERATOR)
    usage, utilization = await made(carol), await made(carol, type="utilization")
    assert snapshot.info is not None
    snapshot.info = replace(snapshot.info, private_data=frozenset({"jobs", "usage", "nodes"}))
    await application.cluster.watcher.stop()
    users = [
        one if one.username != "carol" else replace(one, admin_level=AdminLevel.NONE)
        for one in snapshot.users.all()
    ]
    snapshot.users.replace(users)
    await schedulers.at(usage)
    await schedulers.at(utilization)
    [report] = await reports_of(carol)
    assert report["schedule_id"] == usage["schedule_id"]
    refused = await seen(carol, utilization)
    assert (refused["enabled"], refused["last_status"]) == (True, "failed")
    assert "does not see the whole cluster" in refused["last_error"]
    assert refused["next_run_at"] is not None


async def test_nothing_is_decided_before_accounting_has_told_of_its_users(
    application: Application, client: Client, schedulers: Schedulers
) -> None:
    carol = await client(user="carol", role=Role.OPERATOR)
    one = await made(carol, type="utilization")
    users = application.cluster.snapshot.users
    await application.cluster.watcher.stop()
    known = users.all()
    users.replace([])  # as after a start while slurmdbd is down
    await schedulers.at(one)
    now = await seen(carol, one)
    assert (now["enabled"], now["last_status"], now["next_run_at"]) == (True, None, one["next_run_at"])
    users.replace(known)
    await schedulers.at(one, 60)
    assert (await seen(carol, one))["last_run_at"] == one["next_run_at"]
    assert len(await reports_of(carol)) == 1


async def test_a_login_may_end_and_its_schedules_go_on(
    application: Application, client: Client, schedulers: Schedulers
) -> None:
    alice, login = await client(user="alice"), await client(user="alice", kind=Kind.LOGIN, expires_in=3600)
    one = await made(login)
    await schedulers.at(one)
    assert (await seen(alice, one))["last_status"] in ("processing", "completed")


async def test_a_narrowed_credential_cannot_touch_what_a_wider_one_made(client: Client) -> None:
    alice = await client(user="alice")
    narrow = await client(user="alice", restrictions=Restrictions(own_jobs_only=True))
    one, own = await made(alice), await made(narrow)
    assert (await narrow.get(URL)).json()["schedules"] == [own]
    assert (await narrow.patch(f"{URL}/{one['schedule_id']}", json={"enabled": False})).status_code == 404


async def test_a_full_queue_delays_a_run_and_loses_none(client: Client, schedulers: Schedulers) -> None:
    alice = await client(user="alice")
    one = await made(alice)
    settings = schedulers.settings
    full = settings.work.model_copy(update={"unfinished_per_user": 0})
    schedulers.settings = settings.model_copy(update={"work": full})
    await schedulers.at(one)
    waiting = await seen(alice, one)
    assert (waiting["last_status"], waiting["next_run_at"]) == ("waiting", one["next_run_at"])
    assert "not finished" in waiting["last_error"]
    schedulers.settings = Settings.model_validate(
        {"server": {"state_dir": schedulers.settings.server.state_dir}}
    )
    await schedulers.at(one, 60)
    done = await seen(alice, one)
    assert done["last_run_at"] == one["next_run_at"]
    assert done["last_error"] is None
    assert len(await reports_of(alice)) == 1
