"""What browsers are told: policies, origins, and to come by HTTPS only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Client

PREFLIGHT = {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}
PORTAL = "https://portal.example.com"


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/nowhere", "/docs", "/healthz"])
async def test_every_answer_is_safe_to_look_at(client: Client, path: str) -> None:
    alice = await client(user="alice")
    headers = (await alice.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in headers
    assert ("cache-control" in headers) == path.startswith("/v1/")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_the_documentation_runs_nobody_elses_scripts(client: Client, path: str) -> None:
    policy = (await (await client()).get(path)).headers["content-security-policy"]
    directives = dict(one.strip().split(" ", 1) for one in policy.split(";"))
    assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert directives["script-src"] == directives["connect-src"] == "'self'"
    assert "http" not in policy


async def test_no_other_origin_is_allowed_unless_configured(client: Client) -> None:
    alice = await client(user="alice")
    response = await alice.get("/v1/jobs", headers={"origin": PORTAL})
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control-")]
    preflight = await (await client()).options("/v1/jobs", headers={"origin": PORTAL, **PREFLIGHT})
    assert not [name for name in preflight.headers if name == "access-control-allow-origin"]


class TestWithAnOrigin:
    @pytest.fixture
    def changed_settings(self) -> dict[str, Any]:
        return {"server": {"allowed_origins": [PORTAL], "public_url": "https://api.example.com"}}

    async def test_it_may_read_answers_and_nobody_else_may(self, client: Client) -> None:
        alice = await client(user="alice")
        await alice.get("/v1/jobs")
        response = await alice.get("/v1/jobs", headers={"origin": PORTAL})
        assert response.headers["access-control-allow-origin"] == PORTAL
        assert "X-RateLimit-Remaining" in response.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in response.headers
        other = await alice.get("/v1/jobs", headers={"origin": "https://evil.example.com"})
        assert "access-control-allow-origin" not in other.headers

    async def test_it_may_ask_before(self, client: Client) -> None:
        nobody = await client()
        allowed = await nobody.options("/v1/jobs", headers={"origin": PORTAL, **PREFLIGHT})
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == PORTAL
        assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
        refused = await nobody.options(
            "/v1/jobs", headers={"origin": "https://evil.example.com", **PREFLIGHT}
        )
        assert "access-control-allow-origin" not in refused.headers

    async def test_clients_that_come_by_https_stay_there(self, client: Client) -> None:
        alice = await client(user="alice")
        for _ in range(2):  # both lanes
            headers = (await alice.get("/v1/jobs")).headers
            assert headers["strict-transport-security"] == "max-age=63072000"
