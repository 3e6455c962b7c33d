"""`/v1/events`: the channels as Server-Sent Events, for `curl -N` and whatever speaks plain HTTP only."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec

from s9s.api.errors import envelope
from s9s.api.live import Snapshots, snapshot_messages
from s9s.api.schemas.live import FILTERS, EventParameters, read_filter, update_message
from s9s.api.values import words
from s9s.api.verifiers import Verifiers
from s9s.domain.errors import InvalidRequest, PermissionDenied, S9SError, ValidationError
from s9s.domain.instants import format_instant
from s9s.services.access import Caller
from s9s.services.live.hub import Hub
from s9s.services.live.matching import Filter
from s9s.services.live.open_connections import OpenConnection, OpenConnections
from s9s.services.live.readers import Packet, Reader, Rows, Subscription
from s9s.services.live.tickets import Tickets

#: Without anything to tell, a comment is sent so often: it keeps proxies patient and finds dead peers.
HEARTBEAT_SECONDS: Final = 15.0
#: Bytes that wait for a client to be read.
_BUFFER_BYTES: Final = 256 * 1024


def _message(data: bytes, *, name: str | None = None, sequence: int | None = None) -> bytes:
    parts = [b"data: %b\n\n" % data]
    if name is not None:
        parts.insert(0, b"event: %b\n" % name.encode())
    if sequence is not None:
        parts.insert(0, b"id: %d\n" % sequence)
    return b"".join(parts)


def update_event(packet: Packet) -> bytes:
    """An update; its id is what a client that comes back names as ``Last-Event-ID``."""
    return _message(packet.form("json", update_message), sequence=packet.event.sequence)


class StreamSink:
    """A response's end of its reader: what waits to be sent, and no more of it than fits."""

    def __init__(self, snapshots: Snapshots, caller: Caller, request_id: str) -> None:
        self.caller = caller
        self._snapshots = snapshots
        self._request_id = request_id
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._is_ended = False

    def put(self, packet: Packet) -> bool:
        if self._size >= _BUFFER_BYTES:
            self._emptied.clear()
            return False
        self._add(packet.form("event", update_event))
        return True

    async def room(self) -> None:
        while self._size >= _BUFFER_BYTES // 4:
            self._emptied.clear()
            await self._emptied.wait()

    async def lagged(self, sequence: int) -> None:
        await self._say("lagged", sequence=sequence)

    async def snapshot(self, subscription: Subscription, sequence: int, rows: Rows) -> None:
        channel = subscription.wanted.channel
        messages = snapshot_messages(channel, rows, sequence, None, self._snapshots, self.caller)
        for message in messages:
            await self.room()
            self._add(_message(message, name="snapshot"))
        # Whoever comes back before the end of it gets it once more.
        self._add(b"id: %d\n\n" % sequence)

    async def gap(self, subscription: Subscription, error: S9SError) -> None:
        channel = subscription.wanted.channel.value
        await self._say("replay_unavailable", channel=channel, message=error.message, **error.details)

    def refused(self, subscription: Subscription, error: PermissionDenied) -> None:
        self.end(error)

    def end(self, error: S9SError | None = None) -> None:
        """Send what waits, and why, and nothing more."""
        if error is not None:
            self._add(_message(envelope(error, self._request_id), name="error"))
        self._is_ended = True
        self._filled.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """What is to be sent, as long as there is something to wait for."""
        yield b": events\n\n"
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._filled.wait()
            waiting = b"".join(self._waiting)
            self._waiting.clear()
            self._size = 0
            self._filled.clear()
            self._emptied.set()
            yield waiting or b": heartbeat\n\n"
            if self._is_ended:
                if self._waiting:
                    yield b"".join(self._waiting)
                return

    async def _say(self, action: str, **fields: Any) -> None:
        await self.room()
        told = {"action": action, "timestamp": format_instant(int(time.time())), **fields}
        self._add(_message(msgspec.json.encode(told), name=action))

    def _add(self, chunk: bytes) -> None:
        self._waiting.append(chunk)
        self._size += len(chunk)
        self._filled.set()


class EventStreams:
    """Streams and tickets.

    Args:
        hub: Tells of events.
        snapshots: What matches now.
        connections: Those that are open.
        tickets: Those that are out.
        verifiers: Say whether a credential is still good.
    """

    def __init__(
        self,
        hub: Hub,
        snapshots: Snapshots,
        connections: OpenConnections,
        tickets: Tickets,
        verifiers: Verifiers,
    ) -> None:
        self._hub = hub
        self._snapshots = snapshots
        self._connections = connections
        self._tickets = tickets
        self._verifiers = verifiers
        self._open: set[StreamSink] = set()

    async def ticket(self, caller: Caller) -> str:
        """A ticket for a caller. Raises `RateLimitExceeded`, `DatabaseUnavailable`."""
        return await self._tickets.issue(caller)

    def stop(self) -> None:
        """End all streams: the server is shutting down."""
        for sink in tuple(self._open):
            sink.end()

    def open(self, caller: Caller, scope: Any, parameters: EventParameters) -> AsyncIterator[bytes]:
        """The stream that a request asks for.

        Raises:
            ValidationError: What is no channel or filter.
            PermissionDenied: A channel of which the caller may see nothing.
            RateLimitExceeded: Too many open connections.
            ReplayUnavailable: The log does not go back so far, and no snapshot is wanted.
        """
        wanted = _filters(parameters.channel, parameters.filters)
        since = _last_event_id(scope, parameters.since)
        sink = StreamSink(self._snapshots, caller, scope["state"]["request_id"])
        if since is not None and not parameters.snapshot:
            self._hub.log.require(since)
        for one in wanted:
            self._hub.require(caller, one.channel)
        reader = self._hub.reader(caller, sink)

        def changed(other: Caller) -> None:
            reader.caller = sink.caller = other
            self._hub.changes += 1

        connection = OpenConnection(caller, self._verifiers.require(scope), sink.end, changed)
        try:
            self._connections.add(connection)
            for one in wanted:
                reader.subscribe(one.channel.value, one, since=since, snapshot=parameters.snapshot)
        except S9SError:
            self._end(reader, connection, sink)
            raise
        return self._chunks(reader, connection, sink)

    async def _chunks(
        self, reader: Reader, connection: OpenConnection, sink: StreamSink
    ) -> AsyncIterator[bytes]:
        self._open.add(sink)
        try:
            async for chunk in sink.chunks():
                yield chunk
        finally:
            self._end(reader, connection, sink)

    def _end(self, reader: Reader, connection: OpenConnection, sink: StreamSink) -> None:
        reader.close()
        self._connections.remove(connection)
        self._open.discard(sink)


def _filters(channels: str, filters: Mapping[str, Any]) -> list[Filter]:
    names = sorted(words("channel", channels.upper(), tuple(name.upper() for name in FILTERS)) or ())
    names = [name.lower() for name in names]
    if not names:
        raise ValidationError.of("channel", channels, sorted(FILTERS))
    if filters and len(names) > 1:
        raise ValidationError.of(
            "channel", channels, "one channel where there are filters; open a stream for each"
        )
    return [read_filter(name, filters) for name in names]


def _last_event_id(scope: Any, since: int | None) -> int | None:
    """Where the client was; what a browser says by itself when it comes back wins."""
    for name, value in scope["headers"]:
        if name == b"last-event-id" and value:
            if not value.isdigit() or len(value) > 19:
                raise InvalidRequest("Last-Event-ID must be the id of an event: a number")
            return int(value)
    return since
