"""Credentials of a request to its caller."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp, Receive, Scope, Send

from s9s.api.connections import locality_of
from s9s.api.peers import Proxies
from s9s.api.scraping import Scrapers
from s9s.domain.errors import AuthenticationFailed
from s9s.services.identity.credentials import Credentials

_ALLOWED = ["Authorization: Bearer", "X-API-Key"]


def secret_in(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The secret in a request's headers, ``None`` where there is none.

    Raises `AuthenticationFailed` when it cannot be read, and when there is more than one: which of them
    counts must not depend on who reads them.
    """
    found = [pair for pair in headers if pair[0] == b"authorization" or pair[0] == b"x-api-key"]
    if not found:
        return None
    if len(found) > 1:
        raise AuthenticationFailed("There must be one credential, not several", allowed=_ALLOWED)
    name, value = found[0]
    secret = value.decode("latin-1")
    if name == b"authorization":
        scheme, _, secret = secret.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed(
                "The Authorization header must be: Bearer YOUR_TOKEN", allowed=_ALLOWED
            )
    if not (secret := secret.strip()):
        raise AuthenticationFailed("The credential is empty", allowed=_ALLOWED)
    return secret


class Authentication(AbstractAuthenticationMiddleware):
    """Puts the `Caller` of each request into its scope; routes with ``exclude_from_auth`` need none."""

    def __init__(self, app: ASGIApp, credentials: Credentials, proxies: Proxies, scrapers: Scrapers) -> None:
        super().__init__(app)
        self._credentials = credentials
        self._proxies = proxies
        self._scrapers = scrapers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found: Any = scope
        found["state"]["address"] = self._proxies.address_of(found)
        await super().__call__(scope, receive, send)

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        scope: Any = connection.scope
        address = scope["state"]["address"]
        secret = secret_in(scope["headers"])
        if secret is not None:
            is_local = locality_of(scope)
            caller = self._credentials.cached(secret, address, is_local)
            if caller is None:
                caller = await self._credentials.verify(secret, address, is_local)
        elif (certificate := self._proxies.certificate(scope)) is not None:
            caller = await self._credentials.verify_certificate(certificate, address)
        elif (scraper := self._scrapers.caller(scope)) is not None:
            caller = scraper
        else:
            raise AuthenticationFailed(
                "This needs a credential: send the header Authorization: Bearer YOUR_TOKEN, or X-API-Key",
                allowed=_ALLOWED,
            )
        return AuthenticationResult(user=caller, auth=None)
