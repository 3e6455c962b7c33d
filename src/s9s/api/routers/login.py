"""Logging in with a password."""

from __future__ import annotations

import time
from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.di import NamedDependency
from msgspec import Meta, Struct

from s9s.api.errors import ErrorEnvelope
from s9s.api.schemas.tokens import NewToken, new_token
from s9s.services.audit import SUCCESS, Audit, Deed
from s9s.services.identity.logins import Logins


class LoginBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A user name and the password that belongs to it."""

    username: Annotated[str, Meta(max_length=256, examples=["alice"])]
    password: Annotated[str, Meta(max_length=1024)]


@post(
    "/login",
    exclude_from_auth=True,
    payload=LoginBody,
    failures={"401": ErrorEnvelope, "429": ErrorEnvelope, "404": ErrorEnvelope, "409": ErrorEnvelope},
    tags=["Credentials"],
    summary="Log in with a password",
    status_code=201,
)
async def log_in(
    request: Request[Any, Any, Any],
    payload: NamedDependency[LoginBody],
    logins: NamedDependency[Logins],
    audit: NamedDependency[Audit],
) -> Response[NewToken]:
    """Give a user a personal token for a few hours; 404 where logins are not set up."""
    state = request.scope["state"]
    secret, token = await logins.log_in(payload.username, payload.password, state["address"])
    deed = Deed(
        action="login",
        user=token.user,
        credential=token.token_id,
        address=state["address"],
        method="POST",
        route="/v1/login",
        resource=f"tokens/{token.token_id}",
        request_id=state["request_id"],
    )
    await audit.record(deed, SUCCESS, 201)
    return Response(
        new_token(token, secret, time.time()),
        status_code=201,
        headers={"location": f"/v1/tokens/{token.token_id}"},
    )


ROUTES = [log_in]
