"""Bodies and queries made to be expensive, and credentials that are used again after they were revoked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import product
from typing import Any

import httpx2
import pytest

from s9s.api.openapi import Document
from s9s.app.application import Application
from s9s.services.access import Role
from s9s.services.identity.tokens import Wish
from tests.api.conftest import Client, serving
from tests.security.test_every_route import KINDS, Presenting, changed_settings, presenting

__all__ = ["changed_settings", "presenting"]

DEEP = 10_000
WITH_BODY = [
    (method.upper(), path)
    for path, item in Document().content["paths"].items()
    for method, operation in item.items()
    if "requestBody" in operation
]
BODIES = {
    "lists in lists": b"[" * DEEP + b"]" * DEEP,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "in a field": b'{"environment":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "never closed": b'{"a":[' * DEEP,
    "a number of a million digits": b'{"nodes":' + b"9" * 1_000_000 + b"}",
    "an exponent": b'{"nodes":1e999999999}',
    "a fraction": b'{"priority":0.' + b"1" * 1_000_000 + b"}",
    "a negative zero and more": b'{"nodes":-0,"priority":-1e400}',
    "a long text": b'{"job_name":"' + b"x" * 7_000_000 + b'"}',
    "a long name of a field": b'{"' + b"x" * 7_000_000 + b'":1}',
    "many fields": b"{" + b",".join(b'"f%d":1' % n for n in range(300_000)) + b"}",
    "many items": b'{"job_ids":[' + b",".join([b'"1"'] * 1_000_000) + b"]}",
    "the same field again": b"{" + b",".join([b'"nodes":1'] * 300_000) + b',"nodes":"x"}',
    "half a surrogate": b'{"job_name":"\\ud800","script":"#!/bin/sh"}',
    "no UTF-8": b'{"job_name":"\xff\xfe"}',
    "UTF-16": '{"job_name":"x"}'.encode("utf-16"),
    "NUL": b'{"job_name":"a\\u0000b","script":"#!/bin/sh\\n"}',
    "infinity": b'{"nodes":Infinity}',
}


@pytest.fixture
async def url(application: Application) -> AsyncIterator[str]:
    async with serving(application) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def alice(application: Application, url: str) -> AsyncIterator[httpx2.AsyncClient]:
    secret, _ = await application.tokens.create(Wish(user="alice", tier="enterprise"))
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60) as caller:
        yield caller


async def test_no_body_costs_more_than_a_refusal(alice: httpx2.AsyncClient) -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)

    watching = asyncio.create_task(watch())
    for (method, path), (name, body) in product(WITH_BODY, BODIES.items()):
        if len(body) > 100_000 and path not in ("/v1/jobs", "/v1/jobs/bulk", "/v1/tokens"):
            continue  # the same code reads them all
        response = await alice.request(method, path.format_map(_ANY), content=body)
        case = f"{name} to {path}: {response.status_code} {response.text[:300]}"
        assert response.status_code in (400, 404) or path == "/oauth/token", case
        assert len(response.content) < 8000, case
    watching.cancel()
    assert longest < 2.0  # others are served meanwhile


class _Anything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "1"


_ANY = _Anything()


async def test_nor_without_a_credential(url: str) -> None:
    headers = {"content-type": "application/json"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=60) as nobody:
        for path, (name, body) in product(["/v1/login", "/oauth/token"], BODIES.items()):
            response = await nobody.post(path, content=body)
            assert response.status_code in (400, 401, 404), (name, path, response.text[:300])
            assert len(response.content) < 8000, (name, path)


QUERIES = [
    "state=" + "R" * 17_000,
    "&".join(f"a{number}=1" for number in range(2_000)),
    "limit=" + "9" * 5_000,
    "offset=" + "9" * 30,
    "sort=" + "%41" * 2_000,
    "user=" + "%00",
    "user=" + "%ff",
    "user=" + ",".join(["alice"] * 2_000) + "x" * 8_000,
]


async def test_no_query_costs_more_than_a_refusal(alice: httpx2.AsyncClient) -> None:
    paths = ["/v1/jobs", "/v1/nodes", "/v1/users", "/v1/audit", "/v1/jobs/1/output"]
    for path, query in product(paths, QUERIES):
        response = await alice.get(f"{path}?{query}")
        case = f"{path}?{query[:20]}: {response.status_code} {response.text[:300]}"
        assert response.status_code in (400, 403, 404), case
        assert len(response.content) < 8000, case


@pytest.mark.parametrize(
    "headers",
    [
        {"x-filler": "x" * 70_000},
        {f"x-{number}": "x" * 100 for number in range(700)},
        {"x-request-id": "x" * 70_000},
    ],
    ids=["long", "many", "id"],
)
async def test_no_head_is_longer_than_is_read(alice: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    with suppress(httpx2.TransportError):  # closed while it was being sent
        assert (await alice.get("/v1/status", headers=headers)).status_code == 400
    assert (await alice.get("/v1/status")).status_code == 200


@pytest.mark.parametrize(
    "given", ["\x7f", "a\tb", "x" * 129, "ü", "a b", "<script>", "\x1b[31m", "';--", "${jndi:x}"]
)
async def test_a_request_id_that_is_not_sane_is_not_echoed(client: Client, given: str) -> None:
    alice = await client(user="alice")
    response = await alice.get("/v1/whoami", headers=[("x-request-id", given.encode("latin-1"))])
    assert response.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "oidc"])
async def test_a_revoked_credential_is_worth_nothing_however_often_it_is_shown(
    application: Application, presenting: Presenting, kind: str
) -> None:
    caller = await presenting.caller(kind, Role.USER)
    me = (await caller.get("/v1/whoami")).json()
    secret = caller.headers.get("x-api-key") or caller.headers.get("authorization", "").removeprefix(
        "Bearer "
    )
    async with (
        serving(application) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as other,
    ):
        if secret:  # a certificate cannot be shown here: nobody asks for one
            other.headers["authorization"] = f"Bearer {secret}"
            for _ in range(3):  # known to the fast lane
                assert (await other.get("/v1/jobs?limit=1")).status_code == 200
        await application.tokens.revoke(me["credential"]["token_id"])
        for _ in range(3):
            assert (await caller.get("/v1/whoami")).status_code == 401
            assert (await other.get("/v1/jobs?limit=1")).status_code == 401
            assert (await other.post("/v1/jobs", json={"script": "true"})).status_code == 401
    record = [one for one in await application.tokens.list() if one.revoked_at is not None]
    assert [one.token_id for one in record] == [me["credential"]["token_id"]]


async def test_a_client_that_is_revoked_gets_no_more_tokens(application: Application, client: Client) -> None:
    from s9s.domain.credentials import Kind

    secret, token = await application.tokens.create(Wish(user="alice", kind=Kind.CLIENT))
    asked: dict[str, Any] = {
        "client_id": token.token_id,
        "client_secret": secret,
        "grant_type": "client_credentials",
    }
    nobody = await client()
    assert (await nobody.post("/oauth/token", json=asked)).status_code == 200
    await application.tokens.revoke(token.token_id)
    refused = await nobody.post("/oauth/token", json=asked)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
