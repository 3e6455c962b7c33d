"""`/v1/webhooks`: events posted to a real server on loopback, through outages and revocations."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace

from s9s.app.application import Application
from s9s.domain.credentials import Restrictions
from s9s.services.access import Role
from s9s.services.live.events import RECENT
from s9s.services.live.recent import Recent
from s9s.services.webhooks import posting
from tests.api.conftest import Client
from tests.api.test_ws import RAN, events_of, happen
from tests.delivery.servers import Hook, http_server
from tests.delivery.signatures import is_genuine
from tests.snapshot.making import job

JOBS = [{"channel": "jobs"}]


class Receiver(Hook):
    """A server that posts come to."""

    def __init__(self) -> None:
        super().__init__()
        self.url = ""

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in tuple(self.requests)]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [one for body in self.bodies for one in body["events"]]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    taken = Receiver()
    with http_server(taken) as port:
        taken.url = f"http://127.0.0.1:{port}/hook"
        yield taken


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {
        "outgoing": {"allowed": ["127.0.0.0/8"], "timeout_seconds": 5},
        "webhooks": {
            "per_user": 3,
            "maximum": 4,
            "attempts": 2,
            "first_retry_seconds": 0.1,
            "longest_retry_seconds": 0.3,
        },
    }


@pytest.fixture
async def alice(client: Client) -> httpx2.AsyncClient:
    return await client(user="alice", tier="enterprise")


async def until(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"still {found!r}"
        await asyncio.sleep(0.02)
    return found


async def make(caller: httpx2.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    response = await caller.post("/v1/webhooks", json={"url": url, "subscriptions": JOBS, **more})
    assert response.status_code == 201, response.text
    assert response.headers["location"] == f"/v1/webhooks/{response.json()['webhook_id']}"
    return dict(response.json())


async def shown(caller: httpx2.AsyncClient, made: dict[str, Any], **wanted: Any) -> dict[str, Any]:
    """The webhook as soon as it looks like this: a value, or what has to be true of it."""

    def looks(value: Any, wanted: Any) -> bool:
        return bool(wanted(value) if callable(wanted) else value == wanted)

    deadline = time.monotonic() + 20
    while True:
        document = (await caller.get(f"/v1/webhooks/{made['webhook_id']}")).json()
        if all(looks(document[name], value) for name, value in wanted.items()):
            return dict(document)
        assert time.monotonic() < deadline, document
        await asyncio.sleep(0.05)


async def deliveries(caller: httpx2.AsyncClient, made: dict[str, Any], **wanted: str) -> list[dict[str, Any]]:
    response = await caller.get(f"/v1/webhooks/{made['webhook_id']}/deliveries", params=wanted)
    assert response.status_code == 200, response.text
    return list(response.json()["deliveries"])


async def test_what_matches_is_posted_in_order_signed_and_as_everywhere(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver, tmp_path: Path
) -> None:
    made = await make(
        alice,
        receiver.url,
        name="ci",
        subscriptions=[
            {"channel": "jobs", "filter": {"user": "alice", "state": ["RUNNING"]}},
            {"channel": "jobs", "filter": {"job_id": "7"}},
        ],
    )
    await happen(application, job(7, "PENDING"), job(7, **RAN), job(7, "COMPLETED", exit_code=0, **RAN))
    await happen(application, job(8, "PENDING", user="bob"))
    await until(lambda: len(receiver.events) >= 3)
    assert [one["data"]["state"] for one in receiver.events] == ["PENDING", "RUNNING", "COMPLETED"]
    first = receiver.events[0]
    assert {"channel", "action", "resource_id", "timestamp", "data", "sequence"} == first.keys()
    sequences = [one["sequence"] for one in receiver.events]
    assert sequences == sorted(set(sequences))
    [(path, headers, raw), *_] = receiver.requests
    assert path == "/hook"
    assert is_genuine(raw, headers["x-s9s-signature"], made["secret"])
    body = json.loads(raw)
    assert (body["type"], body["webhook_id"]) == ("events", made["webhook_id"])
    assert body["delivery_id"] == headers["x-s9s-delivery"]
    # The secret is shown once, and not in the database as it is.
    document = await shown(alice, made, failures=0, last_delivered_at=bool)
    assert document["secret"] is None
    kept = b"".join(one.read_bytes() for one in (tmp_path / "state").glob("s9s.db*"))
    assert made["webhook_id"].encode() in kept
    assert made["secret"].encode() not in kept
    assert (tmp_path / "state/secrets-key").stat().st_mode & 0o777 == 0o600
    listed = await deliveries(alice, made, state="delivered")
    assert {one["state"] for one in listed} == {"delivered"}
    assert sum(one["events"] for one in listed) == 3


async def test_a_receiver_that_is_away_gets_everything_later_and_in_order(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver
) -> None:
    receiver.answers = [500]
    made = await make(alice, receiver.url)
    await happen(application, job(1, "PENDING"))
    await until(lambda: len(receiver.requests) >= 2)
    again = [headers["x-s9s-delivery"] for _, headers, _ in receiver.requests[:2]]
    assert again[0] == again[1]  # by which it is known again
    assert receiver.bodies[0] == receiver.bodies[1]
    await shown(alice, made, failures=0, last_error=None)
    for number in range(2, 6):
        await happen(application, job(number, "PENDING"))
    await until(lambda: len({one["sequence"] for one in receiver.events}) == 5)
    assert [one["resource_id"] for one in receiver.events] == ["1", "1", "2", "3", "4", "5"]


async def test_what_is_given_up_is_kept_and_can_be_posted_again(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver
) -> None:
    receiver.answers = [503, 503]
    made = await make(alice, receiver.url)
    await happen(application, job(1, "PENDING"))
    await until(lambda: len(receiver.requests) >= 2)
    deadline = time.monotonic() + 10
    while not (dead := await deliveries(alice, made, state="dead")):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert (dead[0]["attempts"], dead[0]["events"]) == (2, 1)
    assert "503" in dead[0]["error"]
    # The next ones are not held up by it.
    await happen(application, job(2, "PENDING"))
    await until(lambda: [one["resource_id"] for one in receiver.events].count("2"))
    path = f"/v1/webhooks/{made['webhook_id']}/deliveries/{dead[0]['delivery_id']}/redeliver"
    receiver.answers = [500]
    failed = (await alice.post(path)).json()
    assert (failed["state"], failed["attempts"]) == ("dead", 3)
    arrived = (await alice.post(path)).json()
    assert (arrived["state"], arrived["error"]) == ("delivered", None)
    assert [one["resource_id"] for one in receiver.events] == ["1", "1", "2", "1", "1"]
    assert (await alice.post(path)).status_code == 409
    assert (await alice.post(path.replace("dlv_", "dlv_0"))).status_code == 404


async def test_one_that_never_answers_is_stopped_and_begins_again_where_it_was(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver
) -> None:
    receiver.answers = [500] * 2 * posting.MAX_DEAD
    made = await make(alice, receiver.url)
    for number in range(1, posting.MAX_DEAD + 1):
        await happen(application, job(number, "PENDING"))
        await until(lambda wanted=2 * number: len(receiver.requests) >= wanted)
    stopped = await shown(alice, made, state="stopped")
    assert "500" in stopped["reason"]
    await happen(application, job(99, "PENDING"))
    change = await alice.patch(f"/v1/webhooks/{made['webhook_id']}", json={"state": "active"})
    assert change.json()["reason"] is None
    await until(lambda: receiver.events[-1]["resource_id"] == "99")


async def test_pausing_keeps_its_place(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver
) -> None:
    made = await make(alice, receiver.url)
    path = f"/v1/webhooks/{made['webhook_id']}"
    assert (await alice.patch(path, json={"state": "paused"})).json()["state"] == "paused"
    await happen(application, job(1, "PENDING"), job(1, **RAN))
    assert (await alice.get(path)).json()["lag"] >= 2
    assert receiver.requests == []
    assert (await alice.patch(path, json={"state": "active"})).status_code == 200
    await until(lambda: len(receiver.events) == 2)
    assert (await alice.delete(path)).status_code == 200
    assert (await alice.get(path)).status_code == 404
    await happen(application, job(2, "PENDING"))
    other = await make(alice, receiver.url)
    await happen(application, job(3, "PENDING"))
    await until(lambda: receiver.bodies[-1]["webhook_id"] == other["webhook_id"])
    assert [one["resource_id"] for one in receiver.events] == ["1", "1", "3"]


async def test_a_revoked_credential_stops_it(
    application: Application, alice: httpx2.AsyncClient, client: Client, receiver: Receiver
) -> None:
    other = await client(user="alice", tier="enterprise")
    token_id = (await other.get("/v1/whoami")).json()["credential"]["token_id"]
    made, kept = await make(other, receiver.url), await make(alice, receiver.url)
    await happen(application, job(1, "PENDING"))
    await until(lambda: len(receiver.events) == 2)
    assert (await alice.delete(f"/v1/tokens/{token_id}")).status_code == 200
    stopped = await shown(alice, made, state="stopped")
    assert "revoked" in stopped["reason"]
    await happen(application, job(2, "PENDING"))
    await until(lambda: len(receiver.events) == 3)
    assert receiver.bodies[-1]["webhook_id"] == kept["webhook_id"]
    # Whoever makes it active again answers for it from then on, and misses nothing.
    await alice.patch(f"/v1/webhooks/{made['webhook_id']}", json={"state": "active"})
    await until(lambda: len(receiver.events) == 4)


async def test_what_may_be_seen_is_looked_at_when_it_is_posted(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver
) -> None:
    receiver.answers = [500]
    await make(alice, receiver.url)
    await happen(application, job(1, "PENDING", user="bob"), job(1, user="bob", **RAN))
    await until(lambda: receiver.requests)
    assert len(receiver.events) == 2
    snapshot = application.cluster.snapshot
    assert snapshot.info is not None
    snapshot.info = replace(snapshot.info, private_data=frozenset({"jobs"}))
    await happen(application, job(2, "PENDING"), job(2, **RAN))
    await until(lambda: len(receiver.events) >= 4)
    # The second attempt of the first delivery has nothing left to tell, and so is none.
    assert [one["resource_id"] for one in receiver.events] == ["1", "1", "2", "2"]


async def test_a_slow_receiver_costs_the_others_nothing(
    application: Application, client: Client, receiver: Receiver
) -> None:
    release = threading.Event()

    class Slow(Receiver):
        @property
        def answers(self) -> list[int]:  # type: ignore[override]
            release.wait(20)
            return []

        @answers.setter
        def answers(self, value: list[int]) -> None:
            pass

    slow = Slow()
    with http_server(slow) as port:
        bob, alice = (
            await client(user="bob", tier="enterprise"),
            await client(user="alice", tier="enterprise"),
        )
        await make(bob, f"http://127.0.0.1:{port}/")
        await make(alice, receiver.url)
        began = time.monotonic()
        for number in range(1, 4):
            await happen(application, job(number, "PENDING"))
            await until(lambda wanted=number: len(receiver.events) == wanted)
        assert time.monotonic() - began < 4  # and not the five seconds that one post may take
        assert len(slow.requests) == 1
        release.set()
        await until(lambda: len({one["sequence"] for one in slow.events}) == 3)


async def test_whoever_lags_far_behind_catches_up_from_the_log(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver
) -> None:
    start = application.events.newest
    for first in range(1, 4001, 500):
        for number in range(first, first + 500):
            application.events.append(events_of(job(number, "PENDING")))
    await application.events.written()
    made = await make(alice, receiver.url, since=start)
    await until(lambda: len(receiver.events) >= 4000, 60)
    assert [one["resource_id"] for one in receiver.events] == [str(number) for number in range(1, 4001)]
    assert max(len(body["events"]) for body in receiver.bodies) <= 500
    await shown(alice, made, lag=0)


async def test_what_is_not_kept_any_more_is_told_as_a_gap(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver, tmp_path: Path
) -> None:
    made = await make(alice, receiver.url)
    path = f"/v1/webhooks/{made['webhook_id']}"
    await alice.patch(path, json={"state": "paused"})
    log = application.events
    await happen(application, job(1, "PENDING"))
    await happen(application, job(2, "PENDING"))
    await log._records.prune(before=0, newest_only=1, keep_after=log.newest)
    log.oldest = log.newest
    log._recent = Recent(RECENT)
    await alice.patch(path, json={"state": "active"})
    await until(lambda: len(receiver.bodies) == 2)
    gap, events = receiver.bodies
    assert gap["type"] == "gap"
    assert gap["events"] == []
    assert (gap["first_sequence"], gap["last_sequence"]) == (made["sequence"] + 1, log.newest - 1)
    assert [one["resource_id"] for one in events["events"]] == ["2"]


async def test_a_test_says_whether_it_arrives(alice: httpx2.AsyncClient, receiver: Receiver) -> None:
    made = await make(alice, receiver.url)
    path = f"/v1/webhooks/{made['webhook_id']}/test"
    assert (await alice.post(path)).json()["state"] == "delivered"
    assert [(body["type"], body["events"]) for body in receiver.bodies] == [("test", [])]
    receiver.answers = [404]
    failed = (await alice.post(path)).json()
    assert failed["state"] == "dead"
    assert "404" in failed["error"]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"url": "https://192.0.2.7/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://[::1]:80/"}, "url"),
        ({"url": "ftp://127.0.0.1/"}, "url"),
        ({"subscriptions": []}, "subscriptions"),
        ({"subscriptions": JOBS * 11}, "subscriptions"),
        ({"subscriptions": [{"channel": "jobs", "filter": {"colour": "red"}}]}, "colour"),
        ({"subscriptions": [{"channel": "jobs", "filter": {"state": "RED"}}]}, "state"),
        ({"subscriptions": [{"channel": "weather"}]}, "subscriptions.0.channel"),
        ({"since": -1}, "since"),
    ],
)
async def test_bad_ones_are_told_what_is_allowed(
    alice: httpx2.AsyncClient, receiver: Receiver, body: dict[str, Any], parameter: str
) -> None:
    response = await alice.post("/v1/webhooks", json={"url": receiver.url, "subscriptions": JOBS, **body})
    assert response.status_code == 400, response.text
    assert response.json()["error"]["details"]["parameter"] == parameter
    assert (await alice.post("/v1/webhooks", json={"url": receiver.url})).status_code == 400


async def test_limits_and_whose_they_are(client: Client, receiver: Receiver) -> None:
    alice, bob = await client(user="alice", tier="enterprise"), await client(user="bob", tier="enterprise")
    dave = await client(user="dave", role=Role.ADMIN, tier="enterprise")
    made = [await make(alice, receiver.url) for _ in range(3)]
    full = await alice.post("/v1/webhooks", json={"url": receiver.url, "subscriptions": JOBS})
    assert (full.status_code, full.json()["error"]["code"]) == (409, "RESOURCE_CONFLICT")
    await make(bob, receiver.url)
    assert (
        await dave.post("/v1/webhooks", json={"url": receiver.url, "subscriptions": JOBS})
    ).status_code == 409
    assert {one["user"] for one in (await bob.get("/v1/webhooks")).json()["webhooks"]} == {"bob"}
    assert (await bob.get("/v1/webhooks?user=alice")).status_code == 403
    assert (await dave.get("/v1/webhooks?user=alice")).json()["total"] == 3
    path = f"/v1/webhooks/{made[0]['webhook_id']}"
    for answer in (
        await bob.get(path),
        await bob.patch(path, json={"state": "paused"}),
        await bob.delete(path),
        await bob.post(f"{path}/test"),
    ):
        assert answer.status_code == 404
    # An administrator may end what somebody else has, but not have it told elsewhere.
    assert (await dave.patch(path, json={"state": "paused"})).status_code == 200
    for change in ({"state": "active"}, {"url": receiver.url}, {"subscriptions": JOBS}):
        assert (await dave.patch(path, json=change)).status_code == 403
    assert (await dave.delete(path)).status_code == 200


async def test_a_narrower_credential_does_not_borrow_a_wider_one(
    application: Application, client: Client, receiver: Receiver
) -> None:
    wide = await client(user="alice", tier="enterprise")
    narrow = await client(user="alice", tier="enterprise", restrictions=Restrictions(own_jobs_only=True))
    made = await make(wide, receiver.url)
    change = {"url": f"{receiver.url}/narrow"}
    assert (await narrow.patch(f"/v1/webhooks/{made['webhook_id']}", json=change)).status_code == 200
    await happen(application, job(1, "PENDING", user="bob"), job(1, user="bob", **RAN))
    await happen(application, job(2, "PENDING"))
    await until(lambda: receiver.events)
    assert [one["resource_id"] for one in receiver.events] == ["2"]


async def test_a_channel_takes_its_scope(client: Client, receiver: Receiver) -> None:
    caller = await client(user="alice", scopes=frozenset({"webhooks:write", "nodes:read"}))
    body = {"url": receiver.url, "subscriptions": JOBS}
    refused = await caller.post("/v1/webhooks", json=body)
    assert refused.json()["error"]["details"]["required_scope"] == "jobs:read"
    assert (
        await caller.post("/v1/webhooks", json=body | {"subscriptions": [{"channel": "nodes"}]})
    ).status_code == 201


async def test_a_lost_key_is_said(
    application: Application, alice: httpx2.AsyncClient, receiver: Receiver, tmp_path: Path
) -> None:
    made = await make(alice, receiver.url)
    with sqlite3.connect(tmp_path / "state/s9s.db") as database:
        database.execute("UPDATE webhooks SET secret = zeroblob(64)")
    failed = (await alice.post(f"/v1/webhooks/{made['webhook_id']}/test")).json()
    assert "secret" in failed["error"]
    assert str(tmp_path) not in failed["error"]
    assert receiver.requests == []
