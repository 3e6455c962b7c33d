"""Credentials on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from s9s.api.schemas.paging import PageInfo, PageParameters, SortOrder
from s9s.domain.credentials import Kind, Token
from s9s.domain.instants import format_instant
from s9s.services.access import Caller, Role
from s9s.services.identity.self_service import Narrower, state_of
from s9s.services.identity.tokens import restrictions_of

_ISO = "2026-12-31T23:59:59Z"


class TokenListParameters(PageParameters, frozen=True):
    """Filters, order and page of the list of credentials."""

    user: Annotated[str, Meta(description="User names as a comma list; for administrators")] | None = None
    kind: (
        Annotated[str, Meta(description="token, api_key, login, client, certificate, as a comma list")] | None
    ) = None
    state: Annotated[str, Meta(description="valid, expired, revoked, as a comma list")] | None = None
    sort: Annotated[str, Meta(description="Any scalar field of a credential")] = "created_at"
    order: Annotated[SortOrder, Meta(description="Sort order")] = "asc"


class TokenBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A new credential. What is left out is as with the credential that the request is made with."""

    name: Annotated[str, Meta(min_length=1, max_length=256, examples=["laptop"])] | None = None
    kind: Annotated[Literal["token", "api_key"], Meta(description="`api_key` for the header X-API-Key")] = (
        "token"
    )
    role: (
        Annotated[
            Literal["user", "operator", "admin"],
            Meta(description="How much it sees at most; never more than Slurm says of the user"),
        ]
        | None
    ) = None
    scopes: Annotated[list[str], Meta(max_length=50, examples=[["jobs:read"]])] = []
    expires_in: Annotated[int, Meta(ge=1, le=10**10, description="Seconds")] | None = None
    tier: Annotated[Literal["free", "pro", "enterprise"], Meta(description="Of the rate limits")] | None = (
        None
    )
    accounts: Annotated[list[str], Meta(max_length=100, description="Only jobs of these accounts")] = []
    partitions: Annotated[list[str], Meta(max_length=100, description="Only jobs in these partitions")] = []
    networks: Annotated[
        list[str],
        Meta(max_length=100, description="Only from these addresses", examples=[["192.0.2.0/24"]]),
    ] = []
    own_jobs_only: Annotated[bool, Meta(description="Only the user's own jobs")] = False


class TokenDocument(Struct, frozen=True):
    """A credential, without its secret."""

    token_id: Annotated[str, Meta(examples=["tok_5d199840dc600403"])]
    kind: Annotated[str, Meta(description="token, api_key, login, client, certificate")]
    user: str
    role: Annotated[
        str,
        Meta(description="user, operator, admin: at most that; auto: whatever Slurm says of the user"),
    ]
    scopes: Annotated[list[str], Meta(description="Empty: all that the role may")]
    accounts: Annotated[list[str], Meta(description="Empty: any")]
    partitions: Annotated[list[str], Meta(description="Empty: any")]
    networks: Annotated[list[str], Meta(description="Empty: from anywhere")]
    own_jobs_only: bool
    name: str | None
    tier: str
    state: Annotated[str, Meta(description="valid, expired, revoked")]
    created_at: Annotated[str, Meta(examples=[_ISO])]
    expires_at: Annotated[str, Meta(description="null: never")] | None
    revoked_at: str | None
    last_used_at: Annotated[str, Meta(description="To the minute")] | None
    created_by: Annotated[str, Meta(description="The credential that it was made with")] | None


class NewToken(TokenDocument, frozen=True):
    """A credential with its secret, which is shown this once."""

    token: Annotated[str, Meta(description="The secret; kept nowhere")]


class TokenList(PageInfo, frozen=True):
    """A page of credentials."""

    tokens: list[TokenDocument]


class CredentialDocument(Struct, frozen=True):
    """The credential of a request."""

    token_id: str
    kind: Annotated[str, Meta(description="token, api_key, login, client, certificate, oidc")]
    tier: str
    expires_at: str | None
    accounts: list[str]
    partitions: list[str]
    networks: list[str]
    own_jobs_only: bool


class WhoAmI(Struct, frozen=True):
    """Who makes the request."""

    user: Annotated[str, Meta(description="The Slurm user as whom everything is done")]
    role: Annotated[str, Meta(description="user, operator or admin, as Slurm says it at the moment")]
    scopes: Annotated[list[str], Meta(description="All that the credential is good for")]
    credential: CredentialDocument


def wish_of(body: TokenBody) -> Narrower:
    """What is asked for. Raises `ValidationError`."""
    return Narrower(
        kind=Kind(body.kind),
        role=None if body.role is None else Role(body.role),
        scopes=frozenset(body.scopes),
        restrictions=restrictions_of(body.accounts, body.partitions, body.networks, body.own_jobs_only),
        name=body.name,
        expires_in=body.expires_in,
        tier=body.tier,
    )


def token_document(token: Token, now: float) -> TokenDocument:
    """A credential that this server keeps."""
    return TokenDocument(**_fields(token, now))


def new_token(token: Token, secret: str, now: float) -> NewToken:
    """The same with its secret."""
    return NewToken(**_fields(token, now), token=secret)


def caller_document(caller: Caller) -> WhoAmI:
    """Whoever asks."""
    narrow = caller.restrictions
    return WhoAmI(
        user=caller.user,
        role=caller.role.value,
        scopes=sorted(caller.granted),
        credential=CredentialDocument(
            token_id=caller.token_id,
            kind=caller.kind.value,
            tier=caller.tier,
            expires_at=_instant(caller.expires_at),
            accounts=sorted(narrow.accounts),
            partitions=sorted(narrow.partitions),
            networks=sorted(narrow.networks),
            own_jobs_only=narrow.own_jobs_only,
        ),
    )


def _fields(token: Token, now: float) -> dict[str, Any]:
    narrow = token.restrictions
    return {
        "token_id": token.token_id,
        "kind": token.kind.value,
        "user": token.user,
        "role": token.role,
        "scopes": sorted(token.scopes),
        "accounts": sorted(narrow.accounts),
        "partitions": sorted(narrow.partitions),
        "networks": sorted(narrow.networks),
        "own_jobs_only": narrow.own_jobs_only,
        "name": token.name,
        "tier": token.tier,
        "state": state_of(token, now),
        "created_at": format_instant(token.created_at),
        "expires_at": _instant(token.expires_at),
        "revoked_at": _instant(token.revoked_at),
        "last_used_at": _instant(token.last_used_at),
        "created_by": token.created_by,
    }


def _instant(epoch: int | None) -> str | None:
    return None if epoch is None else format_instant(epoch)
