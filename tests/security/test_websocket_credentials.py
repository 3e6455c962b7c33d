"""Every kind of credential opens `/v1/ws`, as the user and with the role that it has elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from s9s.app.application import Application
from s9s.services.access import Role
from tests.api.conftest import Client, serving
from tests.security.provider import Provider
from tests.security.test_every_route import KINDS, PROXY, USERS, Presenting

#: What a browser or a program sends of them.
_HEADERS = ("authorization", "x-api-key", "client-cert")


def _url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/v1/ws"


@pytest.fixture
def changed_settings(provider: Provider) -> dict[str, Any]:
    return {
        "server": {"trusted_proxies": ["127.0.0.1", PROXY]},
        "oidc": {
            "issuer": provider.issuer,
            "audience": ["s9s"],
            "operators": ["operators"],
            "administrators": ["administrators"],
            "tier": "enterprise",
        },
    }


@pytest.fixture
def presenting(application: Application, client: Client, provider: Provider, tmp_path: Path) -> Presenting:
    return Presenting(application, client, provider, tmp_path)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_opens_it(application: Application, presenting: Presenting, kind: str) -> None:
    caller = await presenting.caller(kind, Role.OPERATOR)
    headers = {name: caller.headers[name] for name in _HEADERS if name in caller.headers}
    assert headers
    async with serving(application) as port:
        url = f"ws://127.0.0.1:{port}/v1/ws"
        async with connect(url, additional_headers=headers, proxy=None) as connection:
            await connection.send('{"action":"ping"}')
            assert json.loads(await connection.recv())["action"] == "pong"
            await connection.send('{"action":"subscribe","channel":"metrics"}')
            assert json.loads(await connection.recv())["action"] == "subscribed"
            [known] = [one for key in application.live.connections._by_credential.values() for one in key]
            assert (known.caller.user, known.caller.role) == (USERS[Role.OPERATOR], Role.OPERATOR)
            assert known.caller.kind.value == kind


@pytest.mark.parametrize("kind", ["token", "api_key", "login", "client", "oidc"])
async def test_each_secret_may_come_in_the_first_message(
    application: Application, presenting: Presenting, kind: str
) -> None:
    caller = await presenting.caller(kind, Role.USER)
    secret = caller.headers.get("x-api-key") or caller.headers["authorization"].removeprefix("Bearer ")
    async with serving(application) as port, connect(_url(port), proxy=None) as connection:
        await connection.send(json.dumps({"action": "authenticate", "token": secret}))
        answer = json.loads(await connection.recv())
        assert (answer["action"], answer["user"]) == ("authenticated", USERS[Role.USER])


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_gets_a_ticket(application: Application, presenting: Presenting, kind: str) -> None:
    caller = await presenting.caller(kind, Role.USER)
    made = (await caller.post("/v1/ws/ticket")).json()
    async with serving(application) as port:
        url = f"ws://127.0.0.1:{port}/v1/ws?ticket={made['ticket']}"
        async with connect(url, proxy=None) as connection:
            await connection.send('{"action":"ping"}')
            assert json.loads(await connection.recv())["action"] == "pong"


async def test_a_bad_one_is_refused_before_the_upgrade(application: Application) -> None:
    async with serving(application) as port:
        for headers in ({"authorization": "Bearer x"}, {"x-api-key": "s9k_" + "A" * 43}):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(f"ws://127.0.0.1:{port}/v1/ws", additional_headers=headers, proxy=None):
                    pass
            assert refused.value.response.status_code == 401
