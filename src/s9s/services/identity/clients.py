"""OAuth 2.0 clients: programs that prove who they are with an id and a secret."""

from __future__ import annotations

from s9s.domain.credentials import Token
from s9s.domain.errors import AuthenticationFailed
from s9s.services.identity.credentials import MAX_SECRET_BYTES
from s9s.services.identity.failed_logins import FailedLogins
from s9s.services.identity.tokens import Tokens


class Clients:
    """The clients that this server knows; they are credentials of their own kind.

    Args:
        tokens: Where they are kept.
        failures: Who has failed too often to try again at once.
    """

    def __init__(self, tokens: Tokens, failures: FailedLogins | None = None) -> None:
        self._tokens = tokens
        self._failures = failures or FailedLogins()

    async def authenticate(self, client_id: str, secret: str, address: str | None) -> Token:
        """The client of that id and secret, if it may come from there.

        Raises `AuthenticationFailed`, and `RateLimitExceeded` after too many failures from that address.
        """
        with self._failures.attempt(address, f"{client_id} {secret}"):
            if len(secret) > MAX_SECRET_BYTES:
                raise AuthenticationFailed("The secret is too long")
            client = await self._tokens.client(client_id, secret)
            if not client.restrictions.admits(address):
                raise AuthenticationFailed(f"Client {client_id} may not be used from this address")
            return client
