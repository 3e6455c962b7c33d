"""Nobody's credential is worth more than Slurm says of its user, whatever kind it is of; at once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from msgspec import structs

from s9s.app.application import Application
from s9s.domain.accounting import AdminLevel
from s9s.services.access import Role
from tests.api.conftest import Client, serving
from tests.security.provider import Provider
from tests.security.test_every_route import KINDS, PROXY, Presenting, changed_settings, presenting

__all__ = ["changed_settings", "presenting"]

HONEST = {"alice": "user", "carol": "operator", "dave": "admin"}


async def role(caller: httpx2.AsyncClient) -> str:
    me = (await caller.get("/v1/whoami")).json()
    can_read_the_log = (await caller.get("/v1/audit", params={"limit": 1})).status_code == 200
    assert can_read_the_log == (me["role"] == "admin") == ("admin" in me["scopes"])
    return str(me["role"])


def set_level(application: Application, user: str, level: AdminLevel) -> None:
    """As if it were another one when accounting is read the next time."""
    users = application.cluster.snapshot.users
    users.replace(
        structs.replace(one, admin_level=level) if one.username == user else one for one in users.all()
    )


@pytest.fixture
async def still(application: Application) -> None:
    """Accounting is not read again by itself."""
    await application.cluster.watcher.stop()


@pytest.mark.parametrize("user", HONEST)
@pytest.mark.parametrize("kind", KINDS)
async def test_a_credential_that_claims_more_gets_what_its_user_has(
    presenting: Presenting, kind: str, user: str
) -> None:
    caller = await presenting.caller(kind, Role.ADMIN, user=user)
    assert await role(caller) == HONEST[user]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "oidc"])
async def test_a_credential_that_claims_nothing_gets_the_same(presenting: Presenting, kind: str) -> None:
    for user, honest in HONEST.items():
        assert await role(await presenting.caller(kind, None, user=user)) == honest


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("kind", KINDS)
async def test_who_is_no_administrator_any_more_sees_less_at_once(
    application: Application, presenting: Presenting, kind: str
) -> None:
    caller = await presenting.caller(kind, Role.ADMIN, user="dave")
    assert await role(caller) == "admin"
    set_level(application, "dave", AdminLevel.OPERATOR)
    assert await role(caller) == "operator"
    set_level(application, "dave", AdminLevel.NONE)
    assert await role(caller) == "user"
    set_level(application, "dave", AdminLevel.ADMINISTRATOR)
    assert await role(caller) == "admin"


@pytest.mark.usefixtures("still")
async def test_both_lanes_forget_what_somebody_was(application: Application, client: Client) -> None:
    """Rows of others, which only operators see under PrivateData, are gone from the next list."""
    snapshot = application.cluster.snapshot
    assert snapshot.info is not None
    snapshot.info = structs.replace(snapshot.info, private_data=frozenset({"jobs"}))
    secret = (await client(user="carol")).headers["authorization"]
    async with (
        serving(application) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"authorization": secret}) as carol,
    ):
        await carol.get("/v1/whoami")
        for _ in range(2):
            assert (await carol.get("/v1/jobs?limit=1")).json()["total"] > 20
        set_level(application, "carol", AdminLevel.NONE)
        assert (await carol.get("/v1/jobs?limit=1")).json()["total"] < 20


async def test_a_credential_made_with_one_that_is_limited_is_limited_too(client: Client) -> None:
    dave = await client(user="dave", role=Role.OPERATOR)
    made = (await dave.post("/v1/tokens", json={})).json()
    assert made["role"] == "operator"
    assert await role(await client(made["token"])) == "operator"
    refused = await dave.post("/v1/tokens", json={"role": "admin"})
    assert refused.json()["error"]["details"]["allowed"] == "operator"
    free = await client(user="dave")
    made = (await free.post("/v1/tokens", json={})).json()
    assert made["role"] == "auto"
    assert await role(await client(made["token"])) == "admin"
    narrow = (await free.post("/v1/tokens", json={"role": "user"})).json()
    assert await role(await client(narrow["token"])) == "user"


class TestProvidersWithoutWordsForRoles:
    @pytest.fixture
    def changed_settings(self, provider: Provider) -> dict[str, Any]:
        return {"oidc": {"issuer": provider.issuer, "audience": ["s9s"]}}

    async def test_slurm_alone_says_it(self, client: Client, provider: Provider) -> None:
        for user, honest in HONEST.items():
            signed = provider.sign(preferred_username=user, groups=["slurm-admins"])
            assert await role(await client(signed)) == honest


class TestCertificatesThatNobodyRegistered:
    @pytest.fixture
    def changed_settings(self) -> dict[str, Any]:
        return {"server": {"trusted_proxies": [PROXY]}, "certificates": {"user_from": "common_name"}}

    async def test_slurm_says_it(self, presenting: Presenting) -> None:
        for user, honest in HONEST.items():
            assert await role(await presenting.with_certificate(user)) == honest


@pytest.mark.usefixtures("still")
async def test_open_connections_hear_of_it_though_nobody_asks_for_anything(application: Application) -> None:
    before = application.tokens.known.generation
    set_level(application, "carol", AdminLevel.NONE)
    async with asyncio.timeout(5):
        while application.tokens.known.generation == before:
            await asyncio.sleep(0.05)
