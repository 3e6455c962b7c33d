"""Clients that take their time: what a connection may take to send a request and to read its answer.

Uvicorn waits for ever, and keeps whatever a head grows to. A connection that says nothing, drips its head or
its body, or does not read, is one that nobody else can have.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any, Final

from s9s.api.errors import envelope
from s9s.api.front import request_id_of
from s9s.api.tls import CertifiedHttpProtocol
from s9s.domain.errors import InvalidRequest

#: All of a request's head: its line and its headers.
MAX_HEAD_BYTES: Final = 64 * 1024


class DeadlineProtocol(CertifiedHttpProtocol):
    """Closes a connection whose client is late. A request that comes in one piece costs no timer."""

    #: Seconds for a head, from its first byte or the connection's beginning; for a body, and for reading an
    #: answer.
    head_seconds = 15.0
    body_seconds = 120.0

    #: Messages that the parser has seen the beginning, the head and the end of.
    begun = headed = ended = 0
    #: The message that the timer is for, and whether for its head.
    _timed: tuple[int, bool] | None = None
    _timer: TimerHandle | None = None
    _stall: TimerHandle | None = None
    #: Bytes that came at once the latest time.
    _latest = 0
    #: Bytes that came since the head began that is not complete yet.
    _head_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._timed = (0, True)
        self._timer = self.loop.call_later(self.head_seconds, self._is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._forget()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        self._latest = len(data)
        super().data_received(data)
        if self.begun != self.ended:
            self._expect_more(len(data))
        elif self._timer is not None:
            self._forget_reading()

    def on_message_begin(self) -> None:
        self.begun += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.headed = self.begun
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            # The scope has them. What follows a body in chunks (trailers) is no header: no credential, and no
            # word of a proxy, which looks for such words in the head only.
            self.headers = []

    def on_message_complete(self) -> None:
        self.ended += 1
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stall is None:
            self._stall = self.loop.call_later(self.body_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def check_head(self) -> None:
        """What the parser lets pass and RFC 9112 does not. Raises `ValueError`, which ends the connection."""
        version = self.parser.get_http_version()
        hosts = [name for name, _ in self.headers if name == b"host"]
        if version not in ("1.0", "1.1") or len(hosts) > 1 or (version == "1.1" and not hosts):
            raise ValueError("another version of HTTP, or not one Host")
        # Unless so much has come there is nothing to count.
        if (
            self._head_bytes + self._latest
            > MAX_HEAD_BYTES
            < len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        ):
            raise ValueError("a head that is too long")

    def send_400_response(self, msg: str) -> None:
        """Refuse in the format of all errors what is no HTTP, and close.

        Only close where a proxy would take the refusal for the answer to another request.
        """
        if not self._may_refuse():
            self.transport.close()
            return
        request_id = request_id_of(())
        body = envelope(InvalidRequest(msg), request_id)
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nx-request-id: %b\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (request_id.encode(), len(body), body)
        )
        self.transport.close()

    def _may_refuse(self) -> bool:
        """Whether nothing else is to be answered, or has been, than what cannot be read."""
        cycle: Any = self.cycle  # None before the first request
        if cycle is None:
            return True
        if self.headed == self.begun != self.ended:  # it is about the body of the cycle's own request
            return not self.pipeline and not cycle.response_started
        return bool(cycle.response_complete)

    def _expect_more(self, received: int) -> None:
        """There is the beginning of a message, but not its end."""
        is_head = self.headed != self.begun
        if is_head:
            self._head_bytes += received
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response(f"The head of the request is longer than {MAX_HEAD_BYTES} bytes")
                return
        else:
            self._head_bytes = 0
        timed = (self.begun, is_head)
        if timed != self._timed:
            self._forget_reading()
            self._timed = timed
            seconds = self.head_seconds if is_head else self.body_seconds
            self._timer = self.loop.call_later(seconds, self._is_late)

    def _is_late(self) -> None:
        cycle: Any = self.cycle  # None before the first request
        is_answering = cycle is not None and not cycle.response_complete
        is_head = self._timed is None or self._timed[1]
        if self.transport.is_closing():
            return
        if is_answering and (is_head or self.flow.read_paused):
            # The request before is still being answered, or it is the server that does not read.
            self._timer = self.loop.call_later(self.head_seconds, self._is_late)
        elif is_head and self.begun:
            self.send_400_response("The request did not come in time")
        else:
            # Nobody to tell, or nothing to tell: whoever reads the body finds the client gone.
            self.transport.abort()

    def _forget_reading(self) -> None:
        self._head_bytes = 0
        self._timed = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _forget(self) -> None:
        self._forget_reading()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
