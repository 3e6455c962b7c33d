"""Rate limits, concurrency and failed logins as clients meet them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx2
import pytest

from s9s.app.application import Application
from s9s.services.identity.tokens import Wish
from s9s.services.limits import Quota
from tests.api.conftest import Client, serving

NAMES = [f"x-ratelimit-{name}" for name in ("limit", "remaining", "reset", "window")]


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"limits": {"enterprise_requests": 20, "max_concurrent_requests": 2, "failed_logins": 3}}


def numbers(response: httpx2.Response) -> list[int]:
    return [int(response.headers[name]) for name in NAMES]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/jobs", 200),
        ("GET", "/api/v1/jobs", 200),
        ("GET", "/v1/status", 200),
        ("HEAD", "/v1/nodes", 200),
        ("GET", "/v1/jobs?limit=0", 400),
        ("GET", "/v1/nodes?limit=0", 400),
        ("POST", "/v1/jobs", 400),
        ("GET", "/v1/audit", 403),
        ("GET", "/v1/jobs/99999999", 404),
        ("GET", "/v1/no/such/route", 404),
        ("PATCH", "/v1/jobs", 400),
    ],
)
async def test_the_four_headers_stand_on_every_authenticated_answer(
    client: Client, method: str, path: str, status: int
) -> None:
    alice = await client(user="alice", tier="enterprise")
    before = int(time.time())
    await alice.get("/v1/status")
    response = await alice.request(method, path)
    assert response.status_code == status
    limit, remaining, reset, window = numbers(response)
    assert (limit, remaining, window) == (20, 18, 3600)
    assert before + 3600 <= reset <= time.time() + 3600


@pytest.mark.parametrize("path", ["/healthz", "/v1/openapi.json", "/docs", "/v1/jobs", "/v1/nowhere"])
async def test_and_on_no_other(client: Client, path: str) -> None:
    nobody = await client()
    assert not set(NAMES) & set((await nobody.get(path)).headers)


@pytest.mark.parametrize(("tier", "limit"), [("free", 1000), ("pro", 10_000), ("enterprise", 20)])
async def test_tiers(client: Client, tier: str, limit: int) -> None:
    alice = await client(user="alice", tier=tier)
    assert numbers(await alice.get("/v1/jobs"))[:2] == [limit, limit - 1]


async def test_one_too_many_is_429_in_both_lanes_and_costs_nobody_else(
    application: Application, client: Client
) -> None:
    alice, bob = await client(user="alice", tier="enterprise"), await client(user="bob", tier="enterprise")
    async with serving(application) as port:
        url = f"http://127.0.0.1:{port}/v1/jobs?limit=1"
        for number in range(20):
            response = await alice.get(url)
            assert (response.status_code, numbers(response)[1]) == (200, 19 - number)
        # The fast lane, the slow one, and what no route answers, which is not counted but told.
        for extra in ({}, {"content": b"{}"}):
            refused = await alice.request("GET", url, **extra)  # type: ignore[arg-type]
            assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
            assert 3590 <= int(refused.headers["retry-after"]) <= 3600
            assert numbers(refused)[1] == 0
        assert (await bob.get(url)).status_code == 200


async def test_exactly_the_limit_is_admitted_however_many_ask_at_once(
    application: Application, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application.limits, "_max_concurrent", 1000)
    alice = await client(user="alice", tier="enterprise")
    answers = await asyncio.gather(*(alice.get("/v1/status") for _ in range(60)))
    assert sorted(answer.status_code for answer in answers) == [200] * 20 + [429] * 40
    assert min(numbers(answer)[1] for answer in answers if answer.status_code == 200) == 0


async def test_too_many_at_once_are_429_and_not_counted(application: Application, client: Client) -> None:
    alice = await client(user="alice", tier="enterprise")
    await alice.get("/v1/status")
    [quota] = application.limits._quotas.values()
    assert isinstance(quota, Quota)
    with application.limits.under_way(quota), application.limits.under_way(quota):
        refused = await alice.get("/v1/status")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert numbers(refused)[1] == 19
    answer = await alice.get("/v1/status")
    assert (answer.status_code, numbers(answer)[1]) == (200, 18)
    assert quota.active == 0


async def test_failed_logins_are_limited_by_address(client: Client) -> None:
    guesser, other, friend = (
        await client("wrong"),
        await client("wrong", "192.0.2.2"),
        await client(user="bob"),
    )
    assert (await friend.get("/v1/jobs")).status_code == 200
    for number in range(4):
        response = await guesser.get("/v1/jobs", headers={"authorization": f"Bearer guess-{number}"})
        assert response.status_code == 401
    refused = await guesser.get("/v1/jobs", headers={"authorization": "Bearer another"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert refused.headers["retry-after"] == "1"
    # Another address, somebody at the same one who is known, and what needs no login are not touched.
    assert (await other.get("/v1/jobs")).status_code == 401
    assert (await friend.get("/v1/jobs")).status_code == 200
    assert (await guesser.get("/healthz")).status_code == 200


async def test_the_token_endpoint_counts_too(client: Client) -> None:
    nobody = await client()
    asked = {"client_id": "cli_0", "grant_type": "client_credentials"}
    statuses = [
        (await nobody.post("/oauth/token", json={**asked, "client_secret": f"s9c_{number}"})).status_code
        for number in range(5)
    ]
    assert statuses == [401, 401, 401, 401, 429]


async def test_nothing_presented_is_no_failed_login(client: Client) -> None:
    nobody = await client()
    assert {(await nobody.get("/v1/jobs")).status_code for _ in range(20)} == {401}


async def test_a_client_cannot_say_that_it_is_somebody_else(client: Client) -> None:
    guesser = await client("wrong")
    statuses = []
    for number in range(5):
        headers = {"authorization": f"Bearer guess-{number}", "x-forwarded-for": f"198.51.100.{number}"}
        statuses.append((await guesser.get("/v1/jobs", headers=headers)).status_code)
    assert statuses == [401, 401, 401, 401, 429]


class TestBehindATrustedProxy:
    @pytest.fixture
    def changed_settings(self) -> dict[str, Any]:
        return {"limits": {"failed_logins": 3}, "server": {"trusted_proxies": ["192.0.2.1"]}}

    async def test_whom_the_proxy_speaks_for_counts(self, client: Client) -> None:
        proxy = await client("wrong")

        async def attempt(address: str, number: int) -> int:
            headers = {"authorization": f"Bearer guess-{number}", "x-forwarded-for": address}
            return (await proxy.get("/v1/jobs", headers=headers)).status_code

        assert [await attempt("198.51.100.7", number) for number in range(5)] == [401] * 4 + [429]
        assert await attempt("198.51.100.8", 9) == 401


async def test_what_is_left_survives_a_restart(tmp_path: Any, changed_settings: dict[str, Any]) -> None:
    from s9s.app.application import running
    from s9s.config import Settings

    settings = Settings.model_validate(
        {
            "server": {"state_dir": tmp_path},
            "cluster": {"mode": "simulated"},
            "simulated": {"jobs": 5, "speed": 0},
            **changed_settings,
        }
    )
    seen = []
    secret = ""
    for _ in range(3):
        async with running(settings) as application:
            secret = secret or (await application.tokens.create(Wish(user="alice", tier="enterprise")))[0]
            transport = httpx2.ASGITransport(application.front)
            headers = {"authorization": f"Bearer {secret}"}
            async with httpx2.AsyncClient(
                transport=transport, base_url="http://s9s", headers=headers
            ) as client:
                seen.append(numbers(await client.get("/v1/jobs"))[1])
    assert seen == [19, 18, 17]
