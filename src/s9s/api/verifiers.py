"""Whether the credential of a request is still good, whenever that is asked: for connections that stay."""

from __future__ import annotations

from typing import Any

from s9s.api.auth import secret_in
from s9s.api.connections import locality_of
from s9s.api.peers import Proxies
from s9s.domain.errors import AuthenticationFailed
from s9s.services.access import Caller
from s9s.services.identity.credentials import Credentials
from s9s.services.live.open_connections import Verify


class Verifiers:
    """Makes what verifies a credential again.

    Args:
        credentials: Who may come in.
        proxies: Who is trusted to tell for whom a request is made.
    """

    def __init__(self, credentials: Credentials, proxies: Proxies) -> None:
        self._credentials = credentials
        self._proxies = proxies

    def of_secret(self, secret: str, scope: Any) -> Verify:
        """For a secret that came over the connection of an ASGI scope."""
        address, is_local = self._proxies.address_of(scope), locality_of(scope)

        async def verify() -> Caller:
            known = self._credentials.cached(secret, address, is_local)
            return known or await self._credentials.verify(secret, address, is_local)

        return verify

    def of_scope(self, scope: Any) -> Verify | None:
        """For the credential in the headers or in TLS; ``None``: there is none.

        Raises `AuthenticationFailed` for what cannot be read.
        """
        secret = secret_in(scope["headers"])
        if secret is not None:
            return self.of_secret(secret, scope)
        certificate = self._proxies.certificate(scope)
        if certificate is None:
            return None
        address = self._proxies.address_of(scope)

        async def verify() -> Caller:
            return await self._credentials.verify_certificate(certificate, address)

        return verify

    def require(self, scope: Any) -> Verify:
        """The same of a request that was authenticated."""
        found = self.of_scope(scope)
        if found is None:
            raise AuthenticationFailed("This needs a credential")
        return found
