"""Routes of credentials."""

from __future__ import annotations

import time
from typing import Annotated

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.schemas.tokens import (
    NewToken,
    TokenBody,
    TokenDocument,
    TokenList,
    TokenListParameters,
    WhoAmI,
    caller_document,
    new_token,
    token_document,
    wish_of,
)
from s9s.api.values import csv, lowered, words
from s9s.services.access import Caller
from s9s.services.identity.self_service import SelfService

TokenId = Annotated[str, Parameter(description="Public id of the credential: `tok_5d199840dc600403`")]
_KINDS = ("TOKEN", "API_KEY", "LOGIN", "CLIENT", "CERTIFICATE")


@get("/whoami", tags=["Credentials"], summary="Who makes the request")
async def whoami(caller: NamedDependency[Caller]) -> WhoAmI:
    """The caller's user and role, and all that the credential is good for."""
    return caller_document(caller)


@get(
    "/tokens",
    scope="tokens:read",
    parameters=TokenListParameters,
    tags=["Credentials"],
    summary="List credentials",
)
async def list_tokens(
    parameters: NamedDependency[TokenListParameters],
    caller: NamedDependency[Caller],
    self_service: NamedDependency[SelfService],
) -> TokenList:
    """The caller's own credentials, everybody's for an administrator; never their secrets."""
    page = await self_service.page(
        caller,
        users=csv(parameters.user),
        kinds=lowered(words("kind", parameters.kind, _KINDS)),
        states=lowered(words("state", parameters.state, ("VALID", "EXPIRED", "REVOKED"))),
        sort=parameters.sort,
        descending=parameters.order == "desc",
        limit=parameters.limit,
        offset=parameters.offset,
    )
    now = time.time()
    documents = [token_document(one, now) for one in page.items]
    return TokenList(page.total, page.limit, page.offset, page.has_more, documents)


@get("/tokens/{token_id:str}", scope="tokens:read", tags=["Credentials"], summary="Get a credential")
async def get_token(
    token_id: TokenId, caller: NamedDependency[Caller], self_service: NamedDependency[SelfService]
) -> TokenDocument:
    """One credential, without its secret."""
    return token_document(await self_service.get(token_id, caller), time.time())


@post(
    "/tokens",
    scope="tokens:write",
    payload=TokenBody,
    tags=["Credentials"],
    summary="Make a credential",
    status_code=201,
)
async def create_token(
    payload: NamedDependency[TokenBody],
    caller: NamedDependency[Caller],
    self_service: NamedDependency[SelfService],
) -> Response[NewToken]:
    """Make a token or an API key for the caller's own user. Its secret is in this answer and nowhere else.

    It can be narrower than the credential that the request is made with, never wider, and lives no longer.
    """
    secret, token = await self_service.create(wish_of(payload), caller)
    return Response(
        new_token(token, secret, time.time()),
        status_code=201,
        headers={"location": f"/v1/tokens/{token.token_id}"},
    )


@delete(
    "/tokens/{token_id:str}",
    scope="tokens:write",
    tags=["Credentials"],
    summary="Revoke a credential",
    status_code=200,
)
async def revoke_token(
    token_id: TokenId, caller: NamedDependency[Caller], self_service: NamedDependency[SelfService]
) -> TokenDocument:
    """Make one's own credential invalid for good, anyone's for an administrator; at once."""
    return token_document(await self_service.revoke(token_id, caller), time.time())


ROUTES = [whoami, list_tokens, get_token, create_token, revoke_token]
