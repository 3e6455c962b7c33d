"""Hot reads answered before any framework: ``GET /v1/jobs`` straight from the protocol.

A task, a middleware stack and a response object cost several times what a cached page costs. This
subclass of uvicorn's protocol answers the job list synchronously where nothing has to be waited for, and
hands every other request on. Of a request that differs from the one before on its connection in the query
string only, the headers are not even parsed again. It keeps what the slow lane keeps: credentials, scope,
request id, headers, keep-alive, pipelining order, back pressure, request count and access log. Checked
against the slow lane by tests, byte for byte.
"""

from __future__ import annotations

import re
from asyncio import AbstractEventLoop, Transport
from typing import Any, Final, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from s9s.api.connections import Connection
from s9s.api.deadlines import DeadlineProtocol
from s9s.api.lane import Answer, Guest, Standing, lines

_PATHS: Final = frozenset({b"/v1/jobs", b"/api/v1/jobs"})
#: A request line up to its version, of characters that every parser takes as they are.
_LINE: Final = re.compile(rb"GET ((?:/api)?/v1/jobs(?:\?([\w%+,.:;=&~@!$'()*/?\-]*))?)", re.ASCII)
#: Answers that wait for each other, no more.
_TOGETHER: Final = 8
#: Headers of requests with a body, and of those from other servers' pages.
_UNUSUAL: Final = frozenset({b"content-length", b"transfer-encoding", b"origin"})


class Lane(Protocol):
    """What the protocol needs of the application."""

    def admit(
        self, headers: list[tuple[bytes, bytes]], peer: str | None, connection: Connection
    ) -> Guest | None:
        """Who asks with these headers, or ``None`` when this is nothing for the fast lane."""
        ...

    def answer(self, guest: Guest, query_string: bytes) -> Answer | None:
        """An answer, or ``None`` when this is nothing for the fast lane."""
        ...

    def again(self, standing: Standing) -> bytes | None:
        """The head of an answer like the last one; ``None`` when it would be another one."""
        ...


class Outbox:
    """Answers of one turn of the event loop, sent together at its end.

    The first of them wakes whoever reads them, which costs the sender more than the sending; by the second
    that one is awake, or even busy with the first.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Transport, bytes, bytes]] = []

    def put(self, loop: AbstractEventLoop, transport: Transport, head: bytes, body: bytes) -> None:
        """Send an answer before anything that the loop does later."""
        waiting = self._waiting
        if not waiting:
            loop.call_soon(self.send)
        waiting.append((transport, head, body))
        if len(waiting) >= _TOGETHER:
            self.send()

    def send(self) -> None:
        """Send all that waits now."""
        waiting, self._waiting = self._waiting, []
        for transport, head, body in waiting:
            if not transport.is_closing():
                transport.writelines((head, body))


def protocol_with(
    lane: Lane, *, head_seconds: float = 15.0, body_seconds: float = 120.0
) -> type[HttpToolsProtocol]:
    """A protocol class for uvicorn whose instances ask `lane` first; for the seconds see `deadlines`."""
    outbox = Outbox()

    class FastLaneProtocol(DeadlineProtocol):
        #: What follows the path in the latest message, if that came in one piece and was answered here, and
        #: who asks so.
        rest: bytes | None = None
        guest: Guest | None = None
        #: The latest message, if the answer to it stands.
        asked = b""
        standing: Standing | None = None
        #: Whether the message that is being parsed has been answered here.
        is_answered = False
        #: When the latest answer was given that left the keep-alive timer as it was.
        answered_at = 0.0
        #: Headers that stand on every answer, as uvicorn has them and as they are sent; anew each second.
        default_headers: tuple[object, bytes] = (None, b"")

        def data_received(self, data: bytes) -> None:
            if data == self.asked and self.cycle is _DONE and not self.flow.write_paused:
                standing = self.standing
                assert standing is not None
                head = None if self.transport.is_closing() else lane.again(standing)
                if head is not None:
                    self._answer_now(head, standing.body)
                    return
            rest = self.rest
            if rest is not None and data.endswith(rest) and self._is_idle():
                line = _LINE.fullmatch(data, 0, len(data) - len(rest))
                if line is not None and self.guest is not None:
                    answer = lane.answer(self.guest, line[2] or b"")
                    if answer is not None:
                        self.url = line[1]
                        self.standing = answer.standing
                        self.asked = b"" if answer.standing is None else data
                        self._answer_now(answer.head, answer.body)
                        return
            number = self.begun
            is_between = self.ended == number
            self.rest = self.guest = self.standing = None
            self.asked = b""
            super().data_received(data)
            if is_between and self.begun == self.ended == number + 1 and self.is_answered:
                self.rest = data[data.index(b" HTTP/1.1\r\n") :]

        def on_message_begin(self) -> None:
            self.is_answered = False
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self.check_head()
            if (query := self._query()) is not None and self._is_plain() and self._is_idle():
                guest = lane.admit(self.headers, self.client and self.client[0], self.connection)
                answer = None if guest is None else lane.answer(guest, query)
                if answer is not None:
                    self.is_answered = True
                    self.guest = guest
                    self._answer_now(answer.head, answer.body)
                    return
            outbox.send()
            super().on_headers_complete()

        def send_400_response(self, msg: str) -> None:
            outbox.send()
            super().send_400_response(msg)

        def shutdown(self) -> None:
            outbox.send()
            super().shutdown()

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

        def _answer_now(self, head: bytes, body: bytes) -> None:
            state = self.server_state
            known, default = self.default_headers
            if known is not state.default_headers:
                default = lines(state.default_headers) + b"\r\n"
                FastLaneProtocol.default_headers = state.default_headers, default
            outbox.put(self.loop, self.transport, head + default, body)
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
            if self.timeout_keep_alive_task is None:
                self.on_response_complete()
            else:
                # The timer goes on: a new one for each answer would cost as much as the rest.
                state.total_requests += 1
                self.answered_at = self.loop.time()

        def timeout_keep_alive_handler(self) -> None:
            left = self.answered_at + self.timeout_keep_alive - self.loop.time()
            if left > 0:
                self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
            else:
                super().timeout_keep_alive_handler()

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
