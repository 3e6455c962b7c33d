"""Hot reads answered before any framework: ``GET /v1/jobs`` straight from the protocol.

A task, a middleware stack and a response object cost several times what a cached page costs. This
subclass of uvicorn's protocol answers the job list synchronously where nothing has to be waited for, and
hands every other request on. Of a request that differs from the one before on its connection in the query
string only, the headers are not even parsed again. It keeps what the slow lane keeps: credentials, scope,
request id, headers, keep-alive, pipelining order, back pressure, request count and access log. Checked
against the slow lane by tests, byte for byte.
"""

from __future__ import annotations

import http
import re
from collections.abc import Iterable
from functools import partial
from time import perf_counter
from typing import Any, Final, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from s9s.api.auth import secret_in
from s9s.api.connections import Connection
from s9s.api.deadlines import DeadlineProtocol
from s9s.api.errors import envelope, headers_of, status_of
from s9s.api.front import CACHE_CONTROL, Front, request_id_of
from s9s.api.pages import JobPages
from s9s.api.peers import Proxies
from s9s.domain.errors import S9SError
from s9s.services.identity.credentials import Credentials
from s9s.services.limits import WINDOW_SECONDS, Quota, RateLimits

_PATHS: Final = frozenset({b"/v1/jobs", b"/api/v1/jobs"})
#: A request line up to its version, of characters that every parser takes as they are.
_LINE: Final = re.compile(rb"GET ((?:/api)?/v1/jobs(?:\?([\w%+,.:;=&~@!$'()*/?\-]*))?)", re.ASCII)
#: Headers of requests with a body, and of those from other servers' pages.
_UNUSUAL: Final = frozenset({b"content-length", b"transfer-encoding", b"origin"})


def _lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


#: All that differs from one answer to the next, whatever its status.
_REST: Final = (
    b"%bcontent-length: %d\r\nx-request-id: %b\r\nx-ratelimit-limit: %d\r\nx-ratelimit-remaining: %d\r\n"
    b"x-ratelimit-reset: %d\r\nx-ratelimit-window: " + str(WINDOW_SECONDS).encode() + b"\r\n"
)

#: An answer's status line and headers, and its body.
Answer = tuple[bytes, bytes]


class Lane(Protocol):
    """What the protocol needs of the application."""

    def answer(
        self,
        query_string: bytes,
        headers: list[tuple[bytes, bytes]],
        peer: str | None,
        connection: Connection,
    ) -> Answer | None:
        """An answer, or ``None`` when this is nothing for the fast lane."""
        ...


class JobsLane:
    """The job list for callers whose credential is known already."""

    def __init__(
        self, credentials: Credentials, proxies: Proxies, limits: RateLimits, pages: JobPages, front: Front
    ) -> None:
        self._credentials = credentials
        self._proxies = proxies
        self._limits = limits
        self._pages = pages
        self._front = front
        self._count = front.tally.of("/v1/jobs", "GET").count
        #: Of each status, all that stands before the length of the body.
        self._heads = {
            status: f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n".encode()
            + _lines([(b"content-type", b"application/json"), *front.common_headers, CACHE_CONTROL])
            for status in (200, 400, 429, 500, 503)
        }

    def answer(
        self,
        query_string: bytes,
        headers: list[tuple[bytes, bytes]],
        peer: str | None,
        connection: Connection,
    ) -> Answer | None:
        began = perf_counter()
        try:
            secret = secret_in(headers)
        except S9SError:
            return None
        if secret is None:
            return None
        address = self._proxies.address(peer, headers)
        caller = self._credentials.cached(secret, address, partial(connection.is_local, headers))
        if caller is None:
            return None
        if not caller.allows("jobs:read"):
            return None  # a refusal is audited, and that takes time
        quota, now = self._limits.of(caller), self._limits.clock()
        request_id = request_id_of(headers)
        try:
            if quota.is_spent(now):
                raise quota.exceeded(now)
            if not quota.has_lease(now):
                return None
            body = self._pages.answer_at_once(query_string, caller)
        except S9SError as error:
            self._limits.take(quota, now)
            status, body, extra = status_of(error), envelope(error, request_id), headers_of(error)
            self._count(status, perf_counter() - began)
            return self._write(status, body, request_id, quota, extra)
        if body is None:
            return None
        self._limits.take(quota, now)
        self._count(200, perf_counter() - began)
        return self._write(200, body, request_id, quota)

    def _write(
        self, status: int, body: bytes, request_id: str, quota: Quota, extra: dict[str, str] | None = None
    ) -> Answer:
        head = _REST % (
            self._heads[status],
            len(body),
            request_id.encode("ascii"),
            quota.limit,
            quota.remaining,
            quota.resets_at,
        )
        if (warning := self._front.warning()) is not None:
            head += b"x-s9s-warning: %b\r\n" % warning
        if extra:
            head += _lines((name.encode(), value.encode()) for name, value in extra.items())
        return head, body


def protocol_with(
    lane: Lane, *, head_seconds: float = 15.0, body_seconds: float = 120.0
) -> type[HttpToolsProtocol]:
    """A protocol class for uvicorn whose instances ask `lane` first; for the seconds see `deadlines`."""

    class FastLaneProtocol(DeadlineProtocol):
        #: What follows the path in the latest message, if that came in one piece and was answered here.
        rest: bytes | None = None
        #: Whether the message that is being parsed has been answered here.
        is_answered = False

        def data_received(self, data: bytes) -> None:
            rest = self.rest
            if rest is not None and data.endswith(rest) and self._is_idle():
                line = _LINE.fullmatch(data, 0, len(data) - len(rest))
                if line is not None:
                    peer = self.client and self.client[0]
                    answer = lane.answer(line[2] or b"", self.headers, peer, self.connection)
                    if answer is not None:
                        self.url = line[1]
                        self._answer_now(answer)
                        return
            number = self.begun
            is_between = self.ended == number
            self.rest = None
            super().data_received(data)
            if is_between and self.begun == self.ended == number + 1 and self.is_answered:
                self.rest = data[data.index(b" HTTP/1.1\r\n") :]

        def on_message_begin(self) -> None:
            self.is_answered = False
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self.check_head()
            if (query := self._query()) is not None and self._is_plain() and self._is_idle():
                answer = lane.answer(query, self.headers, self.client and self.client[0], self.connection)
                if answer is not None:
                    self.is_answered = True
                    self._answer_now(answer)
                    return
            super().on_headers_complete()

        def _is_plain(self) -> bool:
            """A GET that asks for nothing beyond; whatever is unusual goes the slow way."""
            return (
                self.parser.get_method() == b"GET"
                and self.parser.get_http_version() == "1.1"
                and self.parser.should_keep_alive()
                and not self.parser.should_upgrade()
                and not self.expect_100_continue
            )

        def _is_idle(self) -> bool:
            """Nothing else is under way on the connection, and there is room to write."""
            cycle: Any = self.cycle  # None before the first request
            return (
                (cycle is None or cycle.response_complete)
                and not self.pipeline
                and not self.flow.write_paused
                and not self.transport.is_closing()
                and (self.limit_concurrency is None or len(self.connections) < self.limit_concurrency)
            )

        def _query(self) -> bytes | None:
            path, _, query = self.url.partition(b"?")
            if path not in _PATHS or b"#" in query or any(name in _UNUSUAL for name, _ in self.headers):
                return None
            return query

        def _answer_now(self, answer: Answer) -> None:
            head, body = answer
            self.transport.writelines((head + _lines(self.server_state.default_headers) + b"\r\n", body))
            self.cycle = _DONE
            if self.access_log:
                self.access_logger.info(
                    '%s - "%s %s HTTP/%s" %d',
                    f"{self.client[0]}:{self.client[1]}" if self.client else "",
                    "GET",
                    self.url.decode("ascii", "replace"),
                    "1.1",
                    int(head[9:12]),
                )
            self.on_response_complete()

    FastLaneProtocol.head_seconds, FastLaneProtocol.body_seconds = head_seconds, body_seconds
    return FastLaneProtocol


class _Done:
    """Stands for the cycle of an answer that is already written."""

    response_complete: Final = True
    disconnected = False
    keep_alive = True

    class message_event:  # noqa: N801
        """Nobody waits."""

        @staticmethod
        def set() -> None:
            """Nothing to wake."""


_DONE: Any = _Done()
