"""The contract's error format, and the one table from error codes to HTTP statuses."""

from __future__ import annotations

import http
import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import ClientException, HTTPException, MethodNotAllowedException, NotFoundException
from msgspec import Struct

from s9s.domain.errors import (
    InvalidRequest,
    RateLimitExceeded,
    ResourceNotFound,
    S9SError,
    ServiceUnavailable,
    SlurmUnavailable,
)
from s9s.domain.instants import format_instant

log = structlog.get_logger(__name__)

STATUS_OF_CODE: Final[Mapping[str, int]] = {
    "INVALID_REQUEST": 400,
    "VALIDATION_ERROR": 400,
    "AUTHENTICATION_FAILED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_NOT_FOUND": 404,
    "RESOURCE_CONFLICT": 409,
    "RATE_LIMIT_EXCEEDED": 429,
    "SLURM_ERROR": 500,
    "INTERNAL_ERROR": 500,
}


class ErrorBody(Struct, frozen=True):
    """What went wrong."""

    code: str
    message: str
    details: dict[str, Any]
    request_id: str
    timestamp: str


class ErrorEnvelope(Struct, frozen=True):
    """Every error of the API has this shape."""

    error: ErrorBody


def status_of(error: S9SError) -> int:
    """The HTTP status of an error: that of its code, and 503 when Slurm or the storage is out of reach."""
    return 503 if isinstance(error, SlurmUnavailable | ServiceUnavailable) else STATUS_OF_CODE[error.code]


#: Of an answer, beyond which its texts are cut, and each of them to how much.
_MAX_BYTES: Final = 4096
_MAX_TEXT: Final = 400
#: The framework's words for a client that closes the connection within a body.
_CLIENT_LEFT: Final = "client disconnected prematurely"


def headers_of(error: S9SError) -> dict[str, str]:
    """Headers that belong to an error."""
    if isinstance(error, SlurmUnavailable | ServiceUnavailable | RateLimitExceeded):
        return {"retry-after": str(error.retry_after_seconds)}
    if status_of(error) == 401:
        return {"www-authenticate": 'Bearer realm="s9s"'}
    return {}


def envelope(error: S9SError, request_id: str) -> bytes:
    """The error as JSON in the contract's format."""
    details = msgspec.to_builtins(dict(error.details), enc_hook=str)
    now = format_instant(int(time.time()))
    body = msgspec.json.encode(ErrorEnvelope(ErrorBody(error.code, error.message, details, request_id, now)))
    if len(body) <= _MAX_BYTES:
        return body
    # What was wrong is named, but not sent back by the megabyte.
    brief = {_brief(name): _brief(value) for name, value in details.items()}
    message = _brief(error.message)
    return msgspec.json.encode(ErrorEnvelope(ErrorBody(error.code, message, brief, request_id, now)))


def _brief(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        return f"{value[:_MAX_TEXT]}... ({len(value)} characters)"
    if isinstance(value, list | dict) and len(msgspec.json.encode(value)) > _MAX_TEXT:
        return f"{len(value)} {'items' if isinstance(value, list) else 'fields'}"
    return value


def unexpected() -> S9SError:
    """What a client is told of an error that nobody foresaw."""
    return S9SError("An unexpected error happened; the server's log has the details under this request_id")


def respond_error(request: Request[Any, Any, Any], exception: Exception) -> Response[bytes]:
    """Any exception of a route as an answer; unexpected ones are logged and told as INTERNAL_ERROR."""
    error, headers = _as_s9s_error(request, exception)
    request.scope["state"]["error"] = error
    return Response(
        envelope(error, request.scope["state"].get("request_id", "")),
        status_code=status_of(error),
        headers=headers_of(error) | headers,
        media_type="application/json",
    )


def _as_s9s_error(request: Request[Any, Any, Any], exception: Exception) -> tuple[S9SError, dict[str, str]]:
    if isinstance(exception, S9SError):
        if status_of(exception) >= 500:
            log.warning("request failed", path=request.url.path, code=exception.code, error=str(exception))
        return exception, {}
    if isinstance(exception, NotFoundException):
        return ResourceNotFound(
            f"No such route: {request.url.path}", resource_type="route", resource_id=request.url.path
        ), {}
    if isinstance(exception, MethodNotAllowedException):
        allowed = sorted(set((exception.headers or {}).get("allow", "").split(", ")) - {"OPTIONS", ""})
        method = request.scope["state"].get("method", request.method)
        error = InvalidRequest(
            f"Method {method} is not allowed here; allowed: {', '.join(allowed)}",
            method=method,
            allowed=allowed,
        )
        return error, {"allow": ", ".join(allowed)}
    if isinstance(exception, ClientException) or (
        isinstance(exception, HTTPException) and exception.status_code < 500
    ):
        phrase = http.HTTPStatus(exception.status_code).phrase
        return InvalidRequest(f"The request cannot be read: {exception.detail or phrase}"), {}
    if isinstance(exception, HTTPException) and exception.detail == _CLIENT_LEFT:
        return InvalidRequest("The request ended before it was complete"), {}  # which nobody hears
    log.error("unexpected error", path=request.url.path, exc_info=exception)
    return unexpected(), {}
