"""`/v1/ws`: the channels, as one connection uses them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from s9s.api.frames import deflated_frame, text_frame
from s9s.api.schemas.jobs import encode_row, join_rows
from s9s.api.schemas.live import (
    Authenticate,
    Ping,
    Subscribe,
    Unsubscribe,
    read_filter,
    update_message,
)
from s9s.api.schemas.nodes import node_document
from s9s.api.websocket import Closed, Guest, Socket, read_message
from s9s.domain.errors import (
    PermissionDenied,
    RateLimitExceeded,
    ResourceConflict,
    ResourceNotFound,
    S9SError,
)
from s9s.domain.events import Channel, Event
from s9s.domain.instants import format_instant
from s9s.domain.jobs import Job
from s9s.domain.nodes import Node
from s9s.services.access import Caller
from s9s.services.jobs.service import Jobs
from s9s.services.live.hub import Hub
from s9s.services.live.readers import Packet, Reader, Rows, Subscription
from s9s.services.nodes import Nodes

#: Rows in one message of a snapshot.
ROWS: Final = 50


def plain_frame(packet: Packet) -> bytes:
    """An update as a frame for everybody."""
    return text_frame(update_message(packet))


def small_frame(packet: Packet) -> bytes:
    """The same for those who take compressed messages."""
    return deflated_frame(packet.form("json", update_message))


class Snapshots:
    """What matches now, as clients get it.

    Args:
        jobs: Knows the reasons of holds, and the time.
        nodes: Knows the jobs on nodes.
    """

    def __init__(self, jobs: Jobs, nodes: Nodes) -> None:
        self._jobs = jobs
        self._nodes = nodes

    def data(self, channel: Channel, rows: Sequence[Any], caller: Caller) -> bytes:
        """Some rows as JSON, with the key of the channel's list."""
        if channel is Channel.JOBS:
            now = int(self._jobs.version[1])
            jobs: list[Job] = list(rows)
            encoded = [encode_row(job, self._jobs.hold_reason_of(job)) for job in jobs]
            return join_rows(encoded, [job.clock for job in jobs], now, b'{"jobs":[', b"]}")
        if channel is Channel.NODES:
            nodes: list[Node] = list(rows)
            shown = [node_document(node, self._nodes.jobs_on(node.node_name, caller)) for node in nodes]
            return b'{"nodes":%b}' % msgspec.json.encode(shown)
        events: list[Event] = list(rows)
        return b'{"%b":[%b]}' % (channel.value.encode(), b",".join(bytes(one.data) for one in events))


def snapshot_messages(
    channel: Channel, rows: Rows, sequence: int, name: str | None, snapshots: Snapshots, caller: Caller
) -> Any:
    """Messages that together hold all rows; one without rows if there are none."""
    for start in range(0, max(1, len(rows)), ROWS):
        data = snapshots.data(channel, rows[start : start + ROWS], caller)
        head = {
            "channel": channel.value,
            "action": "snapshot",
            "subscription": name,
            "timestamp": format_instant(int(time.time())),
            "sequence": sequence,
            "total": len(rows),
            "offset": start,
            "has_more": start + ROWS < len(rows),
        }
        text = msgspec.json.encode({key: value for key, value in head.items() if value is not None})
        yield b'%b,"data":%b}' % (text[:-1], data)


class LiveSink:
    """A connection's end of its reader."""

    def __init__(self, socket: Socket, snapshots: Snapshots, guest: Guest) -> None:
        self._socket = socket
        self._frames = socket.frames
        self._snapshots = snapshots
        self._guest = guest
        self._form, self._make = ("small", small_frame) if socket.is_deflated else ("plain", plain_frame)

    def put(self, packet: Packet) -> bool:
        return self._frames.put(packet.form(self._form, self._make))

    async def room(self) -> None:
        await self._frames.room()
        if not self._frames.is_open:
            await asyncio.Event().wait()  # until the reader is closed

    async def lagged(self, sequence: int) -> None:
        await self._say(action="lagged", sequence=sequence, timestamp=format_instant(int(time.time())))

    async def snapshot(self, subscription: Subscription, sequence: int, rows: Rows) -> None:
        channel = subscription.wanted.channel
        messages = snapshot_messages(
            channel, rows, sequence, subscription.name, self._snapshots, self._guest.caller
        )
        for message in messages:
            await self._send(message)
            await asyncio.sleep(0)

    async def gap(self, subscription: Subscription, error: S9SError) -> None:
        await self._say(
            action="replay_unavailable",
            channel=subscription.wanted.channel.value,
            subscription=subscription.name,
            timestamp=format_instant(int(time.time())),
            message=error.message,
            **error.details,
        )

    def refused(self, subscription: Subscription, error: PermissionDenied) -> None:
        body = self._socket.error_message(error)
        name = msgspec.json.encode(subscription.name)
        if not self._frames.put(text_frame(b'%b,"subscription":%b}' % (body[:-1], name))):
            self._socket.end(error)

    async def _say(self, **fields: Any) -> None:
        await self._send(msgspec.json.encode(fields))

    async def _send(self, payload: bytes) -> None:
        try:
            await self._socket.send(payload)
        except Closed:
            await asyncio.Event().wait()  # until the reader is closed


class LiveEndpoint:
    """Serves connections of `/v1/ws`.

    Args:
        hub: Tells of events.
        snapshots: What matches now.
        max_subscriptions: Of one connection.
    """

    def __init__(self, hub: Hub, snapshots: Snapshots, *, max_subscriptions: int) -> None:
        self._hub = hub
        self._snapshots = snapshots
        self._max_subscriptions = max_subscriptions

    async def __call__(self, guest: Guest) -> None:
        """Serve one to its end."""
        socket = guest.socket
        reader = self._hub.reader(guest.caller, LiveSink(socket, self._snapshots, guest))

        def changed(caller: Caller) -> None:
            reader.caller = caller
            self._hub.changes += 1

        guest.connection.changed = changed
        try:
            while True:
                message_id: str | int | None = None
                try:
                    message = read_message(await socket.receive())
                    message_id = message.id
                    await self._answer(message, socket, reader)
                except S9SError as error:
                    await socket.fail(error, message_id)
        finally:
            reader.close()

    async def _answer(self, message: Any, socket: Socket, reader: Reader) -> None:
        now = format_instant(int(time.time()))
        if isinstance(message, Ping):
            await socket.say(action="pong", timestamp=now, sequence=self._hub.complete, id=message.id)
        elif isinstance(message, Subscribe):
            await self._subscribe(message, socket, reader, now)
        elif isinstance(message, Unsubscribe):
            await self._unsubscribe(message, socket, reader, now)
        elif isinstance(message, Authenticate):
            raise ResourceConflict("This connection has been authenticated already")

    async def _subscribe(self, message: Subscribe, socket: Socket, reader: Reader, now: str) -> None:
        name = message.subscription or self._name(message.channel, reader)
        if name not in reader.subscriptions and len(reader.subscriptions) >= self._max_subscriptions:
            raise RateLimitExceeded(
                f"This connection has {len(reader.subscriptions)} subscriptions already",
                1,
                max_subscriptions=self._max_subscriptions,
            )
        wanted = read_filter(message.channel, message.filter)
        self._hub.require(reader.caller, wanted.channel)
        if message.since is not None and not message.snapshot:
            self._hub.log.require(message.since)
        # Room is waited for before, so that nothing comes between the answer and what it announces.
        await socket.frames.room()
        sequence = self._hub.position if message.since is None else message.since
        await socket.say(
            action="subscribed",
            channel=message.channel,
            subscription=name,
            filter=message.filter or {},
            sequence=sequence,
            timestamp=now,
            id=message.id,
        )
        reader.subscribe(name, wanted, since=message.since, snapshot=message.snapshot)

    async def _unsubscribe(self, message: Unsubscribe, socket: Socket, reader: Reader, now: str) -> None:
        names = [
            name
            for name, one in reader.subscriptions.items()
            if message.subscription in (None, name) and message.channel in (None, one.wanted.channel.value)
        ]
        if not names and message.subscription is not None:
            raise ResourceNotFound.of("subscription", message.subscription)
        for name in names:
            reader.unsubscribe(name)
        await socket.say(
            action="unsubscribed",
            channel=message.channel,
            subscription=message.subscription,
            subscriptions=names,
            timestamp=now,
            id=message.id,
        )

    @staticmethod
    def _name(channel: str, reader: Reader) -> str:
        number = 1
        while f"{channel}-{number}" in reader.subscriptions:
            number += 1
        return f"{channel}-{number}"
