"""Where the server is and who is calling: arguments first, then the environment."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass

from s9s_client.errors import S9SError


@dataclass(frozen=True)
class Settings:
    """One server and one credential."""

    base_url: str
    """Without `/v1`; may end in `/api`."""
    root_url: str
    """Where `/oauth/token` and `/healthz` are."""
    token: str | None
    api_key: str | None
    client_id: str | None
    client_secret: str | None
    scope: str | None
    tls: ssl.SSLContext | None

    @property
    def has_oauth(self) -> bool:
        """Whether access tokens are fetched and renewed."""
        return self.client_id is not None

    def url(self, path: str) -> str:
        """The whole address of a path of the contract."""
        return (self.base_url if path.startswith("/v1") else self.root_url) + path


def settings_of(
    base_url: str | None,
    token: str | None,
    api_key: str | None,
    client_id: str | None,
    client_secret: str | None,
    scope: str | None,
    cert: tuple[str, str] | str | None,
    ca: str | None,
) -> Settings:
    """The settings, completed by `S9S_API_URL` and `S9S_API_TOKEN`. Raises `S9SError`."""
    url = (base_url or os.environ.get("S9S_API_URL") or "").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise S9SError("There is no base_url like https://api.example.com, and S9S_API_URL is not set")
    if (client_id is None) != (client_secret is None):
        raise S9SError("client_id and client_secret go together")
    if sum(one is not None for one in (token, api_key, client_id)) > 1:
        raise S9SError("Only one of token, api_key and client_id can be given")
    if not (token or api_key or client_id or cert):
        token = os.environ.get("S9S_API_TOKEN") or None
    base = url.removesuffix("/v1")
    tls = None
    if cert is not None or ca is not None:
        tls = ssl.create_default_context(cafile=ca)
        if cert is not None:
            tls.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
    return Settings(base, base.removesuffix("/api"), token, api_key, client_id, client_secret, scope, tls)
