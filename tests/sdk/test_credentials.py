"""Every credential of the contract, with each client, at a server with TLS of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from s9s.app.application import running
from s9s.app.tls import open_tls
from s9s.config import Settings
from s9s.domain.credentials import Kind
from s9s.services.identity.tokens import Wish
from s9s_client import AsyncS9SClient, AuthenticationFailed, S9SClient, S9SError, TransportError
from tests.api.authority import Authority
from tests.api.conftest import serving
from tests.sdk.toolchains import GO, GO_ENVIRONMENT, built_javascript, go, node, run

pytestmark = pytest.mark.timeout(300)

KINDS = ["token", "api_key", "client", "certificate"]


class Site:
    """A server, its authority, and alice's credentials."""

    def __init__(self, url: str, authority: Authority, credentials: dict[str, dict[str, str]]) -> None:
        self.url = url
        self.authority = authority
        self.credentials = credentials

    def options(self, kind: str) -> dict[str, str]:
        return {"base_url": self.url, "ca_file": str(self.authority.file), **self.credentials[kind]}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    authority = Authority(tmp_path)
    settings = Settings.model_validate(
        {
            "server": {
                "state_dir": tmp_path / "state",
                "tls_certificate": authority.server(),
                "client_ca": authority.file,
            },
            "cluster": {"mode": "simulated"},
            "simulated": {"jobs": 20, "speed": 0},
            "certificates": {"user_from": "common_name", "user_pattern": "[a-z]+"},
        }
    )
    tls = open_tls(settings.server)
    assert tls is not None
    async with running(settings) as application, serving(application, tls.context) as port:
        token, _ = await application.tokens.create(Wish(user="alice"))
        key, _ = await application.tokens.create(Wish(user="alice", kind=Kind.API_KEY))
        secret, client = await application.tokens.create(Wish(user="alice", kind=Kind.CLIENT))
        credentials = {
            "token": {"token": token},
            "api_key": {"api_key": key},
            "client": {"client_id": client.token_id, "client_secret": secret},
            "certificate": {"cert_file": str(authority.client("alice"))},
        }
        yield Site(f"https://127.0.0.1:{port}", authority, credentials)


def python_options(options: dict[str, str]) -> dict[str, str]:
    names = {"cert_file": "cert", "ca_file": "ca"}
    return {names.get(name, name): value for name, value in options.items()}


@pytest.mark.parametrize("kind", KINDS)
async def test_python(site: Site, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S9S_API_TOKEN", raising=False)
    options = python_options(site.options(kind))
    async with AsyncS9SClient(**options) as client:
        me = await client.auth.whoami()
        assert (me.user, me.credential.kind) == ("alice", kind)
    with S9SClient(**options) as client:
        me = await asyncio.to_thread(client.auth.whoami)
        assert (me.user, me.credential.kind) == ("alice", kind)


async def test_javascript(site: Site) -> None:
    executable, package = node(), await asyncio.to_thread(built_javascript)
    for kind in KINDS:
        given = {"S9S_CLIENT": json.dumps(site.options(kind))}
        command = (executable, "live/whoami.mjs")
        assert await asyncio.to_thread(run, *command, cwd=package, env=given) == f"alice {kind}\n"


async def test_go(site: Site, tmp_path: Path) -> None:
    program = tmp_path / "live.test"
    build = (go(), "test", "-c", "-tags=live", "-o", program, ".")
    await asyncio.to_thread(run, *build, cwd=GO, env=GO_ENVIRONMENT)
    for kind in KINDS:
        given = {"S9S_CLIENT": json.dumps(site.options(kind))}
        said = await asyncio.to_thread(run, program, "-test.run=TestWhoAmI", cwd=tmp_path, env=given)
        assert f"\nalice {kind}\n" in said


async def test_a_server_that_nobody_vouches_for_is_not_trusted(site: Site) -> None:
    async with AsyncS9SClient(site.url, "secret", max_retries=0) as client:
        with pytest.raises(TransportError):
            await client.auth.whoami()


async def test_wrong_client_credentials_are_told(site: Site) -> None:
    options = python_options(site.options("client")) | {"client_secret": "wrong"}
    async with AsyncS9SClient(**options) as client:
        with pytest.raises(AuthenticationFailed):
            await client.auth.whoami()


def test_the_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S9S_API_URL", "https://api.example.com/api/v1")
    monkeypatch.setenv("S9S_API_TOKEN", "from_the_environment")
    with S9SClient() as client:
        assert client.http.settings.url("/v1/status") == "https://api.example.com/api/v1/status"
        assert client.http.settings.token == "from_the_environment"
    with S9SClient(api_key="key") as client:
        assert client.http.settings.token is None
    with S9SClient("https://other.example.com", "given") as client:
        assert (client.http.settings.base_url, client.http.settings.token) == (
            "https://other.example.com",
            "given",
        )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"base_url": "api.example.com"},
        {"base_url": "https://a", "token": "t", "api_key": "k"},
        {"base_url": "https://a", "client_id": "c"},
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S9S_API_URL", raising=False)
    with pytest.raises(S9SError):
        S9SClient(**options)
