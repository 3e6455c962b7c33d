"""OAuth 2.0 access tokens: signed, short-lived, and worth nothing once their client is revoked.

The form is RFC 9068's. What a token's holder may do is not written in it but looked up with its client, so
that a token never says more than the client has.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey
from msgspec import Struct, structs

from s9s.domain.credentials import Kind, Token
from s9s.domain.errors import AuthenticationFailed, PermissionDenied
from s9s.services.access import Caller
from s9s.services.identity.signed import peek, verified
from s9s.services.identity.tokens import Tokens
from s9s.storage.signing_keys import ALGORITHM, SigningKeys, UnusableKeys

_TYPE: Final = "at+jwt"


class AccessToken(Struct, frozen=True):
    """A new access token. `expires_in` is in seconds."""

    token: str
    expires_in: int
    scopes: frozenset[str]


class AccessTokens:
    """Issues and verifies access tokens.

    Args:
        tokens: Has the clients.
        keys: To sign with.
        issuer: This server's name, which is the audience too.
        lifetime_seconds: Of a token.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        tokens: Tokens,
        keys: SigningKeys,
        *,
        issuer: str,
        lifetime_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tokens = tokens
        self._keys = keys
        self._issuer = issuer
        self._lifetime = lifetime_seconds
        self._clock = clock

    async def issue(self, client: Token, scopes: frozenset[str] | None) -> AccessToken:
        """A token for a client that has proved who it is.

        Args:
            client: As `Tokens.client` gives it.
            scopes: What the token is to be good for; ``None``: all that the client is.

        Raises:
            PermissionDenied: Scopes that there are not, or that the client does not have.
        """
        granted = self._tokens.caller_of(client).granted
        if scopes is not None and not scopes <= granted:
            unknown = sorted(scopes - granted)
            raise PermissionDenied(f"This client has no scope {unknown[0]}", allowed=sorted(granted))
        now = int(self._clock())
        until = min(now + self._lifetime, client.expires_at or now + self._lifetime)
        wanted = granted if scopes is None else scopes
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._issuer,
            "sub": client.user,
            "client_id": client.token_id,
            "iat": now,
            "nbf": now,
            "exp": until,
            "jti": secrets.token_hex(16),
            "scope": " ".join(sorted(wanted)),
        }
        key = await asyncio.to_thread(self._keys.current, now)
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": _TYPE}
        token = jwt.encode(header, claims, ECKey.import_key(key.jwk), algorithms=[ALGORITHM])
        return AccessToken(token, until - now, wanted)

    def takes(self, secret: str) -> bool:
        parts = peek(secret)
        return parts is not None and parts[1].get("iss") == self._issuer

    async def verify(self, secret: str) -> Caller:
        generation = self._tokens.known.generation
        parts = peek(secret)
        header = parts[0] if parts else {}
        if header.get("typ") != _TYPE:
            raise AuthenticationFailed("The token is not valid")
        claims = verified(
            secret,
            await self._key(header.get("kid")),
            algorithms=[ALGORITHM],
            issuer=self._issuer,
            audiences=[self._issuer],
            clock=self._clock,
        )
        client = await self._tokens.by_id(str(claims.get("client_id")), Kind.CLIENT)
        caller = self._tokens.caller_of(client)
        scopes = frozenset(str(claims.get("scope", "")).split()) & caller.granted
        if not scopes:
            raise AuthenticationFailed("The token is good for nothing")
        # All of them stand for themselves: `admin` in a set would let the rest in.
        caller = structs.replace(caller, scopes=scopes, expires_at=int(claims["exp"]))
        self._tokens.known.keep(
            secret, caller, generation, expires_at=claims["exp"], used_at=client.last_used_at
        )
        return caller

    async def rotate(self, *, keep_old: bool) -> str:
        """Sign with a new key from now on; its name. Raises `UnusableKeys`.

        With `keep_old` false every token that is out is invalid at once.
        """
        key = await asyncio.to_thread(self._keys.rotate, int(self._clock()), keep_old=keep_old)
        if not keep_old:
            await self._tokens.announce()
        return key.kid

    async def _key(self, kid: object) -> ECKey:
        try:
            keys = await asyncio.to_thread(self._keys.all)
        except UnusableKeys as error:
            raise AuthenticationFailed("No signed token can be verified at present") from error
        for key in keys:
            if key.kid == kid:
                return ECKey.import_key(key.jwk)
        raise AuthenticationFailed("The token is signed with an unknown key")


def read_scopes(text: str | None) -> frozenset[str] | None:
    """OAuth's list of scopes, separated by blanks; ``None`` for none."""
    return frozenset((text or "").split()) or None
