"""What signed tokens (JSON Web Tokens) of every issuer have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import msgspec
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64decode

from s9s.domain.errors import AuthenticationFailed

Key = RSAKey | ECKey | OKPKey | OctKey

#: Longer than any real one; `MAX_SECRET_BYTES` bounds the whole.
_PARTS: Final = 3


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Header and claims of what may be a signed token, not verified in any way; ``None`` for what is none."""
    parts = token.split(".")
    if len(parts) != _PARTS or not token.isascii():
        return None
    try:
        header, claims = (msgspec.json.decode(urlsafe_b64decode(part.encode())) for part in parts[:2])
    except (ValueError, RecursionError):  # a DecodeError of msgspec is a ValueError
        return None
    if not (isinstance(header, dict) and isinstance(claims, dict)):
        return None
    return header, claims


def verified(
    token: str,
    key: Key,
    *,
    algorithms: Collection[str],
    issuer: str,
    audiences: Collection[str],
    clock: Callable[[], float],
    leeway: int = 0,
) -> dict[str, Any]:
    """The claims of a token whose signature, issuer, audience and times are right.

    Args:
        token: In the compact form.
        key: The one that the token's header names.
        algorithms: Those that may be used with this key.
        issuer: Must be the claim ``iss``.
        audiences: One of them must be in the claim ``aud``.
        clock: Epoch seconds.
        leeway: Seconds that other clocks may differ.

    Raises:
        AuthenticationFailed: In all other cases.
    """
    registry = jwt.JWTClaimsRegistry(
        now=lambda: int(clock()),
        leeway=leeway,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "values": sorted(audiences)},
        exp={"essential": True},
    )
    try:
        found = jwt.decode(token, key, algorithms=list(algorithms))
        registry.validate(found.claims)
    except ExpiredTokenError as error:
        raise AuthenticationFailed("The token has expired") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise AuthenticationFailed("The token is not valid") from error
    return found.claims
