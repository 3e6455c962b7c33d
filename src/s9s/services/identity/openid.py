"""Tokens of an external OpenID Connect provider."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

from msgspec import Struct

from s9s.domain.credentials import Kind
from s9s.domain.errors import AuthenticationFailed
from s9s.services.access import SCOPES, Caller, Role
from s9s.services.identity.known import KnownCallers
from s9s.services.identity.names import NameRule
from s9s.services.identity.provider_keys import ProviderKeys
from s9s.services.identity.roles import Roles
from s9s.services.identity.signed import peek, verified

#: Each takes a public key to verify: what a provider publishes can never be used to sign.
ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
)  # fmt: skip
#: Tokens that say of what type they are must be of one of these: not a logout token, not a DPoP proof.
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
#: Seconds that the provider's clock may differ from ours.
LEEWAY_SECONDS: Final = 30
_LONGEST_SECONDS: Final = 31 * 86400


class Provider(Struct, frozen=True, kw_only=True):
    """What is known of a provider and its tokens."""

    issuer: str
    audiences: tuple[str, ...]
    """One of them must be in a token's ``aud``."""
    user_claim: str = "preferred_username"
    rule: NameRule
    """Which user the claim stands for."""
    role_claim: str = "groups"
    """Holds a list of words, or one; with dots it is found in objects: ``realm_access.roles``."""
    operators: frozenset[str] = frozenset()
    administrators: frozenset[str] = frozenset()
    tier: str = "free"


class OpenIdTokens:
    """Verifies a provider's tokens.

    Args:
        provider: Whose.
        keys: Of the provider.
        known: Remembers the callers of verified tokens.
        roles: What Slurm says of users.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        provider: Provider,
        keys: ProviderKeys,
        known: KnownCallers,
        roles: Roles,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._keys = keys
        self._known = known
        self._roles = roles
        self._clock = clock

    def takes(self, secret: str) -> bool:
        parts = peek(secret)
        return parts is not None and parts[1].get("iss") == self._provider.issuer

    async def verify(self, secret: str) -> Caller:
        provider, generation = self._provider, self._known.generation
        parts = peek(secret)
        header = parts[0] if parts else {}
        algorithm, kid = header.get("alg"), header.get("kid")
        is_type = str(header.get("typ", "JWT")).lower() in _TYPES
        if algorithm not in ALGORITHMS or not (kid is None or isinstance(kid, str)) or not is_type:
            raise AuthenticationFailed("The token is not valid")
        claims = verified(
            secret,
            await self._keys.get(kid, algorithm),
            algorithms=[algorithm],
            issuer=provider.issuer,
            audiences=provider.audiences,
            clock=self._clock,
            leeway=LEEWAY_SECONDS,
        )
        name = _at(claims, provider.user_claim)
        user = provider.rule.user([name] if isinstance(name, str) else [])
        until = int(min(claims["exp"], self._clock() + _LONGEST_SECONDS)) + LEEWAY_SECONDS
        subject = f"{provider.issuer} {claims.get('sub', user)}"
        limit = self._limit(claims)
        caller = Caller(
            user,
            self._roles.within(user, limit),
            # A token that speaks of our scopes at all is narrowed to them.
            frozenset(str(claims.get("scope", "")).split()) & SCOPES.keys(),
            f"oidc_{sha256(subject.encode()).hexdigest()[:16]}",
            provider.tier,
            Kind.OIDC,
            expires_at=until,
            limit=limit,
        )
        self._known.keep(secret, caller, generation, expires_at=until, used_at=None)
        return caller

    def _limit(self, claims: Mapping[str, Any]) -> Role | None:
        """The role that the claims allow; ``None`` where no words for it are set: Slurm alone says it."""
        if not self._provider.operators and not self._provider.administrators:
            return None
        told = _at(claims, self._provider.role_claim)
        words = {told} if isinstance(told, str) else {one for one in told or () if isinstance(one, str)}
        if words & self._provider.administrators:
            return Role.ADMIN
        return Role.OPERATOR if words & self._provider.operators else Role.USER


def _at(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a path of names; ``None`` when there is none, or nothing sensible."""
    found: Any = claims
    for step in [name] if name in claims else name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, str | list) else None
