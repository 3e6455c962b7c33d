"""Which requests are audited, and what of them is kept.

Every write by a caller: its intent once it is known to be well formed and allowed by the credential, its
outcome just before the answer. Besides them whatever is answered with 401, if there was a credential, or with
403.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.types import Scope

from s9s.api.peers import CLIENT_CERT, TLS_EXTENSION
from s9s.domain.errors import S9SError
from s9s.services.access import Caller
from s9s.services.audit import SUCCESS, Audit, Deed, Intent

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_CREDENTIALS: Final = frozenset({b"authorization", b"x-api-key", CLIENT_CERT})
#: Fields whose values are nobody's business, wherever they stand.
_SECRET: Final = re.compile(r"(?i)password|passwd|secret|token|api_?key|credential|private")
_LOGIN: Final = "login"


class Auditing:
    """Between the routes and the audit log."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def is_due(self, request: Request[Any, Any, Any]) -> bool:
        """Whether a request is to be recorded before it is done; ``audited=False`` excepts a route."""
        options = request.route_handler.opt
        return (
            request.method not in _READS
            and not options.get("exclude_from_auth")
            and bool(options.get("audited", True))
        )

    async def intend(self, request: Request[Any, Any, Any], *fields: object) -> None:
        """Record what is about to be done. Raises `ServiceUnavailable` when it must not be done.

        It is on disk when this returns, except where a route has ``acts_in_slurm=True``, does nothing but by
        `Cluster.acts`, and so can get that far meanwhile.

        Args:
            request: Read, and allowed by the credential's scope.
            fields: Structs of what was asked for, in the query string and in the body.
        """
        asked: dict[str, Any] = {}
        for one in fields:
            asked |= msgspec.to_builtins(one)
        what = {name: kept(name, value) for name, value in asked.items() if value is not None}
        scope = request.scope
        waits = not request.route_handler.opt.get("acts_in_slurm", False)
        deed = _deed(scope, request.user, what=what)
        scope["state"]["intent"] = await self._audit.begin(deed, waits=waits)

    async def answered(self, scope: Scope, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Record what comes of a request, before it is told."""
        state: dict[str, Any] = scope["state"]
        intent: Intent | None = state.get("intent")
        if intent is None and status not in (401, 403):
            return
        error: S9SError | None = state.get("error")
        result = _result(status, error)
        if intent is not None:
            location = next((value for name, value in headers if name == b"location"), b"")
            made = location.decode("latin-1").removeprefix("/v1/") or None
            await self._audit.finish(intent, result, status, resource=made)
        elif status == 403:
            what = {"message": error.message, **error.details} if error else None
            await self._audit.record(_deed(scope, scope.get("user"), what=what), result, status)
        elif _presents_something(scope):
            what = {"message": error.message} if error else None
            deed = _deed(scope, None, action=_LOGIN, what=what)
            credential = str(error.details["token_id"]) if error and "token_id" in error.details else None
            await self._audit.record(msgspec.structs.replace(deed, credential=credential), result, status)


def kept(name: str, value: Any) -> Any:
    """A field's value as it is recorded: no secret, and of a script and an environment only what it was."""
    if _SECRET.search(name) and isinstance(value, str):
        return "***"
    if name == "script" and isinstance(value, str):
        if value.startswith("/") and not any(character.isspace() for character in value):
            return value  # the path of one
        raw = value.encode("utf-8", "surrogatepass")
        return {"sha256": sha256(raw).hexdigest(), "bytes": len(raw)}
    if name == "environment" and isinstance(value, Mapping):
        return sorted(value)
    if isinstance(value, Mapping):
        return {key: kept(str(key), one) for key, one in value.items() if one is not None}
    return value


def _deed(
    scope: Scope, caller: Caller | None, *, action: str | None = None, what: Mapping[str, Any] | None = None
) -> Deed:
    found: Any = scope
    state, template = found["state"], found.get("path_template") or ""
    return Deed(
        action=action or found["route_handler"].fn.__name__,
        user=caller.user if caller else None,
        credential=caller.token_id if caller else None,
        address=state.get("address"),
        method=found.get("method", "GET"),
        route=template,
        resource=_resource(template, found["path"]),
        what=what,
        request_id=state.get("request_id"),
    )


def _resource(template: str, path: str) -> str:
    """``jobs/12345`` of ``/v1/jobs/{job_id}/hold``: what stands up to the last parameter."""
    parts = template.split("/")
    given = path.split("/")
    last = max((n for n, part in enumerate(parts) if part.startswith("{")), default=len(parts) - 1)
    return "/".join(given[: last + 1]).removeprefix("/v1/").lstrip("/")


def _result(status: int, error: S9SError | None) -> str:
    if error is not None:
        return error.code
    if status < 400:
        return SUCCESS
    return {401: "AUTHENTICATION_FAILED", 403: "PERMISSION_DENIED"}.get(status, "INVALID_REQUEST")


def _presents_something(scope: Scope) -> bool:
    """A request without any credential is no failed login; one to log in with is, whatever it holds."""
    found: Any = scope
    return (
        (found.get("method") == "POST" and found["route_handler"].opt.get("exclude_from_auth", False))
        or any(name in _CREDENTIALS for name, _ in found["headers"])
        or "client_cert" in found.get("extensions", {}).get(TLS_EXTENSION, {})
    )
