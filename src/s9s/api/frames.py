"""WebSocket frames that are built once and written to any number of connections.

A message to thousands is the same bytes for all of them: `text_frame` and `deflated_frame` make these, and
`SharedFramesProtocol.put` writes them straight to the transport, as long as the client reads. Compression
(permessage-deflate, RFC 7692) is negotiated without context takeover, so that a compressed message does not
depend on those before it and can be shared too, and a connection keeps no compressor in memory.
"""

from __future__ import annotations

import struct
import zlib
from asyncio import BaseTransport, Transport
from typing import Any, Final, cast

from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.protocol import State
from websockets.server import ServerProtocol

from s9s.api.tls import CertifiedWebSocketProtocol

#: Where a connection's protocol stands among the extensions of its scope.
FRAMES_EXTENSION: Final = "frames"
#: Messages shorter than this are not worth compressing.
SHORTEST_DEFLATED: Final = 256
#: Largest message of a client.
MAX_MESSAGE_BYTES: Final = 64 * 1024

_WINDOW_BITS: Final = 12
_TEXT: Final = 0x81
_DEFLATED_TEXT: Final = 0xC1
#: After a close frame, until the connection is cut.
_CLOSE_SECONDS: Final = 3.0
_GOING_AWAY: Final = 1001


def _frame(head: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", head, size) + payload
    if size < 65536:
        return struct.pack("!BBH", head, 126, size) + payload
    return struct.pack("!BBQ", head, 127, size) + payload


def text_frame(payload: bytes) -> bytes:
    """A text message in one frame."""
    return _frame(_TEXT, payload)


def deflated_frame(payload: bytes) -> bytes:
    """The same compressed; readable to whoever takes compressed messages at all."""
    if len(payload) < SHORTEST_DEFLATED:
        return text_frame(payload)
    encoder = zlib.compressobj(6, zlib.DEFLATED, -_WINDOW_BITS, 5)
    deflated = encoder.compress(payload) + encoder.flush(zlib.Z_SYNC_FLUSH)
    return _frame(_DEFLATED_TEXT, deflated[:-4])


class SharedFramesProtocol(CertifiedWebSocketProtocol):
    """A WebSocket that takes ready-made frames while its client reads, and cuts off dead peers."""

    #: Bytes that may wait for the client to be read.
    max_buffer_bytes = 1024 * 1024

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        deflate = ServerPerMessageDeflateFactory(
            server_no_context_takeover=True,
            client_no_context_takeover=True,
            server_max_window_bits=_WINDOW_BITS,
            client_max_window_bits=_WINDOW_BITS,
            compress_settings={"memLevel": 5},
        )
        self.conn = ServerProtocol(extensions=[deflate], max_size=MAX_MESSAGE_BYTES, logger=self.logger)

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        high = self.max_buffer_bytes
        cast("Transport", transport).set_write_buffer_limits(high=high, low=high // 4)

    async def run_asgi(self) -> None:
        cast("Any", self.scope)["extensions"][FRAMES_EXTENSION] = self
        await super().run_asgi()

    @property
    def takes_deflated(self) -> bool:
        """Whether frames of `deflated_frame` may be put."""
        return any(
            isinstance(one, PerMessageDeflate) and one.local_max_window_bits >= _WINDOW_BITS
            for one in self.conn.extensions
        )

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return (
            self.conn.state is State.OPEN
            and self.handshake_complete
            and not self.close_sent
            and not self.disconnected
            and not self.transport.is_closing()
        )

    def put(self, frame: bytes) -> bool:
        """Send a frame; False when there is no room, because the client does not read.

        What a closed connection is given goes nowhere.
        """
        if not self.writable.is_set():
            return False
        if self.is_open:
            self.transport.write(frame)
        return True

    async def room(self) -> None:
        """Wait until there is room again; the connection's end counts as such."""
        await self.writable.wait()

    def end(self, code: int, reason: str) -> None:
        """Close the connection with a code that says why, whether or not the client reads."""
        if not self.is_open:
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason.encode()[:120].decode(errors="ignore"))
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_CLOSE_SECONDS, self.transport.abort)

    def shutdown(self) -> None:
        if self.handshake_complete and self.is_open:
            self.end(_GOING_AWAY, "The server is shutting down; come back soon")
        else:
            super().shutdown()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        # Whatever waits to be written would keep the transport alive for ever.
        self.transport.abort()
