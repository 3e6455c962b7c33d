"""What ends a WebSocket that the server is to blame for, or that nobody is at the other end of any more."""

from __future__ import annotations

import asyncio
import base64
import os
import sqlite3
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from s9s.api import live
from s9s.app.application import Application
from s9s.services.identity.tokens import Wish
from tests.api.conftest import serving
from tests.api.test_ws import RAN, Peer, happen
from tests.snapshot.making import job

PINGS = {"ws_ping_interval": 0.3, "ws_ping_timeout": 0.3}
TEXT, CLOSE, PING = 1, 8, 9


class Deaf:
    """A client that shakes hands, subscribes, and from then on answers nothing: it is there only for TCP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connected(cls, port: int, secret: str) -> Deaf:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            f"Authorization: Bearer {secret}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return cls(reader, writer)

    def subscribe(self) -> None:
        message = b'{"action":"subscribe","channel":"jobs"}'
        self._writer.write(bytes((0x80 | TEXT, 0x80 | len(message))) + bytes(4) + message)

    async def frames(self) -> AsyncIterator[tuple[int, bytes]]:
        """Opcode and payload of what comes, until the server cuts the connection."""
        try:
            while True:
                head, size = await self._reader.readexactly(2)
                if size == 126:
                    size = int.from_bytes(await self._reader.readexactly(2), "big")
                yield head & 0x0F, await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionResetError):
            return

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def secret(application: Application) -> Callable[..., Awaitable[str]]:
    async def make(user: str = "alice") -> str:
        return (await application.tokens.create(Wish(user=user, tier="enterprise")))[0]

    return make


async def peer_of(port: int, secret: str) -> Peer:
    return Peer(
        await connect(
            f"ws://127.0.0.1:{port}/v1/ws",
            additional_headers={"Authorization": f"Bearer {secret}"},
            proxy=None,
        )
    )


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not look():
            await asyncio.sleep(0.01)


async def test_a_dead_peer_is_found_and_costs_others_nothing(
    application: Application, secret: Callable[..., Awaitable[str]]
) -> None:
    readers = application.live.hub.readers
    async with serving(application, **PINGS) as port:
        living = await peer_of(port, await secret())
        await living.subscribe()
        dead = await Deaf.connected(port, await secret())
        dead.subscribe()
        await until(lambda: sum(len(one.subscriptions) for one in readers) == 2)
        assert len(application.live.connections) == 2

        async def heard() -> list[tuple[int, bytes]]:
            return [frame async for frame in dead.frames()]

        listening = asyncio.create_task(heard())
        # While one of two does not answer, the other hears of everything, and is kept beyond the deadline.
        for number in range(1, 31):
            await happen(application, job(number, "PENDING"), job(number, **RAN))
            states = [(await living.next())["data"]["state"] for _ in range(2)]
            assert states == ["PENDING", "RUNNING"]
            await asyncio.sleep(0.05)
        async with asyncio.timeout(10):
            frames = await listening
        assert [opcode for opcode, _ in frames].count(PING) == 1
        opcode, payload = frames[-1]
        assert (opcode, struct.unpack("!H", payload[:2])[0]) == (CLOSE, 1011)
        await until(lambda: len(application.live.connections) == 1)
        [left] = readers
        assert len(left.subscriptions) == 1
        await living.silent()
        dead.close()
        await living.connection.close()
    await until(lambda: not readers)


async def test_a_dead_peer_that_does_not_read_either_is_let_go(
    application: Application, secret: Callable[..., Awaitable[str]]
) -> None:
    readers = application.live.hub.readers
    async with serving(application, **PINGS) as port:
        dead = await Deaf.connected(port, await secret())
        dead.subscribe()
        await until(lambda: any(one.subscriptions for one in readers))
        [reader] = readers
        # More waits for it than it will ever read: that must not keep the connection either.
        number = 0
        async with asyncio.timeout(20):
            while readers:
                number += 1
                await happen(application, job(number, "PENDING", job_name="x" * 200_000))
        await until(lambda: not readers and len(application.live.connections) == 0)
        assert not reader.subscriptions
        dead.close()


async def test_a_failure_of_the_server_says_so(
    application: Application, secret: Callable[..., Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect, made here on purpose: nothing that a client can send is known to bring one out."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    async with serving(application) as port:
        peer, other = await peer_of(port, await secret()), await peer_of(port, await secret("bob"))
        await other.subscribe()
        monkeypatch.setattr(live, "read_filter", broken)
        await peer.send(action="subscribe", channel="jobs")
        told = (await peer.next())["error"]
        assert told["code"] == "INTERNAL_ERROR"
        assert told["request_id"] == peer.connection.response.headers["x-request-id"]
        assert "ZeroDivision" not in str(told)
        assert (await peer.closed())[0] == 1011
        await other.silent()
        await until(lambda: len(application.live.connections) == 1)
        await other.connection.close()


async def test_what_cannot_be_told_now_may_be_tried_again(
    application: Application, secret: Callable[..., Awaitable[str]], tmp_path: Path
) -> None:
    """The tickets are out of reach with the database; who is connected stays so."""
    async with serving(application) as port:
        headers = {"authorization": f"Bearer {await secret()}"}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
            ticket = (await http.post("/v1/ws/ticket")).json()["ticket"]
        other = await peer_of(port, await secret("bob"))
        await other.subscribe()
        with closing(sqlite3.connect(tmp_path / "state/s9s.db")) as database:
            database.execute("DROP TABLE tickets")
            database.commit()
        late = Peer(await connect(f"ws://127.0.0.1:{port}/v1/ws?ticket={ticket}", proxy=None))
        assert (await late.next())["error"]["code"] == "INTERNAL_ERROR"
        assert (await late.closed())[0] == 1013
        await other.silent()
        await other.connection.close()
