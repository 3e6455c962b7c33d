"""Everything that can go wrong.

Our exception hierarchy, the same in the clients for JavaScript and Go:

    S9SError
    ├── TransportError          no answer: refused, broken off, not HTTP
    │   └── RequestTimeout      no answer in time
    ├── WaitTimeout             what was waited for did not happen in time
    ├── WorkFailed              an export or a report failed on the server
    ├── ReplayUnavailable       events between the last one seen and now are lost
    └── APIError                the server said no; `code` is the contract's
        ├── InvalidRequest
        ├── ValidationError
        ├── AuthenticationFailed
        ├── PermissionDenied
        ├── ResourceNotFound
        ├── ResourceConflict
        ├── RateLimitExceeded
        ├── SlurmError
        │   └── SlurmUnavailable    Slurm is out of reach (status 503)
        └── InternalError           any other code

Every error of a request has its `request_id`, also the one that got no answer: the client chose it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final


class S9SError(Exception):
    """Base of all errors of this package."""


class TransportError(S9SError):
    """There was no answer. `request_id` is the one that the server has logged, if the request arrived."""

    def __init__(self, message: str, request_id: str | None = None) -> None:
        super().__init__(f"{message} (request {request_id})" if request_id else message)
        self.message = message
        self.request_id = request_id


class RequestTimeout(TransportError):
    """There was no answer in time."""


class WaitTimeout(S9SError):
    """What was waited for did not happen in time; `last` is how it was then."""

    def __init__(self, message: str, last: Any = None) -> None:
        super().__init__(message)
        self.last = last


class WorkFailed(S9SError):
    """An export or a report failed on the server; `last` is its status."""

    def __init__(self, message: str, last: Any = None) -> None:
        super().__init__(message)
        self.last = last


class ReplayUnavailable(S9SError):
    """Events were missed and the server has them no more: read the list anew, then subscribe again."""


class APIError(S9SError):
    """The server's answer is an error.

    Args:
        code: The contract's error code, `RESOURCE_NOT_FOUND`.
        message: One sentence.
        details: What is wrong, and what is allowed instead.
        request_id: To name when asking for help.
        status: HTTP status.
        retry_after: Seconds after which to try again, if the server says so.
    """

    CODE: ClassVar[str | None] = None

    def __init__(
        self,
        code: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        request_id: str | None = None,
        status: int = 0,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{message} ({code}, request {request_id})")
        self.code = code
        self.message = message
        self.details: Mapping[str, Any] = details or {}
        self.request_id = request_id
        self.status = status
        self.retry_after = retry_after


class InvalidRequest(APIError):
    """The request is malformed."""

    CODE = "INVALID_REQUEST"


class ValidationError(APIError):
    """A value is not allowed; `details` has `parameter`, `value` and `allowed`."""

    CODE = "VALIDATION_ERROR"


class AuthenticationFailed(APIError):
    """No credential, or one that is unknown, expired or revoked."""

    CODE = "AUTHENTICATION_FAILED"


class PermissionDenied(APIError):
    """Slurm, or the credential's scope, says no."""

    CODE = "PERMISSION_DENIED"


class ResourceNotFound(APIError):
    """Nothing of that name."""

    CODE = "RESOURCE_NOT_FOUND"


class ResourceConflict(APIError):
    """The resource's state forbids it."""

    CODE = "RESOURCE_CONFLICT"


class RateLimitExceeded(APIError):
    """Too many requests; `retry_after` says when the next one is allowed."""

    CODE = "RATE_LIMIT_EXCEEDED"


class SlurmError(APIError):
    """Slurm refused for a reason that fits no other class."""

    CODE = "SLURM_ERROR"


class SlurmUnavailable(SlurmError):
    """Slurm is out of reach; worth a retry."""


class InternalError(APIError):
    """The server failed, or answered something that is not in the contract."""


_BY_CODE: Final = {
    kind.CODE: kind
    for kind in (
        InvalidRequest, ValidationError, AuthenticationFailed, PermissionDenied, ResourceNotFound,
        ResourceConflict, RateLimitExceeded, SlurmError,
    )
}  # fmt: skip


def error_of(status: int, body: Any, request_id: str | None, retry_after: float | None) -> APIError:
    """The answer as an error of the right class. `body` is its JSON, or ``None`` where it had none."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        code, message = str(error.get("code", "")), str(error.get("message", ""))
        details = error.get("details")
    elif isinstance(error, str):  # RFC 6749, of the token endpoint
        code = "AUTHENTICATION_FAILED" if status == 401 else "INVALID_REQUEST"
        message, details = str(body.get("error_description") or error), {"error": error}
    else:
        code, message, details = "INTERNAL_ERROR", f"Unexpected answer with status {status}", None
    kind = _BY_CODE.get(code, InternalError)
    if kind is SlurmError and status == 503:
        kind = SlurmUnavailable
    return kind(
        code,
        message,
        details=details if isinstance(details, Mapping) else None,
        request_id=request_id,
        status=status,
        retry_after=retry_after,
    )
