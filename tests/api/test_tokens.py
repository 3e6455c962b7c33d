"""Users' own credentials over HTTP."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from s9s.domain.credentials import Kind, Restrictions
from s9s.services.access import SCOPES, Role
from s9s.services.identity import self_service
from tests.api.conftest import Client


def code(response: httpx2.Response, status: int) -> str:
    assert response.status_code == status, response.text
    return str(response.json()["error"]["code"])


async def test_whoami_tells_user_role_and_what_the_credential_is_good_for(client: Client) -> None:
    alice = await client(
        user="alice", scopes=frozenset({"jobs:read"}), expires_in=3600, kind=Kind.API_KEY,
        restrictions=Restrictions(accounts=frozenset({"research"}), own_jobs_only=True),
    )  # fmt: skip
    me = (await alice.get("/v1/whoami")).json()
    credential = me.pop("credential")
    assert me == {"user": "alice", "role": "user", "scopes": ["jobs:read"]}
    assert re.fullmatch(r"key_[0-9a-f]{16}", credential.pop("token_id"))
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", credential.pop("expires_at"))
    assert credential == {
        "kind": "api_key", "tier": "free", "accounts": ["research"], "partitions": [], "networks": [],
        "own_jobs_only": True,
    }  # fmt: skip
    dave = await client(user="dave", role=Role.ADMIN)
    assert (await dave.get("/v1/whoami")).json()["scopes"] == sorted(SCOPES)


@pytest.mark.parametrize("kind", ["token", "api_key"])
async def test_a_new_credential_works_at_once_and_ends_at_once(client: Client, kind: str) -> None:
    alice = await client(user="alice")
    made = await alice.post("/v1/tokens", json={"kind": kind, "name": "laptop", "expires_in": 60})
    assert made.status_code == 201
    document = made.json()
    secret = document.pop("token")
    assert secret.startswith({"token": "s9s_", "api_key": "s9k_"}[kind])
    assert made.headers["location"] == f"/v1/tokens/{document['token_id']}"
    assert document["created_by"] == (await alice.get("/v1/whoami")).json()["credential"]["token_id"]
    nobody = await client()
    for headers in ({"authorization": f"Bearer {secret}"}, {"x-api-key": secret}):
        me = (await nobody.get("/v1/whoami", headers=headers)).json()
        assert (me["user"], me["credential"]["kind"]) == ("alice", kind)
    found = await alice.get(made.headers["location"])
    assert found.json() | {"last_used_at": None} == document
    assert secret not in (await alice.get("/v1/tokens")).text
    ended = await alice.delete(made.headers["location"])
    assert ended.json()["state"] == "revoked"
    refused = await nobody.get("/v1/whoami", headers={"x-api-key": secret})
    assert code(refused, 401) == "AUTHENTICATION_FAILED"
    assert secret not in refused.text


async def test_everybody_has_their_own_and_administrators_everybodys(client: Client) -> None:
    alice, bob = await client(user="alice"), await client(user="bob")
    carol = await client(user="carol", role=Role.OPERATOR)
    dave = await client(user="dave", role=Role.ADMIN)
    narrow = await client(user="dave", role=Role.ADMIN, scopes=frozenset({"tokens:read", "tokens:write"}))
    bobs = (await bob.post("/v1/tokens", json={})).json()["token_id"]
    for caller in (alice, carol, narrow):
        shown = {one["user"] for one in (await caller.get("/v1/tokens")).json()["tokens"]}
        assert len(shown) == 1
        assert "bob" not in shown
        assert code(await caller.get(f"/v1/tokens/{bobs}"), 404) == "RESOURCE_NOT_FOUND"
        assert code(await caller.delete(f"/v1/tokens/{bobs}"), 404) == "RESOURCE_NOT_FOUND"
    page = (await dave.get("/v1/tokens", params={"user": "bob", "state": "valid"})).json()
    assert (page["total"], {one["user"] for one in page["tokens"]}) == (2, {"bob"})
    assert (await dave.delete(f"/v1/tokens/{bobs}")).status_code == 200
    assert (await dave.get("/v1/tokens", params={"state": "REVOKED"})).json()["total"] == 1
    assert code(await dave.get("/v1/tokens", params={"state": "sleepy"}), 400) == "VALIDATION_ERROR"


NARROW: dict[str, Any] = {
    "user": "alice",
    "role": Role.OPERATOR,
    "scopes": frozenset({"jobs:read", "jobs:write", "tokens:write"}),
    "expires_in": 3600,
    "tier": "pro",
    "restrictions": Restrictions(
        accounts=frozenset({"research", "physics"}),
        partitions=frozenset({"gpu"}),
        networks=frozenset({"192.0.2.0/24", "2001:db8::/32"}),
    ),
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "admin"),
        ("scopes", ["nodes:read"]),
        ("scopes", ["jobs:read", "admin"]),
        ("expires_in", 3700),
        ("tier", "enterprise"),
        ("accounts", ["research", "other"]),
        ("partitions", ["gpu", "normal"]),
        ("networks", ["192.0.0.0/16"]),
        ("networks", ["192.0.2.0/25", "198.51.100.1"]),
        ("networks", ["::/0"]),
    ],
)
async def test_nothing_can_be_wider(client: Client, field: str, value: object) -> None:
    alice = await client(**NARROW)
    refused = await alice.post("/v1/tokens", json={field: value})
    assert code(refused, 403) == "PERMISSION_DENIED"
    assert refused.json()["error"]["details"]["parameter"] == field


async def test_what_is_not_said_is_inherited_and_narrower_is_allowed(client: Client) -> None:
    alice = await client(**NARROW)
    same = (await alice.post("/v1/tokens", json={})).json()
    assert (same["role"], same["tier"], same["scopes"]) == ("operator", "pro", sorted(NARROW["scopes"]))
    assert (same["accounts"], same["partitions"]) == (["physics", "research"], ["gpu"])
    assert same["networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    own = (await alice.get("/v1/whoami")).json()["credential"]["expires_at"]
    assert same["expires_at"] <= own
    wish = {
        "role": "user", "scopes": ["jobs:read"], "expires_in": 60, "tier": "free", "accounts": ["Research"],
        "networks": ["192.0.2.7"], "own_jobs_only": True,
    }  # fmt: skip
    less = (await alice.post("/v1/tokens", json=wish)).json()
    expected = wish | {"accounts": ["research"], "networks": ["192.0.2.7/32"]}
    expected.pop("expires_in")
    assert {field: less[field] for field in expected} == expected
    bob = await client(less["token"], address="192.0.2.7")
    assert code(await bob.post("/v1/tokens", json={}), 403) == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"scopes": ["jobs:eat"]}, "scopes"),
        ({"expires_in": 0}, "expires_in"),
        ({"name": "\x1b[2J"}, "name"),
        ({"kind": "client"}, "kind"),
        ({"accounts": ["a b"]}, "accounts"),
        ({"networks": ["everywhere"]}, "networks"),
        ({"user": "root"}, "user"),
    ],
)
async def test_what_cannot_be_is_said(client: Client, body: dict[str, Any], parameter: str) -> None:
    dave = await client(user="dave", role=Role.ADMIN)
    refused = await dave.post("/v1/tokens", json=body)
    assert code(refused, 400) == "VALIDATION_ERROR"
    assert refused.json()["error"]["details"]["parameter"] == parameter


async def test_a_user_has_so_many_and_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_service, "MAX_VALID", 2)
    alice, bob = await client(user="alice"), await client(user="bob")
    first = (await alice.post("/v1/tokens", json={})).json()["token_id"]
    assert code(await alice.post("/v1/tokens", json={}), 409) == "RESOURCE_CONFLICT"
    assert (await bob.post("/v1/tokens", json={})).status_code == 201
    await alice.delete(f"/v1/tokens/{first}")
    assert (await alice.post("/v1/tokens", json={})).status_code == 201


async def test_a_credential_is_good_on_its_networks_only(client: Client) -> None:
    restrictions = Restrictions(networks=frozenset({"192.0.2.0/24", "2001:db8::/64"}))
    inside = await client(user="alice", restrictions=restrictions)
    secret = inside.headers["authorization"].removeprefix("Bearer ")
    assert (await inside.get("/v1/whoami")).status_code == 200
    for address, status in (
        ("192.0.3.1", 401), ("::ffff:192.0.2.9", 200), ("2001:db8::5", 200), ("2001:db8:1::5", 401),
        ("127.0.0.1", 401), ("unix", 401),
    ):  # fmt: skip
        other = await client(secret, address=address)
        response = await other.get("/v1/whoami", headers={"x-forwarded-for": "192.0.2.1"})
        assert response.status_code == status, address


async def test_two_credentials_are_none(client: Client) -> None:
    alice = await client(user="alice")
    secret = alice.headers["authorization"]
    nobody = await client()
    for second in (
        ("authorization", secret),
        ("x-api-key", secret.removeprefix("Bearer ")),
        ("X-API-Key", "x"),
    ):
        response = await nobody.get("/v1/whoami", headers=[("authorization", secret), second])
        assert code(response, 401) == "AUTHENTICATION_FAILED"
