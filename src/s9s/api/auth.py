"""Credentials of a request to its caller."""

from __future__ import annotations

from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from s9s.domain.errors import AuthenticationFailed
from s9s.services.access import Caller
from s9s.services.tokens import Tokens

#: Longer than any credential of ours; what is longer is not even looked at.
MAX_CREDENTIAL_BYTES: Final = 8192


def credential_of(authorization: str | None, api_key: str | None) -> str:
    """The secret in the request's headers. Raises `AuthenticationFailed` when there is none to be read."""
    if authorization is not None:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed(
                "The Authorization header must be: Bearer YOUR_TOKEN", allowed=["Bearer", "X-API-Key"]
            )
        secret = secret.strip()
    elif api_key is not None:
        secret = api_key.strip()
    else:
        raise AuthenticationFailed(
            "This needs a credential: send the header Authorization: Bearer YOUR_TOKEN, or X-API-Key",
            allowed=["Bearer", "X-API-Key"],
        )
    if not secret or len(secret) > MAX_CREDENTIAL_BYTES:
        raise AuthenticationFailed("The credential is empty or too long")
    return secret


class Authentication(AbstractAuthenticationMiddleware):
    """Puts the `Caller` of each request into its scope; routes with ``exclude_from_auth`` need none."""

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        super().__init__(app)
        self._tokens = tokens

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        secret = credential_of(connection.headers.get("authorization"), connection.headers.get("x-api-key"))
        caller: Caller = self._tokens.cached(secret) or await self._tokens.verify(secret)
        return AuthenticationResult(user=caller, auth=None)
