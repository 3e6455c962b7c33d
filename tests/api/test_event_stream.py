"""`/v1/events` over real sockets, read as `curl -N` reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from s9s.api import streams
from s9s.app.application import Application
from s9s.services.identity.tokens import Wish
from tests.api.conftest import serving
from tests.api.test_ws import RAN, happen
from tests.snapshot.making import job


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"events": {"max_connections": 3}}


@pytest.fixture
async def http(application: Application) -> AsyncIterator[httpx2.AsyncClient]:
    secret, _ = await application.tokens.create(Wish(user="alice", tier="enterprise"))
    headers = {"authorization": f"Bearer {secret}"}
    async with (
        serving(application) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=10) as client,
    ):
        yield client


@asynccontextmanager
async def stream(http: httpx2.AsyncClient, query: str = "", **headers: str) -> AsyncIterator[Any]:
    """Messages as dictionaries of their fields; comments as ``{"": text}``."""
    async with http.stream("GET", f"/v1/events{query}", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")

        async def messages() -> AsyncIterator[dict[str, str]]:
            fields: dict[str, str] = {}
            async for line in response.aiter_lines():
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.strip()
                elif fields:
                    yield fields
                    fields = {}

        found = messages()
        assert await anext(found) == {"": "events"}
        yield found


async def test_updates_have_the_contract_s_form_and_an_id(
    application: Application, http: httpx2.AsyncClient
) -> None:
    async with stream(http, "?channel=jobs&user=alice&state=RUNNING") as messages:
        await happen(application, job(7, "PENDING", user="bob"))
        await happen(application, job(1, "PENDING"), job(1, **RAN))
        message = await anext(messages)
    update = json.loads(message["data"])
    assert (update["channel"], update["resource_id"], update["data"]["state"]) == ("jobs", "1", "RUNNING")
    assert message["id"] == str(update["sequence"])


async def test_whoever_comes_back_gets_what_was_missed(
    application: Application, http: httpx2.AsyncClient
) -> None:
    async with stream(http, "?channel=jobs") as messages:
        await happen(application, job(1, "PENDING"))
        seen = (await anext(messages))["id"]
    await happen(application, job(2, "PENDING"))
    async with stream(http, "?channel=jobs", **{"Last-Event-ID": seen}) as messages:
        await happen(application, job(3, "PENDING"))
        missed = [json.loads((await anext(messages))["data"])["resource_id"] for _ in range(2)]
    assert missed == ["2", "3"]
    refused = await http.get("/v1/events?since=99999")
    assert (refused.status_code, refused.json()["error"]["details"]["oldest"]) == (409, 1)


async def test_a_snapshot_comes_first(application: Application, http: httpx2.AsyncClient) -> None:
    async with stream(http, "?channel=jobs&snapshot=true") as messages:
        message = await anext(messages)
        assert message["event"] == "snapshot"
        rows = json.loads(message["data"])
    assert rows["total"] == len(application.cluster.snapshot.jobs)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?channel=cars", "channel"),
        ("?channel=jobs,nodes&user=alice", "channel"),
        ("?channel=nodes&user=alice", "user"),
        ("?state=ASLEEP", "state"),
        ("?since=yesterday", "since"),
        ("?colour=red", "colour"),
    ],
)
async def test_bad_parameters_are_told_what_is_allowed(
    http: httpx2.AsyncClient, query: str, parameter: str
) -> None:
    response = await http.get(f"/v1/events{query}")
    assert (response.status_code, response.json()["error"]["details"]["parameter"]) == (400, parameter)
    assert (await http.get("/v1/events", headers={"Last-Event-ID": "x"})).status_code == 400


async def test_a_quiet_stream_beats_and_a_revoked_one_ends(
    application: Application, http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.05)
    secret, token = await application.tokens.create(Wish(user="alice"))
    async with stream(http, "?channel=alerts", authorization=f"Bearer {secret}") as messages:
        assert await anext(messages) == {"": "heartbeat"}
        await application.tokens.revoke(token.token_id)
        async with asyncio.timeout(10):
            rest = [one async for one in messages if one != {"": "heartbeat"}]
    assert [one["event"] for one in rest] == ["error"]
    assert json.loads(rest[0]["data"])["error"]["code"] == "AUTHENTICATION_FAILED"


async def test_streams_of_one_credential_are_limited_and_end(
    application: Application, http: httpx2.AsyncClient
) -> None:
    async with stream(http), stream(http), stream(http):
        assert (await http.get("/v1/events")).status_code == 429
    async with asyncio.timeout(10):
        while len(application.live.connections):
            await asyncio.sleep(0.01)
    assert not application.live.hub.readers


async def test_queue_and_metrics_are_told(http: httpx2.AsyncClient) -> None:
    async with stream(http, "?channel=queue,metrics&since=0") as messages:
        found = [json.loads((await anext(messages))["data"]) for _ in range(2)]
    by_channel = {one["channel"]: one["data"] for one in found}
    assert by_channel["queue"]["running"] == by_channel["queue"]["jobs"]["RUNNING"] > 0
    assert by_channel["metrics"]["cpus_total"] > 0
