"""Bytes that come over a connection to one answer of HTTP/1.1; no input or output here."""

from __future__ import annotations

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from msgspec import Struct

#: 100,000 jobs are 500 MB or more (24.11, 26.05); what is larger is no answer that we could use.
MAX_ANSWER_BYTES: Final = 2 * 1024**3
#: Of what is not the body: the status and the headers, whatever comes between two chunks, trailers.
MAX_HEAD_BYTES: Final = 100 * 1024


class Response(Struct, frozen=True):
    """An answer, whatever its status."""

    status: int
    content: bytes | bytearray


class Failed(Exception):
    """No answer came; ``str()`` says why. With `never_sent` not a byte of the request has left us."""

    def __init__(self, reason: str, *, never_sent: bool = False) -> None:
        super().__init__(reason)
        self.never_sent = never_sent


class TooSlow(Failed):
    """Something was waited for, and did not come in time."""


class TooLarge(Exception):
    """The answer is larger than `MAX_ANSWER_BYTES`."""


class Answer:
    """The answer to one request: `feed` it with what comes, however that is cut, until it `is_complete`."""

    def __init__(self) -> None:
        self.is_complete = False
        self.keeps_connection = False
        """Whether the next answer may come over the same connection; grows false when more comes than one."""
        self._status = 0
        # Handed out as it is: 500 MB are not to be there twice, and copying them takes 0.2 s.
        self._content = bytearray()
        self._outside_body = 0
        self._tells_its_end = False
        self._parser = HttpResponseParser(self)

    def take(self) -> Response:
        """The whole of it, once it is complete; it takes no more then."""
        # The parser knows us, and we know it: that would be left to the garbage collector.
        del self._parser
        return Response(self._status, self._content)

    def feed(self, data: bytes) -> None:
        """Take what came.

        Raises:
            Failed: when that is no HTTP.
            TooLarge: when it is too much of it.
        """
        self._outside_body += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if not self.is_complete:
                raise Failed("the answer is not HTTP/1.1") from error
            self.keeps_connection = False
        if len(self._content) > MAX_ANSWER_BYTES:
            raise TooLarge
        if self._outside_body > MAX_HEAD_BYTES and not self.is_complete:
            raise Failed(f"the headers of the answer are larger than {MAX_HEAD_BYTES} bytes")

    def end(self) -> None:
        """The other side has closed the connection: that completes an answer that does not tell its length.

        Raises:
            Failed: when something is missing.
        """
        if self.is_complete:
            return
        if self._status < 200:
            raise Failed("the connection was closed without an answer")
        if self._tells_its_end:
            raise Failed("the connection was closed within the answer")
        self.is_complete = True

    # -- what the parser has found ---------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.is_complete:
            raise Failed("nobody has asked for a second answer")  # the parser stops, and `feed` goes on
        self._tells_its_end = False

    def on_header(self, name: bytes, _value: bytes) -> None:
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._tells_its_end = True

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self._content += body
        self._outside_body = 0

    def on_message_complete(self) -> None:
        # After 1xx the answer itself follows.
        if self._status >= 200:
            self.is_complete = True
            # 26.05 sends some errors twice; what is left over would be the beginning of the next answer.
            self.keeps_connection = self._status < 400 and self._parser.should_keep_alive()
