"""Users' own credentials: list them, make narrower ones, revoke them. An administrator has everybody's."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct, structs

from s9s.domain.credentials import Kind, Restrictions, Token
from s9s.domain.errors import PermissionDenied, ResourceConflict, ResourceNotFound, ValidationError
from s9s.domain.queries import Page
from s9s.services.access import Caller, Role
from s9s.services.identity.tokens import TIERS, Tokens, Wish
from s9s.services.paging import ordered, page_of

#: Valid credentials that one user may have; each has a share of the rate limits of its own.
MAX_VALID: Final = 100

#: Kinds that a user can make alone: the others take an administrator of the host.
OWN_KINDS: Final = (Kind.TOKEN, Kind.API_KEY)

TOKEN_SORT_KEYS: Final[Mapping[str, Callable[[Token], Any]]] = {
    "created_at": lambda one: one.created_at,
    "token_id": lambda one: one.token_id,
    "kind": lambda one: one.kind.value,
    "user": lambda one: one.user,
    "role": lambda one: one.role,
    "tier": lambda one: one.tier,
    "name": lambda one: one.name,
    "expires_at": lambda one: one.expires_at,
    "revoked_at": lambda one: one.revoked_at,
    "last_used_at": lambda one: one.last_used_at,
    "created_by": lambda one: one.created_by,
}


class Narrower(Struct, frozen=True, kw_only=True):
    """What a caller wants of a new credential; ``None`` and empty mean: as the one that it is made with."""

    kind: Kind = Kind.TOKEN
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    restrictions: Restrictions
    name: str | None = None
    expires_in: int | None = None
    """Seconds."""
    tier: str | None = None


class SelfService:
    """What callers may do about credentials."""

    def __init__(self, tokens: Tokens, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._clock = clock

    async def page(
        self,
        caller: Caller,
        *,
        users: frozenset[str] | None = None,
        kinds: frozenset[str] | None = None,
        states: frozenset[str] | None = None,
        sort: str = "created_at",
        descending: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[Token]:
        """One page of the caller's credentials; of everybody's for an administrator.

        `states` are of ``valid``, ``expired`` and ``revoked``.
        """
        now = self._clock()
        found = [
            one
            for one in await self._tokens.list()
            if _may_manage(caller, one)
            and (users is None or one.user in users)
            and (kinds is None or one.kind.value in kinds)
            and (states is None or state_of(one, now) in states)
        ]
        items = ordered(found, TOKEN_SORT_KEYS, sort=sort, descending=descending)
        return page_of(items, limit=limit, offset=offset)

    async def get(self, token_id: str, caller: Caller) -> Token:
        """One credential. Raises `ResourceNotFound`, also for one that is not the caller's business."""
        token = await self._tokens.get(token_id)
        if not _may_manage(caller, token):
            raise ResourceNotFound.of("token", token_id)
        return token

    async def create(self, wish: Narrower, caller: Caller) -> tuple[str, Token]:
        """Make a credential for the caller's own user, with nothing that the caller's does not have.

        Raises:
            PermissionDenied: For what is wider than the caller's.
            ResourceConflict: For one too many.
            ValidationError: As `Tokens.create`, and for a kind that users cannot make.
        """
        if wish.kind not in OWN_KINDS:
            raise ValidationError.of("kind", wish.kind.value, [kind.value for kind in OWN_KINDS])
        narrowed = Wish(
            user=caller.user,
            kind=wish.kind,
            role=_narrowed_role(wish.role, caller),
            scopes=_narrowed_scopes(wish.scopes, caller),
            restrictions=_narrowed(wish.restrictions, caller.restrictions),
            name=wish.name,
            expires_in=self._narrowed_expiry(wish.expires_in, caller),
            tier=_narrowed_tier(wish.tier, caller),
            created_by=caller.token_id,
        )
        if await self._tokens.count_valid(caller.user) >= MAX_VALID:
            raise ResourceConflict(
                f"{caller.user} has {MAX_VALID} valid credentials already: revoke one first",
                resource_type="token",
                maximum=MAX_VALID,
            )
        return await self._tokens.create(narrowed)

    async def revoke(self, token_id: str, caller: Caller) -> Token:
        """Make a credential invalid at once. Raises `ResourceNotFound` as `get`."""
        await self.get(token_id, caller)
        return await self._tokens.revoke(token_id)

    def _narrowed_expiry(self, expires_in: int | None, caller: Caller) -> int | None:
        if caller.expires_at is None:
            return expires_in
        left = caller.expires_at - int(self._clock())
        if expires_in is not None and expires_in > left:
            raise _too_wide("expires_in", expires_in, left)
        return max(1, left) if expires_in is None else expires_in


def state_of(token: Token, now: float) -> str:
    """``valid``, ``expired`` or ``revoked``."""
    if token.revoked_at is not None:
        return "revoked"
    return "valid" if token.is_valid(now) else "expired"


def _may_manage(caller: Caller, token: Token) -> bool:
    return token.user == caller.user or caller.allows("admin")


def _narrowed_role(role: Role | None, caller: Caller) -> Role | None:
    if role is not None and role.rank > caller.role.rank:
        raise _too_wide("role", role.value, caller.role.value)
    return role or caller.limit


def _narrowed_scopes(scopes: frozenset[str], caller: Caller) -> frozenset[str]:
    if not caller.scopes or "admin" in caller.scopes:
        return scopes or caller.scopes
    if not scopes <= caller.scopes:
        raise _too_wide("scopes", sorted(scopes), sorted(caller.scopes))
    return scopes or caller.scopes


def _narrowed(wanted: Restrictions, own: Restrictions) -> Restrictions:
    complete = structs.replace(
        wanted,
        accounts=wanted.accounts or own.accounts,
        partitions=wanted.partitions or own.partitions,
        networks=wanted.networks or own.networks,
        own_jobs_only=wanted.own_jobs_only or own.own_jobs_only,
    )
    for field in ("accounts", "partitions", "networks"):
        values, own_values = getattr(complete, field), getattr(own, field)
        if not Restrictions(**{field: values}).is_within(Restrictions(**{field: own_values})):
            raise _too_wide(field, sorted(values), sorted(own_values))
    return complete


def _narrowed_tier(tier: str | None, caller: Caller) -> str:
    if tier is not None and tier in TIERS and TIERS.index(tier) > TIERS.index(caller.tier):
        raise _too_wide("tier", tier, caller.tier)
    return tier or caller.tier


def _too_wide(field: str, wanted: object, most: object) -> PermissionDenied:
    return PermissionDenied(
        f"The new credential's {field} would be wider than that of the one that it is made with",
        parameter=field,
        value=wanted,
        allowed=most,
    )
