"""Server-Sent Events: bytes to messages, messages to events. No input or output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from s9s_client.errors import ReplayUnavailable, error_of

#: The server says something every 15 s; after so many seconds of silence the connection counts as broken.
SILENCE_SECONDS: Final = 45.0

_STATUS: Final = {
    "INVALID_REQUEST": 400, "VALIDATION_ERROR": 400, "AUTHENTICATION_FAILED": 401, "PERMISSION_DENIED": 403,
    "RESOURCE_NOT_FOUND": 404, "RESOURCE_CONFLICT": 409, "RATE_LIMIT_EXCEEDED": 429,
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Event:
    """One message of a subscription, in the contract's update format."""

    channel: str | None
    """`jobs`, `nodes`, `metrics`, `alerts`, `queue`; ``None`` for what concerns all."""
    action: str
    """`created`, `update`, `removed`; `snapshot`: rows that match at the beginning; `lagged`: this client was
    too slow, and what follows begins anew."""
    resource_id: str | None
    timestamp: str
    data: dict[str, Any]
    sequence: int | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON object of the event."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Position:
    """Where a subscription is: what it says when it comes back."""

    since: int | None
    wants_snapshot: bool
    is_resuming: bool = False


@dataclass(slots=True)
class Frame:
    """One of the stream's own units: up to an empty line."""

    name: str = ""
    data: str = ""
    id: str | None = None


@dataclass(slots=True)
class Frames:
    """The frames in a stream of bytes that comes in pieces."""

    _rest: bytes = b""
    _frame: Frame = field(default_factory=Frame)

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """Those that are complete with this piece."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if (frame := self._line(line.decode().rstrip("\r"))) is not None:
                yield frame

    def _line(self, line: str) -> Frame | None:
        frame = self._frame
        if not line:
            self._frame = Frame()
            return frame
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            frame.data = f"{frame.data}\n{value}" if frame.data else value
        elif name == "event":
            frame.name = value
        elif name == "id":
            frame.id = value
        return None


@dataclass(slots=True)
class Messages:
    """The messages in a stream of bytes that comes in pieces."""

    position: Position
    _frames: Frames = field(default_factory=Frames)

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that are complete with this piece. Raises what the server says has gone wrong."""
        for frame in self._frames.feed(piece):
            if frame.id is not None:
                # All before it is done: never again.
                self.position.since, self.position.wants_snapshot = int(frame.id), False
            if frame.data:
                yield _event(frame.name, json.loads(frame.data))


@dataclass(slots=True)
class Output:
    """What is told of a file that is followed, and how far one is in it."""

    place: str | None = None
    """What to say when coming back."""
    has_ended: bool = False
    """Whether its job has, too."""

    def read(self, frame: Frame) -> str:
        """The text of a frame."""
        if frame.id is not None:
            self.place = frame.id or None
        data = json.loads(frame.data)["data"] if frame.data else {}
        if frame.name == "end":
            self.has_ended = data.get("state") is not None
        return str(data.get("content") or "")


def _event(name: str, message: dict[str, Any]) -> Event:
    if name == "error":
        error = message["error"]
        raise error_of(_STATUS.get(error["code"], 500), message, error.get("request_id"), None)
    if name == "replay_unavailable":
        raise ReplayUnavailable(str(message.get("message")))
    return Event(
        channel=message.get("channel"),
        action=str(message.get("action")),
        resource_id=message.get("resource_id"),
        timestamp=str(message.get("timestamp")),
        data=message.get("data") or {},
        sequence=message.get("sequence"),
    )
