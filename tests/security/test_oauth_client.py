"""The token endpoint as a client library of other people's understands it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError, InvalidScopeError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from s9s.app.application import Application
from s9s.app.tls import open_tls
from s9s.config.server import Server
from s9s.domain.credentials import Kind
from s9s.services.identity.tokens import Wish
from tests.api.authority import Authority
from tests.api.conftest import serving


@pytest.mark.parametrize("way", ["basic", "body"])
async def test_oauthlib_gets_tokens_and_understands_refusals(
    application: Application, tmp_path: Path, way: str
) -> None:
    authority = Authority(tmp_path)
    tls = open_tls(Server(tls_certificate=authority.server()))
    assert tls is not None
    secret, client = await application.tokens.create(
        Wish(user="alice", kind=Kind.CLIENT, scopes=frozenset({"jobs:read", "jobs:write"}))
    )
    name = client.token_id

    async with serving(application, tls.context) as port:
        url = f"https://127.0.0.1:{port}"

        def fetch(password: str, scope: list[str] | None = None) -> tuple[OAuth2Session, dict[str, Any]]:
            session = OAuth2Session(client=BackendApplicationClient(client_id=name, scope=scope))
            session.verify, session.trust_env = str(authority.file), False
            how: dict[str, Any] = (
                {"auth": HTTPBasicAuth(name, password)}
                if way == "basic"
                else {"client_secret": password, "include_client_id": True}
            )
            return session, session.fetch_token(f"{url}/oauth/token", timeout=30, **how)

        def use() -> None:
            session, token = fetch(secret)
            with session:
                assert token["expires_in"] == 900
                assert list(token["scope"]) == ["jobs:read", "jobs:write"]
                me = session.get(f"{url}/v1/whoami", timeout=30).json()
                assert (me["user"], me["scopes"]) == ("alice", ["jobs:read", "jobs:write"])
            session, token = fetch(secret, ["jobs:read"])
            with session:
                assert session.get(f"{url}/v1/nodes", timeout=30).status_code == 403
            with pytest.raises(InvalidClientError):
                fetch(secret + "x")
            with pytest.raises(InvalidScopeError):
                fetch(secret, ["nodes:write"])

        await asyncio.to_thread(use)
