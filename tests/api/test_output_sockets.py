"""`/v1/jobs/{job_id}/output?follow=true` as a WebSocket, and what ends it and its plain sister."""

from __future__ import annotations

import asyncio
import getpass
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from s9s.app.application import Application
from s9s.services.access import Role
from s9s.services.identity.tokens import Wish
from tests.api.conftest import serving

USER = getpass.getuser()
#: Says a word that is two bytes in UTF-8 when there is a file, and ends when there is another.
SCRIPT = """#!/bin/bash
echo ready
until [ -e {folder}/say ]; do sleep 0.05; done; echo -n ż
until [ -e {folder}/end ]; do sleep 0.05; done; exit 3
"""


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"simulated": {"jobs": 0, "speed": 1}}


@pytest.fixture
async def port(application: Application) -> AsyncIterator[int]:
    async with serving(application) as port:
        yield port


@pytest.fixture
async def token(application: Application) -> str:
    return (await application.tokens.create(Wish(user=USER, role=Role.USER, tier="enterprise")))[0]


@pytest.fixture
async def job_id(port: int, token: str, tmp_path: Path) -> str:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        body = {"script": SCRIPT.format(folder=tmp_path), "working_directory": str(tmp_path)}
        made = await client.post("/v1/jobs", json=body, headers={"Authorization": f"Bearer {token}"})
        assert made.status_code == 201, made.text
        return str(made.json()["job_id"])


def opening(port: int, path: str, token: str | None = None) -> connect:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return connect(f"ws://127.0.0.1:{port}{path}", additional_headers=headers, proxy=None)


async def next_of(connection: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(20):
        return dict(json.loads(await connection.recv()))


async def until_closed(connection: ClientConnection) -> tuple[int | None, list[dict[str, Any]]]:
    messages = []
    async with asyncio.timeout(30):
        with suppress(ConnectionClosed):
            while True:
                messages.append(json.loads(await connection.recv()))
    return connection.close_code, messages


async def test_a_job_is_followed_to_its_end(port: int, token: str, job_id: str, tmp_path: Path) -> None:
    async with opening(port, f"/api/v1/jobs/{job_id}/output?follow=true", token) as connection:
        first = await next_of(connection)
        assert {key: first[key] for key in ("channel", "action", "resource_id", "data")} == {
            "channel": "output",
            "action": "append",
            "resource_id": job_id,
            "data": {"stream": "output", "offset": 0, "content": "ready\n"},
        }
        await connection.send(json.dumps({"action": "ping", "id": 1}))
        pong = await next_of(connection)
        assert (pong["action"], pong["id"]) == ("pong", 1)
        await connection.send(json.dumps({"action": "subscribe", "channel": "jobs"}))
        assert (await next_of(connection))["error"]["code"] == "VALIDATION_ERROR"
        (tmp_path / "say").touch()
        assert (await next_of(connection))["data"] == {"stream": "output", "offset": 6, "content": "ż"}
        (tmp_path / "end").touch()
        code, messages = await until_closed(connection)
    assert code == 1000
    [end] = messages
    assert end["action"] == "end"
    assert end["data"]["size"] == 8
    assert (end["data"]["state"], end["data"]["exit_code"]) == ("FAILED", 3)


async def test_the_first_message_may_have_the_credential(port: int, token: str, job_id: str) -> None:
    async with opening(port, f"/v1/jobs/{job_id}/output?follow=true&lines=0") as connection:
        await connection.send(json.dumps({"action": "authenticate", "token": token}))
        assert (await next_of(connection))["action"] == "authenticated"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/jobs/{}/output", 400), ("/v1/jobs/{}/output?follow=false", 400),
        ("/v1/jobs/{}/output?follow=true&offset=1", 400), ("/v1/jobs/4000000/output?follow=true", 404),
    ],
)  # fmt: skip
async def test_what_is_refused(port: int, token: str, job_id: str, path: str, status: int) -> None:
    async with opening(port, path.format(job_id), token) as connection:
        code, [message] = await until_closed(connection)
    assert code == 4000 + status
    assert message["error"]["code"] == {400: "VALIDATION_ERROR", 404: "RESOURCE_NOT_FOUND"}[status]


async def test_another_ones_output_and_no_credential(
    application: Application, port: int, token: str, job_id: str
) -> None:
    secret, _ = await application.tokens.create(Wish(user="bob", role=Role.USER))
    async with opening(port, f"/v1/jobs/{job_id}/error?follow=true", secret) as connection:
        assert (await until_closed(connection))[0] == 4403
    with pytest.raises(InvalidStatus):
        async with opening(port, f"/v1/jobs/{job_id}/output?follow=true", "nonsense"):
            pass


async def test_a_revoked_credential_ends_both(
    application: Application, port: int, token: str, job_id: str
) -> None:
    secret, made = await application.tokens.create(Wish(user=USER, role=Role.USER))
    path = f"/v1/jobs/{job_id}/output?follow=true"
    headers = {"Authorization": f"Bearer {secret}"}
    async with opening(port, path, secret) as connection, httpx2.AsyncClient(timeout=20) as client:
        assert (await next_of(connection))["action"] == "append"
        async with client.stream("GET", f"http://127.0.0.1:{port}{path}", headers=headers) as response:
            pieces = response.aiter_text()
            assert await anext(pieces) == "ready\n"
            await application.tokens.revoke(made.token_id)
            assert (await until_closed(connection))[0] == 4401
            with pytest.raises(httpx2.RemoteProtocolError):
                await anext(pieces)
    assert len(application.live.connections) == 0
    assert application.live.following.files == 0
