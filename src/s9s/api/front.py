"""The outermost layer: what holds for every request and every answer, whatever the route.

Request ids, the second prefix ``/api/v1``, HEAD, the headers that stand on every answer, and the audit record
of what is answered.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from s9s.api.admission import LateAdmission
from s9s.api.auditing import Auditing
from s9s.api.tally import RequestTally

_SANE_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._:-]{1,128}")

COMMON_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
#: For whoever came by HTTPS: two years of nothing else.
HSTS: Final = (b"strict-transport-security", b"max-age=63072000")
#: What the API tells is the caller's own and is old after a second.
CACHE_CONTROL: Final = (b"cache-control", b"private, no-store")

#: What was snapshotted so long ago carries a warning.
STALE_SECONDS: Final = 15.0


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The client's own ``X-Request-ID`` if it is sane, else a new one."""
    return (given_request_id(headers) or new_request_id()).decode("ascii")


def given_request_id(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """The client's own ``X-Request-ID`` if there is one and it is sane."""
    for name, value in headers:
        if name == b"x-request-id" and _SANE_REQUEST_ID.fullmatch(value):
            return value
    return None


def new_request_id() -> bytes:
    """An id to be found again in a log: hard to guess it need not be, and the system's randomness is slow."""
    return b"req_%016x" % random.getrandbits(64)


def _is_preflight(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a browser asks what a page of another server may do (CORS)."""
    return any(name == b"access-control-request-method" for name, _ in headers)


class Front:
    """Wraps the application.

    Args:
        app: What answers.
        sockets: What answers WebSockets.
        staleness: The age in seconds of the oldest snapshot while its cluster is out of reach, else ``None``.
        auditing: Hears of every answer before it is sent.
        admission: Counts what no route did.
        tally: Counts everything.
        has_tls: Whether clients come by HTTPS, and are to stay with it (HSTS).
    """

    def __init__(
        self,
        app: ASGIApp,
        sockets: ASGIApp,
        staleness: Callable[[], float | None],
        auditing: Auditing,
        admission: LateAdmission,
        *,
        tally: RequestTally | None = None,
        has_tls: bool = False,
    ) -> None:
        self.tally: Final = RequestTally() if tally is None else tally
        self._app = app
        self._sockets = sockets
        self._staleness = staleness
        self._auditing = auditing
        self._admission = admission
        self.common_headers: Final = (*COMMON_HEADERS, HSTS) if has_tls else COMMON_HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind: str = scope["type"]
        if kind == "lifespan":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = request_id_of(scope["headers"])
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        path = scope["path"]
        if path.startswith("/api/v1") and (len(path) == 7 or path[7] == "/"):
            scope["path"] = path[4:]
            scope["raw_path"] = scope.get("raw_path", b"")[4:]
        if kind == "websocket":
            await self._sockets(scope, receive, send)
            return
        state["method"] = scope.get("method", "GET")
        if state["method"] == "OPTIONS" and not _is_preflight(scope["headers"]):
            # The framework would answer 204 to it; here it is a wrong method like any other.
            scope = cast("Scope", {**scope, "method": "TRACE"})
        if kind == "http" and scope.get("method") == "HEAD":
            # All is as for GET; the server, which still knows better, leaves the body out.
            scope = cast("Scope", {**scope, "method": "GET"})
        extra = self.headers(request_id)
        is_api = scope["path"].startswith("/v1/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *extra]
                if is_api:
                    headers.append(CACHE_CONTROL)
                    if "quota" not in state:
                        state["quota"] = await self._admission.headers(scope)
                headers += state.get("quota", ())
                message["headers"] = headers
                await self._auditing.answered(scope, message["status"], headers)
                self.tally.count(scope, state["method"], message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        """What stands on every answer: the request's id, and a warning while the data is stale."""
        headers = [(b"x-request-id", request_id.encode("ascii")), *self.common_headers]
        if (warning := self.warning()) is not None:
            headers.append((b"x-s9s-warning", warning))
        return headers

    def warning(self) -> bytes | None:
        """What to say of data that is stale, else ``None``."""
        age = self._staleness()
        if age is None or age <= STALE_SECONDS:
            return None
        return b"stale; age=%.0f; Slurm is out of reach, the data is %.0f seconds old" % (age, age)
