"""`/v1/ws` over real sockets: credentials, subscriptions, filters, replays, and what ends a connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from s9s.api import sockets, websocket
from s9s.api.schemas.events import job_event
from s9s.app.application import Application
from s9s.domain.alerts import Alert, Rule, Severity
from s9s.domain.events import Action, Channel, Event, event
from s9s.domain.transitions import steps
from s9s.services.access import Role
from s9s.services.identity.tokens import Wish
from s9s.services.live.events import RECENT
from s9s.services.live.recent import Recent
from tests.api.conftest import serving
from tests.snapshot.making import job


class Peer:
    """A client, message by message."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            found: dict[str, Any] = json.loads(await self.connection.recv())
            return found

    async def ask(self, **message: Any) -> dict[str, Any]:
        await self.send(**message)
        return await self.next()

    async def subscribe(self, channel: str = "jobs", **more: Any) -> dict[str, Any]:
        answer = await self.ask(action="subscribe", channel=channel, **more)
        assert answer.get("action") == "subscribed", answer
        return answer

    async def closed(self) -> tuple[int, str]:
        """The close code and reason, after whatever comes before."""
        async with asyncio.timeout(10):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed as error:
                rcvd = error.rcvd
        return (rcvd.code, rcvd.reason) if rcvd else (1006, "")

    async def silent(self) -> None:
        """Nothing has come, and nothing is on its way."""
        answer = await self.ask(action="ping", id="silence")
        assert answer["action"] == "pong", answer


Open = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def port(application: Application) -> AsyncIterator[int]:
    async with serving(application) as port:
        yield port


@pytest.fixture
async def secret(application: Application) -> Callable[..., Awaitable[str]]:
    async def make(user: str = "alice", **wish: Any) -> str:
        made, _ = await application.tokens.create(Wish(user=user, **{"tier": "enterprise"} | wish))
        return made

    return make


@pytest.fixture
async def opened(port: int, secret: Callable[..., Awaitable[str]]) -> AsyncIterator[Open]:
    """Opens connections with a credential of a user."""
    made: list[ClientConnection] = []

    async def open_one(user: str = "alice", *, query: str = "", headers: Any = None, **wish: Any) -> Peer:
        given = {"Authorization": f"Bearer {await secret(user, **wish)}"} if headers is None else headers
        url = f"ws://127.0.0.1:{port}/v1/ws{query}"
        connection = await connect(url, additional_headers=given, proxy=None)
        made.append(connection)
        return Peer(connection)

    yield open_one
    for one in made:
        await one.close()


def events_of(*records: Any) -> list[Event]:
    """The events of a job's records that follow each other."""
    made = []
    for before, after in zip((None, *records), records, strict=False):
        made += [job_event(step, 1_700_000_000) for step in steps(before, after)]
    return [one for one in made if one is not None]


RAN: dict[str, Any] = {"start_time": 1_702_640_005, "nodes": ("node001",)}


async def happen(application: Application, *records: Any) -> None:
    application.events.append(events_of(*records))
    await application.events.written()


async def test_the_contract_s_own_example(application: Application, opened: Open) -> None:
    peer = await opened()
    await peer.send(action="subscribe", channel="jobs", filter={"user": "alice", "state": "RUNNING"})
    assert (await peer.next())["action"] == "subscribed"
    await happen(
        application,
        job(12345, "PENDING"),
        job(12345, **RAN),
        job(12345, "COMPLETED", exit_code=0, **RAN),
    )
    started, ended = await peer.next(), await peer.next()
    assert started["data"]["state"] == "RUNNING"
    # The job leaves the filter: its new state is told once.
    assert ended == {
        "channel": "jobs",
        "action": "update",
        "resource_id": "12345",
        "timestamp": "2023-11-14T22:13:20Z",
        "data": {
            "job_id": "12345",
            "job_name": "simulation",
            "user": "alice",
            "partition": "normal",
            "state": "COMPLETED",
            "previous_state": "RUNNING",
            "end_time": "2023-12-15T11:34:20Z",
            "exit_code": 0,
        },
        "sequence": started["sequence"] + 1,
    }
    await happen(application, job(7, "COMPLETED", user="bob", **RAN))
    await peer.silent()


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
async def test_every_credential_of_a_handshake(
    port: int, secret: Callable[..., Awaitable[str]], prefix: str
) -> None:
    for header in ({"Authorization": f"Bearer {await secret()}"}, {"X-API-Key": await secret()}):
        url = f"ws://127.0.0.1:{port}{prefix}/ws"
        async with connect(url, additional_headers=header, proxy=None) as connection:
            assert (await Peer(connection).ask(action="ping", id=7))["id"] == 7


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer wrong"}, {"X-API-Key": "s9k_" + "A" * 43}])
async def test_a_bad_credential_is_refused_before_the_upgrade(opened: Open, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await opened(headers=headers)
    response = refused.value.response
    assert response.status_code == 401
    body = json.loads(response.body)
    assert body["error"]["code"] == "AUTHENTICATION_FAILED"
    assert body["error"]["request_id"] == response.headers["x-request-id"]


async def test_other_paths_are_no_websockets(port: int, secret: Callable[..., Awaitable[str]]) -> None:
    headers = {"Authorization": f"Bearer {await secret()}"}
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{port}/v1/nothing", additional_headers=headers, proxy=None)
    assert refused.value.response.status_code == 404


async def test_the_first_message_can_authenticate(
    opened: Open, secret: Callable[..., Awaitable[str]]
) -> None:
    peer = await opened(headers={})
    answer = await peer.ask(action="authenticate", token=await secret(), id="a")
    assert (answer["action"], answer["user"], answer["id"]) == ("authenticated", "alice", "a")
    await peer.subscribe()
    again = await peer.ask(action="authenticate", token="x")
    assert again["error"]["code"] == "RESOURCE_CONFLICT"


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"action":"authenticate","token":"wrong"}', 4401),
        ('{"action":"ping"}', 4401),
        ("not json", 4401),
        ('{"action":"authenticate"}', 4401),
    ],
)
async def test_a_first_message_that_does_not_authenticate_ends_it(
    opened: Open, first: str, code: int
) -> None:
    peer = await opened(headers={})
    await peer.connection.send(first)
    told = await peer.next()
    assert told["error"]["code"] == "AUTHENTICATION_FAILED"
    assert (await peer.closed())[0] == code


async def test_silence_instead_of_a_credential_ends_it(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "AUTHENTICATE_SECONDS", 0.05)
    peer = await opened(headers={})
    assert (await peer.closed())[0] == 4408


async def test_a_ticket_is_good_once_and_for_its_caller(
    port: int, opened: Open, secret: Callable[..., Awaitable[str]]
) -> None:
    headers = {"authorization": f"Bearer {await secret('bob')}"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
        answer = (await http.post("/v1/ws/ticket")).json()
    assert answer["expires_in"] == 60
    peer = await opened(query=f"?ticket={answer['ticket']}", headers={})
    await peer.subscribe()
    # Whoever finds it in a log comes too late.
    thief = await opened(query=f"?ticket={answer['ticket']}", headers={})
    assert (await thief.next())["error"]["code"] == "AUTHENTICATION_FAILED"
    assert (await thief.closed())[0] == 4401
    for query in ("?ticket=", "?ticket=s9t_x&ticket=s9t_y", "?ticket=" + await secret()):
        assert (await (await opened(query=query, headers={})).closed())[0] == 4401


async def test_a_ticket_of_a_revoked_credential_is_worth_nothing(
    application: Application, port: int, opened: Open
) -> None:
    made, token = await application.tokens.create(Wish(user="alice", tier="enterprise"))
    headers = {"authorization": f"Bearer {made}"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
        ticket = (await http.post("/v1/ws/ticket")).json()["ticket"]
    await application.tokens.revoke(token.token_id)
    assert (await (await opened(query=f"?ticket={ticket}", headers={})).closed())[0] == 4401


async def test_a_revoked_credential_is_cut_off_and_another_is_not(
    application: Application, opened: Open
) -> None:
    made, token = await application.tokens.create(Wish(user="alice", tier="enterprise"))
    peer = await opened(headers={"Authorization": f"Bearer {made}"})
    other = await opened("bob")
    await peer.subscribe()
    await application.tokens.revoke(token.token_id)
    assert (await peer.closed()) == (4401, f"Token {token.token_id} is revoked")
    await other.silent()


async def test_an_expired_credential_is_cut_off(opened: Open) -> None:
    peer = await opened(expires_in=1)
    assert (await peer.closed()) == (4401, "The credential has expired")


async def test_pages_of_other_servers_are_refused(
    port: int, opened: Open, secret: Callable[..., Awaitable[str]]
) -> None:
    given = {"Authorization": f"Bearer {await secret()}"}
    with pytest.raises(InvalidStatus) as refused:
        await opened(headers=given | {"Origin": "https://evil.example"})
    assert refused.value.response.status_code == 403
    await (await opened(headers=given | {"Origin": f"http://127.0.0.1:{port}"})).silent()


async def test_every_message_is_answered_and_its_id_echoed(opened: Open) -> None:
    peer = await opened()
    answer = await peer.ask(
        action="subscribe", channel="jobs", id="one", filter={"state": ["RUNNING", "pending"]}
    )
    assert (answer["action"], answer["subscription"], answer["id"]) == ("subscribed", "jobs-1", "one")
    named = await peer.ask(action="subscribe", channel="nodes", subscription="mine", id=2)
    assert (named["subscription"], named["id"]) == ("mine", 2)
    gone = await peer.ask(action="unsubscribe", subscription="mine", id=3)
    assert (gone["action"], gone["subscriptions"], gone["id"]) == ("unsubscribed", ["mine"], 3)
    missing = await peer.ask(action="unsubscribe", subscription="mine", id=4)
    assert (missing["error"]["code"], missing["id"]) == ("RESOURCE_NOT_FOUND", 4)
    rest = await peer.ask(action="unsubscribe")
    assert rest["subscriptions"] == ["jobs-1"]


@pytest.mark.parametrize(
    ("message", "parameter"),
    [
        ({"action": "shout"}, "action"),
        ({}, "action"),
        ({"action": "subscribe"}, "channel"),
        ({"action": "subscribe", "channel": "cars"}, "channel"),
        ({"action": "subscribe", "channel": "jobs", "filter": {"state": "ASLEEP"}}, "state"),
        ({"action": "subscribe", "channel": "jobs", "filter": {"colour": "red"}}, "colour"),
        ({"action": "subscribe", "channel": "jobs", "filter": {"user": {"a": 1}}}, "user"),
        ({"action": "subscribe", "channel": "jobs", "filter": "RUNNING"}, "filter"),
        ({"action": "subscribe", "channel": "nodes", "filter": {"user": "alice"}}, "user"),
        ({"action": "subscribe", "channel": "nodes", "filter": {"available": "maybe"}}, "available"),
        ({"action": "subscribe", "channel": "jobs", "since": -1}, "since"),
        ({"action": "subscribe", "channel": "jobs", "since": "now"}, "since"),
        ({"action": "ping", "id": [1]}, "id"),
        ({"action": "ping", "extra": 1}, "extra"),
    ],
)
async def test_bad_messages_are_told_what_is_allowed(
    opened: Open, message: dict[str, Any], parameter: str
) -> None:
    peer = await opened()
    error = (await peer.ask(**message))["error"]
    assert (error["code"], error["details"]["parameter"]) == ("VALIDATION_ERROR", parameter), error
    assert error["details"]["allowed"]
    await peer.silent()


@pytest.mark.parametrize("raw", ["[]", "null", "{", '"ping"', "[" * 5000, b"\x00\x01"])
async def test_what_is_no_message_is_an_error_and_no_end(opened: Open, raw: str | bytes) -> None:
    peer = await opened()
    await peer.connection.send(raw)
    assert (await peer.next())["error"]["code"] == "INVALID_REQUEST"
    await peer.silent()


async def test_too_large_a_message_ends_it(opened: Open) -> None:
    peer = await opened()
    await peer.connection.send("x" * 70_000)
    assert (await peer.closed())[0] == 1009


async def test_too_many_messages_end_it(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "_BURST", 5)
    peer = await opened()
    for _ in range(20):
        await peer.send(action="ping")
    assert (await peer.closed())[0] == 4429


async def test_a_snapshot_comes_first_and_holds_what_the_list_holds(
    application: Application, port: int, opened: Open, secret: Callable[..., Awaitable[str]]
) -> None:
    peer = await opened()
    answer = await peer.ask(action="subscribe", channel="jobs", filter={"state": "RUNNING"}, snapshot=True)
    assert answer["action"] == "subscribed"
    rows: list[Any] = []
    while True:
        message = await peer.next()
        assert (message["channel"], message["action"]) == ("jobs", "snapshot")
        rows += message["data"]["jobs"]
        if not message["has_more"]:
            break
    assert message["total"] == len(rows)
    headers = {"authorization": f"Bearer {await secret()}"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
        listed = (await http.get("/v1/jobs?state=RUNNING&limit=1000")).json()["jobs"]
        nodes = (await http.get("/v1/nodes?limit=1000")).json()["nodes"]
    assert sorted(rows, key=lambda row: row["job_id"]) == sorted(listed, key=lambda row: row["job_id"])
    assert (await peer.ask(action="subscribe", channel="nodes", snapshot=True))["action"] == "subscribed"
    found: list[Any] = []
    while len(found) < len(nodes):
        found += (await peer.next())["data"]["nodes"]
    assert found == nodes
    await happen(application, job(12345, **RAN))
    assert (await peer.next())["resource_id"] == "12345"


async def test_since_replays_exactly_what_was_missed(application: Application, opened: Open) -> None:
    await happen(application, job(1, "PENDING"), job(1, **RAN))
    start = application.events.newest
    for number, user in ((2, "alice"), (3, "bob"), (4, "alice")):
        await happen(application, job(number, "PENDING", user=user))
    peer = await opened()
    await peer.subscribe(filter={"user": "alice"}, since=start)
    await happen(application, job(5, "PENDING"))
    told = [await peer.next() for _ in range(3)]
    assert [one["resource_id"] for one in told] == ["2", "4", "5"]
    assert [one["sequence"] for one in told] == [start + 1, start + 3, start + 4]
    await peer.silent()
    error = (await peer.ask(action="subscribe", channel="jobs", since=start + 99))["error"]
    assert error["details"] == {"oldest": 1, "newest": start + 4}
    # With a snapshot there is another way.
    assert (await peer.ask(action="subscribe", channel="queue", since=10**9, snapshot=True))[
        "action"
    ] == "subscribed"
    assert (await peer.next())["action"] == "replay_unavailable"
    assert (await peer.next())["action"] == "snapshot"


async def test_overlapping_subscriptions_tell_each_event_once(application: Application, opened: Open) -> None:
    peer = await opened()
    await peer.subscribe()
    await peer.subscribe(filter={"user": "alice"})
    await peer.subscribe(filter={"job_id": "1"})
    await happen(application, job(1, "PENDING"))
    assert (await peer.next())["resource_id"] == "1"
    await peer.silent()


async def test_what_a_caller_may_not_see_is_not_told(application: Application, opened: Open) -> None:
    snapshot = application.cluster.snapshot
    assert snapshot.info is not None
    snapshot.info = replace(snapshot.info, private_data=frozenset({"jobs"}))
    alice, carol = await opened("alice"), await opened("carol", role=Role.OPERATOR)
    await alice.subscribe()
    await carol.subscribe()
    await happen(application, job(1, "PENDING", user="bob"))
    assert (await carol.next())["resource_id"] == "1"
    await alice.silent()
    refused = await alice.ask(action="subscribe", channel="queue")
    assert refused["error"]["code"] == "PERMISSION_DENIED"
    # A credential for some partitions: a job that leaves them is gone, and nothing else is told of it.
    restricted = await opened("alice", restrictions=application.tokens and _only("normal"))
    await restricted.subscribe()
    await happen(application, job(2, "PENDING"), job(2, "PENDING", partition="secret"))
    assert (await restricted.next())["data"]["partition"] == "normal"
    gone = await restricted.next()
    assert (gone["action"], gone["data"]) == ("removed", {"job_id": "2"})
    await happen(application, job(2, **RAN | {"partition": "secret"}))
    await restricted.silent()


def _only(partition: str) -> Any:
    from s9s.domain.credentials import Restrictions

    return Restrictions(partitions=frozenset({partition}))


async def test_rights_are_looked_at_again_while_connected(application: Application, opened: Open) -> None:
    peer = await opened("alice")
    await peer.subscribe()
    await peer.subscribe("nodes")
    snapshot = application.cluster.snapshot
    assert snapshot.info is not None
    snapshot.info = replace(snapshot.info, private_data=frozenset({"jobs", "nodes"}))
    told = await peer.next()
    assert (told["error"]["code"], told["subscription"]) == ("PERMISSION_DENIED", "nodes-1")
    await happen(application, job(1, "PENDING", user="bob"))
    await happen(application, job(2, "PENDING", user="alice"))
    assert (await peer.next())["resource_id"] == "2"


@pytest.mark.parametrize("scope", ["jobs:write", "nodes:read"])
async def test_a_channel_takes_the_scope_of_its_list(opened: Open, scope: str) -> None:
    peer = await opened(scopes=frozenset({scope}))
    refused = (await peer.ask(action="subscribe", channel="jobs"))["error"]
    assert (refused["code"], refused["details"]["required_scope"]) == ("PERMISSION_DENIED", "jobs:read")


@pytest.fixture
def changed_settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    return {"events": {"max_connections": 8, "max_subscriptions": 10, "statistics_seconds": 3600}}


async def test_connections_and_subscriptions_are_limited(
    port: int, opened: Open, secret: Callable[..., Awaitable[str]]
) -> None:
    given = {"Authorization": f"Bearer {await secret()}"}
    peers = [await opened(headers=given) for _ in range(8)]
    with pytest.raises(InvalidStatus) as refused:
        await opened(headers=given)
    assert refused.value.response.status_code == 429
    await peers[0].connection.close()
    async with asyncio.timeout(10):
        while True:
            try:
                peer = await opened(headers=given)
                break
            except InvalidStatus:
                await asyncio.sleep(0.02)
    for _ in range(10):
        await peer.subscribe()
    assert (await peer.ask(action="subscribe", channel="jobs"))["error"]["code"] == "RATE_LIMIT_EXCEEDED"


async def test_compressed_and_plain_clients_hear_the_same(
    application: Application, port: int, secret: Callable[..., Awaitable[str]]
) -> None:
    given = {"Authorization": f"Bearer {await secret()}"}
    url = f"ws://127.0.0.1:{port}/v1/ws"
    async with (
        connect(url, additional_headers=given, proxy=None) as small,
        connect(url, additional_headers=given, proxy=None, compression=None) as plain,
    ):
        assert "permessage-deflate" in small.response.headers["sec-websocket-extensions"]
        assert "sec-websocket-extensions" not in plain.response.headers
        peers = Peer(small), Peer(plain)
        for peer in peers:
            await peer.subscribe()
        await happen(application, job(1, "PENDING"), job(1, **RAN))
        assert [await peers[0].next() for _ in range(2)] == [await peers[1].next() for _ in range(2)]


async def test_a_shutdown_says_so(application: Application, secret: Callable[..., Awaitable[str]]) -> None:
    given = {"Authorization": f"Bearer {await secret()}"}
    async with serving(application) as port:
        peer = Peer(await connect(f"ws://127.0.0.1:{port}/v1/ws", additional_headers=given, proxy=None))
        await peer.subscribe()
    assert (await peer.closed())[0] == 1001


def alert_event(number: int, **more: Any) -> Event:
    alert = Alert(
        **{
            "alert_id": f"alr_{number}",
            "rule": Rule.NODE_DOWN,
            "subject": f"nodes/node{number:03}",
            "severity": Severity.CRITICAL,
            "message": "down",
            "raised_at": 1_700_000_000,
        }
        | more
    )
    made = event(Channel.ALERTS, Action.UPDATE, alert.alert_id, {"rule": alert.rule.value}, 1_700_000_000)
    return replace(made, job=alert.job, node=alert.node, alert=alert)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({}, ["1", "2", "3", "4"]),
        ({"rule": "node_down"}, ["1", "2", "4"]),
        ({"severity": "warning,info"}, ["2", "3"]),
        ({"subject": "nodes/node001"}, ["1"]),
        ({"resource_id": "alr_2,alr_3"}, ["2", "3"]),
        # What leaves the filter is told once more.
        ({"state": "open"}, ["1", "2", "3", "4"]),
        ({"state": ["resolved"], "severity": "critical"}, ["4"]),
    ],
)
async def test_alerts_are_filtered_as_in_their_list(
    application: Application, opened: Open, wanted: dict[str, Any], told: list[str]
) -> None:
    carol = await opened("carol", role=Role.OPERATOR)
    start = (await carol.subscribe("alerts", filter=wanted))["sequence"]
    made = [
        alert_event(1),
        alert_event(2, severity=Severity.WARNING),
        alert_event(3, rule=Rule.JOB_FAILED, severity=Severity.INFO, subject="jobs/7", user="bob"),
        alert_event(4, resolved_at=1_700_000_100),
    ]
    application.events.append(made)
    await application.events.written()
    assert [(await carol.next())["resource_id"] for _ in told] == [f"alr_{one}" for one in told]
    await carol.silent()
    # From disk they are the same.
    application.events._recent = Recent(RECENT)
    again = await opened("carol", role=Role.OPERATOR)
    await again.subscribe("alerts", filter=wanted, since=start)
    assert [(await again.next())["resource_id"] for _ in told] == [f"alr_{one}" for one in told]


@pytest.mark.parametrize("wanted", [{"rule": "x"}, {"severity": "x"}, {"state": "x"}, {"user": "alice"}])
async def test_a_bad_filter_of_alerts_is_told(opened: Open, wanted: dict[str, str]) -> None:
    peer = await opened()
    answer = await peer.ask(action="subscribe", channel="alerts", filter=wanted)
    assert answer["error"]["details"]["parameter"] == next(iter(wanted))


async def test_a_snapshot_of_alerts_holds_only_what_may_be_seen(
    application: Application, opened: Open
) -> None:
    job_of_bob = {"rule": Rule.JOB_FAILED, "subject": "jobs/7", "severity": Severity.INFO, "user": "bob"}
    application.live.hub.current[Channel.ALERTS] = lambda: [alert_event(1), alert_event(2, **job_of_bob)]
    for user, role, count in (("alice", None, 1), ("bob", None, 2), ("carol", Role.OPERATOR, 2)):
        peer = await opened(user, role=role)
        await peer.subscribe("alerts", snapshot=True)
        assert (await peer.next())["total"] == count, user
    peer = await opened("carol", role=Role.OPERATOR)
    await peer.subscribe("alerts", snapshot=True, filter={"severity": "info"})
    assert (await peer.next())["total"] == 1
