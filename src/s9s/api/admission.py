"""Rate limits at the door: who has used up their requests waits outside; every answer says what is left."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from s9s.domain.errors import RateLimitExceeded
from s9s.services.access import Caller
from s9s.services.limits import WINDOW_SECONDS, Quota, RateLimits

Headers = list[tuple[bytes, bytes]]

_WINDOW: Final = str(WINDOW_SECONDS).encode()


def quota_headers(quota: Quota) -> Headers:
    """The contract's four headers, as things stand now."""
    return [
        (b"x-ratelimit-limit", b"%d" % quota.limit),
        (b"x-ratelimit-remaining", b"%d" % quota.remaining),
        (b"x-ratelimit-reset", b"%d" % quota.resets_at),
        (b"x-ratelimit-window", _WINDOW),
    ]


class Admission:
    """Counts each request of a caller, after `Authentication` has found out who that is.

    What is to stand on the answer is put into the scope's state, where `Front` finds it: on errors too.
    """

    def __init__(self, app: ASGIApp, limits: RateLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller: Caller | None = scope.get("user")
        if caller is None:
            await self._app(scope, receive, send)
            return
        quota = self._limits.of(caller)
        state: dict[str, Any] = scope["state"]
        state["quota"] = quota_headers(quota)
        # A WebSocket stays for hours and has bounds of its own.
        with self._limits.under_way(quota) if scope["type"] == ScopeType.HTTP else nullcontext():
            try:
                await self._limits.admit(quota)
            finally:
                state["quota"] = quota_headers(quota)
            await self._app(scope, receive, send)


class LateAdmission:
    """Counts what was answered before anybody asked who it was for: unknown routes and wrong methods.

    Args:
        limits: Whose quotas are counted.
        known: The caller of an HTTP request's scope, if its credential is known.
    """

    def __init__(self, limits: RateLimits, known: Callable[[Scope], Caller | None]) -> None:
        self._limits = limits
        self._known = known

    async def headers(self, scope: Scope) -> Headers:
        """The contract's four headers for whoever is known, else none."""
        found: Any = scope
        caller = None if "route_handler" in found else self._known(scope)
        if caller is None:
            return []
        quota = self._limits.of(caller)
        with suppress(RateLimitExceeded):  # the answer is there already
            await self._limits.admit(quota)
        return quota_headers(quota)
