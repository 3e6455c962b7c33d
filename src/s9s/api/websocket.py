"""One open WebSocket whose caller is known: its messages, its errors, and the codes that say why it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from s9s.api.errors import envelope
from s9s.api.frames import FRAMES_EXTENSION, SharedFramesProtocol, deflated_frame, text_frame
from s9s.api.parameters import read_body
from s9s.api.schemas.live import ACTIONS
from s9s.domain.errors import (
    AuthenticationFailed,
    InvalidRequest,
    PermissionDenied,
    RateLimitExceeded,
    ResourceNotFound,
    S9SError,
    ServiceUnavailable,
    SlurmUnavailable,
    ValidationError,
)
from s9s.services.access import Caller
from s9s.services.live.open_connections import OpenConnection

#: Messages of a client at once, and each second from then on.
_BURST: Final = 200
_MESSAGES_A_SECOND: Final = 20.0

#: Close codes by what went wrong.
CLOSE_CODES: Final[Mapping[type[S9SError], int]] = {
    AuthenticationFailed: 4401,
    PermissionDenied: 4403,
    ResourceNotFound: 4404,
    RateLimitExceeded: 4429,
    ServiceUnavailable: 1013,
    SlurmUnavailable: 1013,
}

Receive = Callable[[], Awaitable[Any]]


def close_code_of(error: S9SError) -> int:
    """The code that says why; 4400 for what the client did wrong, 1011 for the server."""
    for kind, code in CLOSE_CODES.items():
        if isinstance(error, kind):
            return code
    return 4400 if isinstance(error, InvalidRequest | ValidationError) else 1011


class Closed(Exception):
    """The connection has ended."""


class Socket:
    """An open WebSocket whose caller is known.

    Args:
        scope: Of the handshake.
        receive: ASGI's.
        caller: Whose it is.
        verify: Says whether the credential is still good.
    """

    def __init__(self, scope: Mapping[str, Any], receive: Receive) -> None:
        self.scope = scope
        self.request_id: str = scope["state"]["request_id"]
        self.frames: SharedFramesProtocol = scope["extensions"][FRAMES_EXTENSION]
        self.is_deflated = self.frames.takes_deflated
        self.path_parameters: Mapping[str, str] = {}
        self._receive = receive
        self._allowance = float(_BURST)
        self._counted_at = asyncio.get_running_loop().time()

    async def receive(self) -> str:
        """The next message. Raises `Closed`, also of a client that sends too many."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            raise Closed
        now = asyncio.get_running_loop().time()
        grown = (now - self._counted_at) * _MESSAGES_A_SECOND
        self._allowance, self._counted_at = min(float(_BURST), self._allowance + grown) - 1, now
        if self._allowance < 0:
            self.end(RateLimitExceeded("Too many messages", 1))
            raise Closed
        text = message.get("text")
        if text is None:
            raise InvalidRequest("Messages are text frames with JSON")
        return str(text)

    async def send(self, payload: bytes) -> None:
        """Send a message, once the client has read what came before. Raises `Closed`."""
        await self.frames.room()
        if not self.frames.is_open:
            raise Closed
        self.frames.put(deflated_frame(payload) if self.is_deflated else text_frame(payload))

    async def say(self, **fields: Any) -> None:
        """Send an object; fields that are ``None`` are left out."""
        await self.send(
            msgspec.json.encode({key: value for key, value in fields.items() if value is not None})
        )

    async def fail(self, error: S9SError, message_id: str | int | None = None) -> None:
        """Tell of an error in the contract's format."""
        await self.send(self.error_message(error, message_id))

    def error_message(self, error: S9SError, message_id: str | int | None = None) -> bytes:
        """An error in the contract's format, with the `id` of the message that it answers."""
        body = envelope(error, self.request_id)
        return body if message_id is None else b'%b,"id":%b}' % (body[:-1], msgspec.json.encode(message_id))

    def end(self, error: S9SError, code: int | None = None) -> None:
        """Tell why if the client reads, and close at once."""
        frames = self.frames
        if frames.is_open:
            frames.put(text_frame(self.error_message(error)))
            frames.end(close_code_of(error) if code is None else code, error.message)

    def close(self, reason: str = "") -> None:
        """Close because all is said."""
        self.frames.end(1000, reason)


class Guest:
    """A caller with a WebSocket."""

    def __init__(self, socket: Socket, connection: OpenConnection) -> None:
        self.socket = socket
        self.connection = connection

    @property
    def caller(self) -> Caller:
        """Whose it is now."""
        return self.connection.caller


def read_message(text: str) -> Any:
    """A client's message. Raises `InvalidRequest` for no JSON, `ValidationError` naming what is wrong."""
    raw = text.encode("utf-8", "surrogatepass")
    try:
        action = msgspec.json.decode(raw).get("action")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, AttributeError) as error:
        raise InvalidRequest("A message must be a JSON object with an action") from error
    model = ACTIONS.get(action) if isinstance(action, str) else None
    if model is None:
        raise ValidationError.of("action", action, sorted(ACTIONS))
    return read_body(model, raw)
