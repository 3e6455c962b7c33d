"""One connection to slurmrestd: a request, its answer, the next request."""

from __future__ import annotations

import asyncio
import select
from typing import Final, cast

from s9s.backends.slurmrestd.answers import Answer, Failed, Response, TooLarge, TooSlow

#: After so much of an answer the others of the event loop have their turn.
_MUCH_BYTES: Final = 64 * 1024


class Connection(asyncio.Protocol):
    """Carries one exchange at a time.

    Attributes:
        ended: Done when the connection is closed, whoever closed it.
        used_at: When the last exchange was over, by the clock of the event loop.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.used_at = self._loop.time()
        self._answer: Answer | None = None
        self._answered: asyncio.Future[Exception | None] = self._loop.create_future()
        self._heard_at = 0.0

    async def exchange(self, request: bytes, timeout: float) -> Response:
        """`wire.Network.exchange`; the connection is closed after it unless it `is_usable` again."""
        if self.ended.done():
            raise Failed("the connection was closed without an answer")
        answer = self._answer = Answer()
        self._answered = self._loop.create_future()
        self._heard_at = self._loop.time()
        self._watch(timeout)
        try:
            self._transport.write(request)
            if error := await self._answered:
                raise error
            if not answer.keeps_connection or self._transport.get_write_buffer_size():
                self.end()
            return answer.take()
        except BaseException:
            # Also when nobody waits for the answer any more: it would be taken for that of the next request.
            self.end()
            raise
        finally:
            self._watching.cancel()
            self._answer = None
            self.used_at = self._loop.time()

    def is_usable(self) -> bool:
        """Whether it can carry a request: open, and nothing has come in that nobody asked for, as its end."""
        if self._transport.is_closing():
            return False
        # The event loop may not have got round to it.
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def end(self) -> asyncio.Future[None]:
        """Close it at once; an exchange under way fails."""
        self._transport.abort()
        return self.ended

    def _read_on(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _watch(self, timeout: float) -> None:
        """Give up when nothing is heard for `timeout` seconds."""
        left = self._heard_at + timeout - self._loop.time()
        if left > 0:
            self._watching = self._loop.call_later(left, self._watch, timeout)
        else:
            self._settle(TooSlow(f"nothing was heard for {timeout:g} s"))

    def _settle(self, error: Exception | None = None) -> None:
        if not self._answered.done():
            self._answered.set_result(error)

    # -- what the event loop calls ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are no instances of it.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None:
            self.end()
            return
        self._heard_at = self._loop.time()
        try:
            self._answer.feed(data)
        except (Failed, TooLarge) as error:
            self._settle(error)
        else:
            if self._answer.is_complete:
                self._settle()
            elif len(data) >= _MUCH_BYTES:
                # uvloop would read on, up to 8 MB or 20 ms, as long as there is something.
                self._transport.pause_reading()
                self._loop.call_soon(self._read_on)

    def eof_received(self) -> None:
        if self._answer is not None:
            try:
                self._answer.end()
            except Failed as error:
                self._settle(error)
            else:
                self._settle()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():  # whoever waited for it may have been cancelled, and it with them
            self.ended.set_result(None)
        if self._answer is not None:
            self._settle(Failed(f"the connection was lost: {error or 'closed'}"))
