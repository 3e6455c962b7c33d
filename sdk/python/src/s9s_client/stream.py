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
class Messages:
    """The messages in a stream of bytes that comes in pieces."""

    position: Position
    _rest: bytes = b""
    _name: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that are complete with this piece. Raises what the server says has gone wrong."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if (event := self._line(line.decode().rstrip("\r"))) is not None:
                yield event

    def _line(self, line: str) -> Event | None:
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                self._data.append(value)
            elif name == "event":
                self._name = value
            elif name == "id":
                # All before it is done: never again.
                self.position.since, self.position.wants_snapshot = int(value), False
            return None
        name, text = self._name, "\n".join(self._data)
        self._name, self._data = "", []
        return _event(name, json.loads(text)) if text else None


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
