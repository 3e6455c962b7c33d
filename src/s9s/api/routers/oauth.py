"""The token endpoint of OAuth 2.0, for the grant ``client_credentials`` (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency

from s9s.api.parameters import read_body
from s9s.api.schemas.oauth import AccessTokenDocument, OAuthFailure, TokenRequest
from s9s.domain.errors import AuthenticationFailed, PermissionDenied, S9SError
from s9s.services.identity.access_tokens import AccessTokens, read_scopes
from s9s.services.identity.clients import Clients

#: Nobody on the way may keep a token (RFC 6749, section 5.1).
_NEVER_KEPT: Final = {"cache-control": "no-store", "pragma": "no-cache"}
_STATUS: Final = {"invalid_client": 401}


class _Refused(Exception):
    """One of RFC 6749's errors: its code and a description."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


@post(
    "/oauth/token",
    exclude_from_auth=True,
    form=TokenRequest,
    failures={"400": OAuthFailure, "401": OAuthFailure},
    tags=["Credentials"],
    summary="Get an access token",
    status_code=200,
)
async def issue_access_token(
    request: Request[Any, Any, Any],
    clients: NamedDependency[Clients],
    access_tokens: NamedDependency[AccessTokens],
) -> Response[AccessTokenDocument]:
    """Give a client an access token (OAuth 2.0, grant `client_credentials`).

    The body is JSON or a form. Errors are those of RFC 6749.
    """
    try:
        asked = _read(request, await request.body())
        client_id, secret = _client(request.headers.get("authorization"), asked)
        if asked.grant_type is None:
            raise _Refused("invalid_request", "grant_type is missing")
        try:
            client = await clients.authenticate(client_id, secret, request.scope["state"]["address"])
        except AuthenticationFailed as error:
            raise _Refused("invalid_client", "Unknown client, or a wrong secret") from error
        if asked.grant_type != "client_credentials":
            raise _Refused("unsupported_grant_type", "Only client_credentials is supported")
        try:
            made = await access_tokens.issue(client, read_scopes(asked.scope))
        except PermissionDenied as error:
            raise _Refused("invalid_scope", "A scope that this client does not have") from error
    except _Refused as refusal:
        headers = dict(_NEVER_KEPT)
        if refusal.code == "invalid_client":
            headers["www-authenticate"] = 'Basic realm="s9s"'
        return Response(
            msgspec.json.encode({"error": refusal.code, "error_description": str(refusal)}),  # type: ignore[arg-type]
            status_code=_STATUS.get(refusal.code, 400),
            headers=headers,
            media_type="application/json",
        )
    scopes = " ".join(sorted(made.scopes))
    return Response(AccessTokenDocument(made.token, "Bearer", made.expires_in, scopes), headers=_NEVER_KEPT)


def _read(request: Request[Any, Any, Any], raw: bytes) -> TokenRequest:
    """The body, whichever way it is written; parameters that nobody knows are ignored, as the RFC says."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        try:
            return read_body(TokenRequest, raw)
        except S9SError as error:
            # Its details would repeat what was sent, and that may be a secret.
            raise _Refused("invalid_request", "The body is neither a form nor the JSON of one") from error
    try:
        pairs = parse_qsl(raw.decode("ascii"), strict_parsing=bool(raw), errors="strict", max_num_fields=50)
    except ValueError as error:
        raise _Refused("invalid_request", "The body is not a form") from error
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Refused("invalid_request", "A parameter stands there twice")
    return msgspec.convert(dict(pairs), TokenRequest)


def _client(authorization: str | None, asked: TokenRequest) -> tuple[str, str]:
    """Id and secret of the client, from the one place where they stand."""
    if authorization is None:
        if not asked.client_id or not asked.client_secret:
            raise _Refused("invalid_client", "client_id and client_secret are missing")
        return asked.client_id, asked.client_secret
    if asked.client_secret is not None:
        raise _Refused("invalid_request", "The client's secret stands both in the header and in the body")
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise _Refused("invalid_client", "Clients say who they are in the body or with Basic")
    try:
        name, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _Refused("invalid_client", "The Authorization header cannot be read") from error
    client_id = unquote_plus(name)
    if not colon or asked.client_id not in (None, client_id):
        raise _Refused("invalid_client", "The Authorization header and the body name different clients")
    return client_id, unquote_plus(secret)


ROOT_ROUTES = [issue_access_token]
