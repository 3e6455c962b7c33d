"""A slurmrestd that behaves as it is told, byte for byte, and both event loops to meet it on."""

from __future__ import annotations

import asyncio
import inspect
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvloop

from s9s.backends.slurmrestd.wire import Place, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def on_each_loop(scenario: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of it that runs on asyncio's own loop and on uvloop, which the server has.

    It also fails when something fails in a callback, where nobody else would hear of it.
    """

    def test(loop_factory: Callable[[], asyncio.AbstractEventLoop], **fixtures: Any) -> None:
        problems: list[dict[str, Any]] = []
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.get_loop().set_exception_handler(lambda _, problem: problems.append(problem))
            runner.run(scenario(**fixtures))
        assert not problems

    signature = inspect.signature(scenario)
    added = inspect.Parameter("loop_factory", inspect.Parameter.KEYWORD_ONLY)
    test.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), added], return_annotation=None
    )
    test.__name__, test.__doc__, test.__module__ = scenario.__name__, scenario.__doc__, scenario.__module__
    loops = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    marked: Callable[..., None] = pytest.mark.parametrize("loop_factory", loops.values(), ids=loops)(test)
    return marked


class Peer:
    """One accepted connection, as the server sees it."""

    def __init__(self, stub: Stub, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._stub = stub
        self._reader = reader
        self.writer = writer
        self.over = asyncio.Event()
        """The connection is closed, by whichever side."""

    async def request(self) -> bytes:
        """The next request, whole; the stub remembers it."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await self._reader.readexactly(int(lengths[0][15:]) if lengths else 0)
        self._stub.heard.append(head + body)
        return head + body

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def gone(self) -> None:
        """Wait until the client closes the connection."""
        with suppress(OSError):
            await self._reader.read()

    def reset(self) -> None:
        """Close it with RST instead of FIN."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[Peer], Awaitable[None]]


class Stub:
    """The server.

    Attributes:
        heard: All requests.
        peers: All connections that were accepted.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._serving: set[asyncio.Task[None]] = set()
        self.heard: list[bytes] = []
        self.peers: list[Peer] = []

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(self, reader, writer)
        self.peers.append(peer)
        self._serving.add(asyncio.ensure_future(self._serve(peer)))

    async def _serve(self, peer: Peer) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, OSError):
                await self._behaviour(peer)
        finally:
            peer.writer.close()
            with suppress(OSError):
                await peer.writer.wait_closed()
            peer.over.set()

    async def end(self) -> None:
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


async def always_ok(peer: Peer) -> None:
    """What a good server does."""
    while True:
        await peer.request()
        await peer.send(OK)


def answering(*pieces: bytes) -> Behaviour:
    """Answers one request of a connection with these pieces, and waits until the client closes it."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)
        await peer.gone()

    return behave


def ending(*pieces: bytes) -> Behaviour:
    """Answers one request of a connection with these pieces, and closes it."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first connection is treated as the first says, ..., all others as the last."""
    left = list(behaviours)

    async def behave(peer: Peer) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(peer)

    return behave


@asynccontextmanager
async def serving(
    behaviour: Behaviour, *, path: Path | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Stub, str]]:
    """The server and its address, as the settings have it."""
    stub = Stub(behaviour)
    if path is not None:
        server = await asyncio.start_unix_server(stub.accept, path)
        url = f"unix:{path}"
    else:
        server = await asyncio.start_server(stub.accept, "127.0.0.1", 0, ssl=tls)
        url = f"http{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stub, url
    finally:
        server.close()
        await stub.end()
        await server.wait_closed()


@asynccontextmanager
async def wired(
    behaviour: Behaviour, *, server: ssl.SSLContext | None = None, client: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[Stub, Wire]]:
    """The server, and a wire to it."""
    async with serving(behaviour, tls=server) as (stub, url):
        wire = Wire(Place(host="127.0.0.1", port=int(url.rpartition(":")[2]), tls=client))
        try:
            yield stub, wire
        finally:
            await wire.close()
