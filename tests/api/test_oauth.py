"""The token endpoint, and the access tokens that it gives out."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx2
import pytest

from s9s.app.application import Application
from s9s.domain.credentials import Kind, Restrictions, Token
from s9s.services.access import Role
from s9s.services.identity.tokens import Wish
from tests.api.conftest import Client

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def make(application: Application, **wish: Any) -> tuple[str, Token]:
    return await application.tokens.create(Wish(kind=Kind.CLIENT, **{"user": "alice", **wish}))


def basic(name: str, secret: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"}


def grant(token: Token, secret: str, **more: str) -> dict[str, str]:
    return {
        "client_id": token.token_id,
        "client_secret": secret,
        "grant_type": "client_credentials",
        **more,
    }


def refused(response: httpx2.Response, status: int, error: str) -> None:
    assert (response.status_code, response.json()["error"]) == (status, error), response.text
    assert set(response.json()) == {"error", "error_description"}
    assert response.headers["cache-control"] == "no-store"
    if status == 401:
        assert response.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("way", ["json", "form", "basic", "basic_json"])
async def test_every_way_to_ask_gives_a_token_that_works(
    application: Application, client: Client, way: str
) -> None:
    secret, token = await make(application, user="carol", role=Role.OPERATOR, tier="pro")
    nobody = await client()
    asked: dict[str, Any] = {
        "json": {"json": grant(token, secret)},
        "form": {"data": grant(token, secret)},
        "basic": {"data": {"grant_type": "client_credentials"}, "headers": basic(token.token_id, secret)},
        "basic_json": {
            "json": {"grant_type": "client_credentials"},
            "headers": basic(token.token_id, secret),
        },
    }[way]
    response = await nobody.post("/oauth/token", **asked)
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    made = response.json()
    assert (made["token_type"], made["expires_in"]) == ("Bearer", 900)
    assert "jobs:write" in made["scope"].split()
    assert "admin" not in made["scope"].split()
    caller = await client(made["access_token"])
    for _ in range(2):  # verified, then known
        me = (await caller.get("/v1/whoami")).json()
        assert (me["user"], me["role"], me["scopes"]) == ("carol", "operator", made["scope"].split())
        credential = me["credential"]
        assert (credential["token_id"], credential["kind"]) == (token.token_id, "client")
        assert credential["tier"] == "pro"
        assert credential["expires_at"] is not None
    assert (await caller.get("/v1/jobs")).status_code == 200


async def test_a_token_can_be_good_for_less_than_its_client(application: Application, client: Client) -> None:
    secret, token = await make(application, scopes=frozenset({"jobs:read", "jobs:write"}))
    nobody = await client()
    response = await nobody.post("/oauth/token", data=grant(token, secret, scope="jobs:read"))
    assert response.json()["scope"] == "jobs:read"
    caller = await client(response.json()["access_token"])
    assert (await caller.get("/v1/jobs")).status_code == 200
    assert (await caller.post("/v1/jobs", json={"script": "/bin/true"})).status_code == 403
    assert (await caller.get("/v1/nodes")).status_code == 403
    for scope in ("nodes:read", "jobs:read admin", "jobs:eat", "\x00"):
        refused(
            await nobody.post("/oauth/token", json=grant(token, secret, scope=scope)), 400, "invalid_scope"
        )


async def test_what_is_wrong_is_said_as_the_rfc_says_it(application: Application, client: Client) -> None:
    secret, token = await make(application)
    personal, other = await application.tokens.create(Wish(user="alice"))
    nobody = await client()

    async def ask(**request: Any) -> httpx2.Response:
        return await nobody.post("/oauth/token", **request)

    good = grant(token, secret)
    refused(await ask(json=good | {"client_secret": secret + "x"}), 401, "invalid_client")
    refused(await ask(json=good | {"client_id": "cli_0000000000000000"}), 401, "invalid_client")
    refused(await ask(json=grant(other, personal)), 401, "invalid_client")
    refused(await ask(json={"grant_type": "client_credentials"}), 401, "invalid_client")
    refused(await ask(data=good, headers={"authorization": "Bearer x"}), 400, "invalid_request")
    refused(await ask(data=good, headers=basic(token.token_id, secret)), 400, "invalid_request")
    refused(
        await ask(
            data={"grant_type": "client_credentials", "client_id": "other"},
            headers=basic(token.token_id, secret),
        ),
        401,
        "invalid_client",
    )
    refused(await ask(headers={"authorization": "Basic ???"}), 401, "invalid_client")
    refused(await ask(json=good | {"grant_type": "password"}), 400, "unsupported_grant_type")
    refused(await ask(json={k: v for k, v in good.items() if k != "grant_type"}), 400, "invalid_request")
    refused(await ask(content=b"{", headers={"content-type": "application/json"}), 400, "invalid_request")
    refused(
        await ask(content=b"[" * 99, headers={"content-type": "application/json"}), 400, "invalid_request"
    )
    refused(await ask(json=good | {"client_secret": ["x"]}), 400, "invalid_request")
    twice = "grant_type=client_credentials&grant_type=client_credentials"
    refused(await ask(content=twice, headers=FORM), 400, "invalid_request")
    refused(await ask(content="%zz=\xff".encode("latin-1"), headers=FORM), 400, "invalid_request")
    for response in (
        await ask(json=good | {"client_secret": "hush-hush"}),
        await ask(content=b'{"a":"hush-hush'),
    ):
        assert "hush-hush" not in response.text
    assert (await ask(json=good | {"audience": "ignored"})).status_code == 200
    assert (await nobody.get("/oauth/token")).status_code == 400


async def test_a_clients_secret_is_no_bearer_token(application: Application, client: Client) -> None:
    secret, _ = await make(application)
    caller = await client(secret)
    assert (await caller.get("/v1/whoami")).status_code == 401
    assert (await (await client()).get("/v1/whoami", headers={"x-api-key": secret})).status_code == 401


async def test_the_tokens_of_a_revoked_client_end_at_once(application: Application, client: Client) -> None:
    secret, token = await make(application)
    nobody = await client()
    made = (await nobody.post("/oauth/token", json=grant(token, secret))).json()["access_token"]
    caller = await client(made)
    assert (await caller.get("/v1/whoami")).status_code == 200
    await application.tokens.revoke(token.token_id)
    assert (await caller.get("/v1/whoami")).status_code == 401
    refused(await nobody.post("/oauth/token", json=grant(token, secret)), 401, "invalid_client")


async def test_an_expired_clients_tokens_do_not_outlive_it(application: Application, client: Client) -> None:
    secret, token = await make(application, expires_in=60)
    made = (await (await client()).post("/oauth/token", json=grant(token, secret))).json()
    assert 55 <= made["expires_in"] <= 60


async def test_a_client_is_good_on_its_networks_only(application: Application, client: Client) -> None:
    restrictions = Restrictions(networks=frozenset({"192.0.2.0/24"}))
    secret, token = await make(application, restrictions=restrictions)
    inside, outside = await client(address="192.0.2.1"), await client(address="198.51.100.1")
    refused(await outside.post("/oauth/token", json=grant(token, secret)), 401, "invalid_client")
    made = (await inside.post("/oauth/token", json=grant(token, secret))).json()["access_token"]
    for peer, status in ((inside, 200), (outside, 401)):
        response = await peer.get("/v1/whoami", headers={"authorization": f"Bearer {made}"})
        assert response.status_code == status


async def test_a_new_key_leaves_old_tokens_valid_and_dropping_the_old_ones_does_not(
    application: Application, client: Client
) -> None:
    secret, token = await make(application)
    nobody = await client()
    access_tokens = application.services.access_tokens

    async def ask() -> str:
        return str((await nobody.post("/oauth/token", json=grant(token, secret))).json()["access_token"])

    def kid(made: str) -> str:
        return str(json.loads(base64.urlsafe_b64decode(made.split(".", maxsplit=1)[0] + "=="))["kid"])

    async def works(made: str) -> bool:
        response = await nobody.get("/v1/whoami", headers={"authorization": f"Bearer {made}"})
        return response.status_code == 200

    first = await ask()
    assert await access_tokens.rotate(keep_old=True) != kid(first)
    second = await ask()
    assert kid(second) != kid(first)
    assert [await works(first), await works(second)] == [True, True]
    await access_tokens.rotate(keep_old=False)
    assert [await works(first), await works(second), await works(await ask())] == [False, False, True]


async def test_the_times_in_a_token_are_right(application: Application, client: Client) -> None:
    secret, token = await make(application)
    before = int(time.time())
    made = (await (await client()).post("/oauth/token", json=grant(token, secret))).json()["access_token"]
    header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in made.split(".")[:2])
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    assert before <= claims["iat"] == claims["nbf"] == claims["exp"] - 900
    assert (claims["iss"], claims["aud"], claims["client_id"]) == ("s9s", "s9s", token.token_id)
    assert len(claims["jti"]) == 32
