"""OAuth 2.0 on the wire, as RFC 6749 spells it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType


class TokenRequest(Struct, frozen=True):
    """A request of a client. Its id and secret may stand in the Authorization header (Basic) instead."""

    grant_type: Annotated[str, Meta(examples=["client_credentials"])] | None = None
    client_id: Annotated[str, Meta(examples=["your_client_id"])] | None = None
    client_secret: Annotated[str, Meta(examples=["your_client_secret"])] | None = None
    scope: Annotated[str, Meta(description="Separated by blanks; all of the client's by default")] | None = (
        None
    )


class AccessTokenDocument(Struct, frozen=True):
    """An access token, to be sent as a bearer token."""

    access_token: str
    token_type: Annotated[Literal["Bearer"], Meta(examples=["Bearer"])]
    expires_in: Annotated[int, Meta(description="Seconds", examples=[900])]
    scope: Annotated[str, Meta(examples=["jobs:read jobs:write"])]


class OAuthFailure(Struct, frozen=True):
    """Why there is none."""

    error: Annotated[
        Literal["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope"],
        Meta(examples=["invalid_client"]),
    ]
    error_description: str | UnsetType = UNSET
