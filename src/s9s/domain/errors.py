"""Everything that can go wrong, in the vocabulary of the contract.

Our exception hierarchy:

    S9SError
    ├── InvalidRequest            malformed: not JSON, wrong method, broken encoding
    ├── ValidationError           well formed, but a value is not allowed
    ├── AuthenticationFailed      no or bad credentials
    ├── PermissionDenied          Slurm, or a credential's scope, says no
    ├── ResourceNotFound          no such job, node, user, partition
    ├── ResourceConflict          the resource's state forbids it
    ├── RateLimitExceeded         too many requests
    ├── ServiceUnavailable        the server's own storage is out of reach; worth a retry
    └── SlurmError                Slurm refused or answered something unexpected
        └── SlurmUnavailable      Slurm is out of reach; worth a retry

`code` is the contract's error code. HTTP statuses are no business of this module
(`s9s.api.errors` has the one table). Messages name the thing ("Job 99999 not found") and
never hold a credential, a traceback or a path of the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class S9SError(Exception):
    """Base of all errors that a client is told about.

    Args:
        message: One sentence for a person, naming the thing.
        details: Machine-readable facts, JSON-ready.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details


class InvalidRequest(S9SError):
    """The request cannot be read at all."""

    code = "INVALID_REQUEST"


class ValidationError(S9SError):
    """A parameter or field has a value that is not allowed.

    `details` carries `parameter`, `value` and `allowed` (a list of values or a sentence).
    """

    code = "VALIDATION_ERROR"

    @classmethod
    def of(
        cls, parameter: str, value: object, allowed: object, message: str | None = None
    ) -> ValidationError:
        """The usual form: what was wrong, what it was, what is allowed instead."""
        text = message or f"Invalid value for {parameter}: {value!r}"
        return cls(text, parameter=parameter, value=value, allowed=allowed)


class AuthenticationFailed(S9SError):
    """No credential, or one that is unknown, expired or revoked."""

    code = "AUTHENTICATION_FAILED"


class PermissionDenied(S9SError):
    """The caller's Slurm user or credential may not do this."""

    code = "PERMISSION_DENIED"


class ResourceNotFound(S9SError):
    """Nothing of that name; `details` has `resource_type` and `resource_id`."""

    code = "RESOURCE_NOT_FOUND"

    @classmethod
    def of(cls, resource_type: str, resource_id: str) -> ResourceNotFound:
        """The usual form: ``Job 99999 not found``."""
        message = f"{resource_type.capitalize()} {resource_id} not found"
        return cls(message, resource_type=resource_type, resource_id=resource_id)


class ResourceConflict(S9SError):
    """The resource is in a state that forbids the operation."""

    code = "RESOURCE_CONFLICT"


class RateLimitExceeded(S9SError):
    """Too many requests. `retry_after_seconds` says when the next one is allowed."""

    code = "RATE_LIMIT_EXCEEDED"

    def __init__(self, message: str, retry_after_seconds: int, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after_seconds = retry_after_seconds


class ServiceUnavailable(S9SError):
    """The server's own storage is out of reach; `retry_after_seconds` is a sensible pause."""

    def __init__(self, message: str, retry_after_seconds: int = 5, **details: Any) -> None:
        super().__init__(message, **details)
        self.retry_after_seconds = retry_after_seconds


class SlurmError(S9SError):
    """Slurm refused for a reason that fits no other class.

    `details` has `slurm_error_number` (``None`` where only text is known) and `slurm_error`,
    Slurm's own text.
    """

    code = "SLURM_ERROR"

    @classmethod
    def of(cls, action: str, text: str, number: int | None = None) -> SlurmError:
        """The usual form: what was tried, and Slurm's own words."""
        return cls(f"Slurm refused to {action}: {text}", slurm_error_number=number, slurm_error=text)


class SlurmUnavailable(SlurmError):
    """slurmctld, slurmdbd or slurmrestd is out of reach; `retry_after_seconds` is a sensible pause.

    With `never_sent` it is certain that Slurm has not heard of the request.
    """

    def __init__(
        self, message: str, retry_after_seconds: int = 5, *, never_sent: bool = False, **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.retry_after_seconds = retry_after_seconds
        self.never_sent = never_sent
