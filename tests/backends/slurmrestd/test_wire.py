"""The wire, against servers that misbehave in each way, on asyncio's event loop and on uvloop."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from s9s.backends.slurmrestd import wire as wires
from s9s.backends.slurmrestd.answers import Failed, Response, TooSlow
from s9s.backends.slurmrestd.connection import Connection
from s9s.backends.slurmrestd.wire import MAX_CONNECTIONS, Place, Wire
from tests.api.authority import Authority
from tests.backends.slurmrestd.stub import (
    OK,
    Peer,
    always_ok,
    answering,
    ending,
    in_turn,
    on_each_loop,
    wired,
)

REQUEST = b"POST /slurm/v0.0.45/job/submit HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
FINE = Response(200, b"{}")
#: For what is to come, and for what never comes.
LONG, SHORT = 10.0, 0.1


async def nothing(peer: Peer) -> None:
    """Closes the connection before anything was asked."""


async def reset(peer: Peer) -> None:
    await peer.request()
    peer.reset()


async def reset_within(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of")
    peer.reset()


# -- what is no answer ---------------------------------------------------------------------------------------

NO_ANSWERS = {
    "closed at once": (nothing, r"closed|lost"),
    "closed without a byte": (ending(), "closed without an answer"),
    "closed within the headers": (ending(b"HTTP/1.1 200 OK\r\nContent-Le"), "closed without an answer"),
    "closed after 100": (ending(b"HTTP/1.1 100 Continue\r\n\r\n"), "closed without an answer"),
    "closed within the body": (ending(OK[:-1]), "closed within the answer"),
    "closed within a chunk": (
        ending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"),
        "closed within the answer",
    ),
    "closed between chunks": (
        ending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n"),
        "closed within the answer",
    ),
    "shorter than it says": (
        ending(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"),
        "closed within the answer",
    ),
    "reset": (reset, "lost"),
    "reset where the end would be its end": (reset_within, "lost"),
    "garbage": (answering(b"\x15\x03\x01\x00\x02\x02"), "not HTTP"),
    "a page": (answering(b"<html>not found</html>"), "not HTTP"),
    "headers without end": (answering(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000), "headers"),
}


@pytest.mark.parametrize(("behaviour", "reason"), NO_ANSWERS.values(), ids=NO_ANSWERS)
@on_each_loop
async def test_what_is_no_answer_is_told(behaviour: object, reason: str) -> None:
    async with wired(in_turn(behaviour, always_ok)) as (stub, wire):  # type: ignore[arg-type]
        with pytest.raises(Failed, match=reason) as caught:
            await wire.exchange(REQUEST, LONG)
        # It may have arrived, and been done; nor is it sent again.
        assert not caught.value.never_sent
        assert not isinstance(caught.value, TooSlow)
        assert len(stub.peers) == 1
        await stub.peers[0].over.wait()
        # The connection is not used again, and its place is free.
        assert await wire.exchange(REQUEST, LONG) == FINE
        assert len(stub.peers) == 2


NEVER = {
    "nothing": answering(),
    "half of the headers": answering(OK[:20]),
    "half of the body": answering(OK[:-1]),
    "longer than it says": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"),
    "no end": answering(b"HTTP/1.1 200 OK\r\n\r\n{}"),
}


@pytest.mark.parametrize("behaviour", NEVER.values(), ids=NEVER)
@on_each_loop
async def test_an_answer_that_never_comes_is_given_up(behaviour: object) -> None:
    async with wired(in_turn(behaviour, always_ok)) as (stub, wire):  # type: ignore[arg-type]
        with pytest.raises(TooSlow, match=r"nothing was heard for 0\.1 s") as caught:
            await wire.exchange(REQUEST, SHORT)
        assert not caught.value.never_sent
        await stub.peers[0].over.wait()
        assert await wire.exchange(REQUEST, LONG) == FINE


@on_each_loop
async def test_an_answer_may_take_its_time_while_it_goes_on() -> None:
    async def drip(peer: Peer) -> None:
        await peer.request()
        for byte in OK:
            await peer.send(bytes([byte]))
            await asyncio.sleep(1.5 / len(OK))
        await peer.gone()

    async with wired(drip) as (_, wire):
        began = asyncio.get_running_loop().time()
        assert await wire.exchange(REQUEST, 1.0) == FINE
        assert asyncio.get_running_loop().time() - began > 1.0


# -- connections that are kept -------------------------------------------------------------------------------


@on_each_loop
async def test_a_connection_is_kept() -> None:
    async with wired(always_ok) as (stub, wire):
        for _ in range(3):
            assert await wire.exchange(REQUEST, LONG) == FINE
        assert stub.heard == [REQUEST] * 3
        assert len(stub.peers) == 1


NOT_KEPT = {
    "close": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "more than one answer": OK + OK.replace(b"{}", b"[]"),
    "more than an answer": OK + b"}",
}


@pytest.mark.parametrize("answer", NOT_KEPT.values(), ids=NOT_KEPT)
@on_each_loop
async def test_a_connection_is_not_kept_where_the_next_answer_is_in_doubt(answer: bytes) -> None:
    async with wired(answering(answer)) as (stub, wire):
        for number in (1, 2, 3):
            assert await wire.exchange(REQUEST, LONG) == FINE
            await stub.peers[-1].over.wait()
            assert len(stub.peers) == number


@on_each_loop
async def test_the_end_of_the_connection_is_that_of_an_answer_without_length() -> None:
    async with wired(ending(b"HTTP/1.1 200 OK\r\n\r\n{", b"}")) as (stub, wire):
        for number in (1, 2):
            assert await wire.exchange(REQUEST, LONG) == FINE
            assert len(stub.peers) == number


@contextmanager
def end_of(peer: Peer) -> Iterator[socket.socket]:
    """The server's end of a connection, for what its event loop has no call for."""
    # uvloop's sockets cannot be shut down.
    with socket.socket(fileno=os.dup(peer.writer.get_extra_info("socket").fileno())) as end:
        yield end


@pytest.mark.parametrize("left_over", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n", OK])
@pytest.mark.parametrize("is_noticed", [True, False])
@on_each_loop
async def test_a_connection_that_was_closed_while_idle_is_not_used(
    left_over: bytes, is_noticed: bool
) -> None:
    async with wired(always_ok) as (stub, wire):
        assert await wire.exchange(REQUEST, LONG) == FINE
        with end_of(stub.peers[0]) as end:
            if left_over:
                end.send(left_over)
            else:
                end.shutdown(socket.SHUT_RDWR)
            if is_noticed:
                await stub.peers[0].over.wait()
            # Else the event loop has had no turn in which to hear of it.
            assert await wire.exchange(REQUEST, LONG) == FINE
        assert stub.heard == [REQUEST] * 2
        assert len(stub.peers) == 2


@on_each_loop
async def test_a_request_that_a_kept_connection_has_taken_is_not_sent_again() -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()  # and closes, as a daemon that is killed

    async with wired(once) as (stub, wire):
        assert await wire.exchange(REQUEST, LONG) == FINE
        with pytest.raises(Failed, match="closed without an answer") as caught:
            await wire.exchange(REQUEST, LONG)
        assert not caught.value.never_sent
        assert len(stub.heard) == 2
        assert len(stub.peers) == 1


@on_each_loop
async def test_a_connection_that_was_idle_for_long_is_not_used() -> None:
    async with wired(always_ok) as (stub, wire):
        await asyncio.gather(*[wire.exchange(REQUEST, LONG) for _ in range(3)])
        assert len(stub.peers) == 3
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wires, "IDLE_SECONDS", -1.0)
            assert await wire.exchange(REQUEST, LONG) == FINE
        for peer in stub.peers[:3]:
            await peer.over.wait()
        assert len(stub.peers) == 4


@on_each_loop
async def test_who_does_not_wait_any_more_leaves_no_answer_behind() -> None:
    held = asyncio.Event()

    async def late(peer: Peer) -> None:
        await peer.request()
        held.set()
        await peer.gone()

    async with wired(in_turn(late, always_ok)) as (stub, wire):
        waiting = asyncio.ensure_future(wire.exchange(REQUEST, LONG))
        await held.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await stub.peers[0].over.wait()
        assert await wire.exchange(REQUEST, LONG) == FINE
        assert len(stub.peers) == 2


# -- how many, and for how long ------------------------------------------------------------------------------


@on_each_loop
async def test_connections_are_bounded_and_waited_for() -> None:
    at_once = most = 0

    async def counting(peer: Peer) -> None:
        nonlocal at_once, most
        while True:
            await peer.request()
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.01)
            at_once -= 1
            await peer.send(OK)

    async with wired(counting) as (stub, wire):
        answers = await asyncio.gather(*[wire.exchange(REQUEST, LONG) for _ in range(MAX_CONNECTIONS * 5)])
        assert answers == [FINE] * MAX_CONNECTIONS * 5
        assert len(stub.peers) == most == MAX_CONNECTIONS


@on_each_loop
async def test_a_connection_is_not_waited_for_for_ever() -> None:
    async with wired(answering()) as (stub, wire):
        busy = [asyncio.ensure_future(wire.exchange(REQUEST, LONG)) for _ in range(MAX_CONNECTIONS)]
        while len(stub.heard) < MAX_CONNECTIONS:
            await asyncio.sleep(0.01)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wires, "WAIT_SECONDS", SHORT)
            with pytest.raises(TooSlow, match="busy") as caught:
                await wire.exchange(REQUEST, LONG)
        assert caught.value.never_sent
        assert len(stub.heard) == MAX_CONNECTIONS
        for one in busy:
            one.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


@contextmanager
def full(address: str, port: int = 0) -> Iterator[int]:
    """The port of a listener that takes no more connections: who comes hears nothing."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@on_each_loop
async def test_a_host_that_is_silent_is_given_up() -> None:
    with full("127.0.0.1") as port, pytest.MonkeyPatch.context() as patch:
        patch.setattr(wires, "CONNECT_SECONDS", SHORT)
        with pytest.raises(TooSlow, match=r"no connection within 0\.1 s") as caught:
            await Wire(Place(host="127.0.0.1", port=port)).exchange(REQUEST, LONG)
        assert caught.value.never_sent


@pytest.mark.parametrize("first", ["refuses", "is silent"])
async def test_another_address_of_the_host_is_tried(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()

    async def found(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    async with wired(always_ok) as (_, near):
        port = near._place.port
        with ExitStack() as stack:
            if first == "is silent":
                stack.enter_context(full("127.0.0.2", port))
                monkeypatch.setattr(wires, "CONNECT_SECONDS", 1.0)
            monkeypatch.setattr(loop, "getaddrinfo", found)
            wire = Wire(Place(host="slurmrestd", port=port))
            assert await wire.exchange(REQUEST, LONG) == FINE
            await wire.close()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (Place(host="127.0.0.1", port=1), r"refused|Connect call failed"),
        (Place(path="/nowhere/slurmrestd.sock"), "No such file"),
        (Place(host="nobody.invalid", port=1), "no connection"),
    ],
    ids=["port", "socket", "name"],
)
@on_each_loop
async def test_nobody_is_there(place: Place, reason: str) -> None:
    with pytest.raises(Failed, match=reason) as caught:
        await Wire(place).exchange(REQUEST, LONG)
    assert caught.value.never_sent


@on_each_loop
async def test_closing_ends_what_is_under_way() -> None:
    async with wired(in_turn(always_ok, answering())) as (stub, wire):
        idle, busy = (asyncio.ensure_future(wire.exchange(REQUEST, LONG)) for _ in range(2))
        await idle
        while len(stub.heard) < 2:
            await asyncio.sleep(0.01)
        await wire.close()
        with pytest.raises(Failed):
            await busy
        for peer in stub.peers:
            await peer.over.wait()


# -- much ----------------------------------------------------------------------------------------------------


@on_each_loop
async def test_a_large_answer() -> None:
    body = os.urandom(1 << 20) * 20
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with wired(in_turn(answering(head, body))) as (_, wire):
        assert await wire.exchange(REQUEST, LONG) == Response(200, body)


@on_each_loop
async def test_a_large_answer_leaves_others_their_turns() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (8 << 20) + bytes(8 << 20)
    loop, connected = asyncio.get_running_loop(), asyncio.Event()
    pieces: list[int] = []

    class Counting(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            connected.set()

        def data_received(self, data: bytes) -> None:
            pieces[-1] += len(data)
            super().data_received(data)

    def turn() -> None:
        pieces.append(0)
        loop.call_soon(turn)

    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.MonkeyPatch.context() as patch:
        patch.setattr(wires, "Connection", Counting)
        wire = Wire(Place(host="127.0.0.1", port=listener.getsockname()[1]))
        reading = asyncio.ensure_future(wire.exchange(REQUEST, LONG))
        await connected.wait()
        peer, _ = listener.accept()
        with peer:
            peer.setblocking(False)
            # There is more to read than either event loop reads at once.
            sent = peer.send(answer)
            assert sent > 1 << 20
            turn()
            await loop.sock_sendall(peer, answer[sent:])
            assert len((await reading).content) == 8 << 20
        await wire.close()
    assert max(pieces) <= 256 << 10


@on_each_loop
async def test_a_large_request() -> None:
    body = os.urandom(1 << 20) * 8
    request = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with wired(always_ok) as (stub, wire):
        for _ in range(2):
            assert await wire.exchange(request, LONG) == FINE
        assert stub.heard == [request] * 2
        assert len(stub.peers) == 1


@pytest.mark.parametrize("closes", [True, False])
@on_each_loop
async def test_an_answer_may_come_before_the_request_has_gone(closes: bool) -> None:
    refused = b"HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nmuch"

    async def refuse(peer: Peer) -> None:
        await peer.send(refused if closes else refused.replace(b"413", b"200"))
        if closes:
            return
        while not peer.writer.is_closing():
            await asyncio.sleep(0.01)

    request = REQUEST + bytes(16 << 20)
    async with wired(in_turn(refuse, always_ok)) as (stub, wire):
        response = await wire.exchange(request, LONG)
        assert response == Response(413 if closes else 200, b"much")
        # The rest of it is not taken for the next request.
        assert await wire.exchange(REQUEST, LONG) == FINE
        assert stub.heard == [REQUEST]


# -- TLS -----------------------------------------------------------------------------------------------------


@contextmanager
def contexts(directory: Path) -> Iterator[tuple[ssl.SSLContext, ssl.SSLContext]]:
    """The server's and the client's, which knows its authority."""
    authority = Authority(directory)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(authority.server())
    yield server, ssl.create_default_context(cafile=authority.file)


@on_each_loop
async def test_tls(tmp_path: Path) -> None:
    body = os.urandom(1 << 20)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.send(head, body)
        await always_ok(peer)

    with contexts(tmp_path) as (server, client):
        async with wired(behave, server=server, client=client) as (stub, wire):
            assert await wire.exchange(REQUEST, LONG) == Response(200, body)
            assert await wire.exchange(REQUEST, LONG) == FINE
            assert len(stub.peers) == 1
            with end_of(stub.peers[0]) as end:
                end.shutdown(socket.SHUT_RDWR)
            assert await wire.exchange(REQUEST, LONG) == Response(200, body)
            assert len(stub.peers) == 2


@on_each_loop
async def test_a_certificate_of_a_stranger(tmp_path: Path) -> None:
    with contexts(tmp_path) as (server, _):
        async with wired(always_ok, server=server, client=ssl.create_default_context()) as (stub, wire):
            with pytest.raises(Failed, match="certificate") as caught:
                await wire.exchange(REQUEST, LONG)
            assert caught.value.never_sent
            assert not stub.heard
