"""Calls: what goes over the wire, what is repeated, and what is told when no answer comes."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from s9s.backends.slurmrestd import answers, transport
from s9s.backends.slurmrestd.answers import Response
from s9s.backends.slurmrestd.transport import Transport
from s9s.domain.errors import SlurmError, SlurmUnavailable
from tests.backends.slurmrestd.stub import (
    OK,
    Behaviour,
    Peer,
    always_ok,
    answering,
    ending,
    in_turn,
    on_each_loop,
    serving,
)

READ = {"method": "GET"}
#: What acts, 26.05's requeue among it.
WRITES = {
    "submit": {"method": "POST", "body": b"{}"},
    "cancel": {"method": "DELETE"},
    "requeue": {"method": "GET", "repeat": False},
}
write = pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_RETRY_SECONDS", 0.001)


async def send(calls: Transport, **named: Any) -> Response:
    named = READ | {"path": ("slurm", "v0.0.45", "jobs"), "timeout": 5} | named
    return await calls.call(**named, headers={"X-SLURM-USER-NAME": "alice"})


# -- what goes over the wire ---------------------------------------------------------------------------------


@on_each_loop
async def test_what_goes_over_the_wire() -> None:
    async with serving(always_ok) as (stub, url):
        calls = Transport(url)
        await send(
            calls, path=("slurm", "v0.0.45", "node", "a/b c"), query=(("t", "uts1"), ("s", "A,B:c/d é"))
        )
        await send(calls, method="POST", body=b'{"hold":true}')
        await send(calls, method="DELETE")
        await calls.close()
        assert len(stub.peers) == 1
    read, post, delete = (request.decode() for request in stub.heard)
    target = "/slurm/v0.0.45/node/a%2Fb%20c?t=uts1&s=A%2CB%3Ac%2Fd%20%C3%A9"
    headers = (
        f"Host: {url.removeprefix('http://')}\r\nConnection: keep-alive\r\nAccept: application/json\r\n"
        "Accept-Encoding: identity\r\nUser-Agent: s9s\r\nX-SLURM-USER-NAME: alice\r\n"
    )
    assert read == f"GET {target} HTTP/1.1\r\n{headers}\r\n"
    of_body = "Content-Type: application/json\r\nContent-Length: 13\r\n"
    assert post == f'POST /slurm/v0.0.45/jobs HTTP/1.1\r\n{headers}{of_body}\r\n{{"hold":true}}'
    assert delete == f"DELETE /slurm/v0.0.45/jobs HTTP/1.1\r\n{headers}\r\n"


@on_each_loop
async def test_an_address_may_have_a_path_and_a_login() -> None:
    async with serving(always_ok) as (stub, url):
        calls = Transport(url.replace("//", "//proxy:a%3Ab@") + "/behind/")
        await send(calls)
        await calls.close()
    request = stub.heard[0].decode()
    assert request.startswith("GET /behind/slurm/v0.0.45/jobs HTTP/1.1\r\n")
    assert f"\r\nAuthorization: Basic {base64.b64encode(b'proxy:a:b').decode()}\r\n" in request
    assert "@" not in request


@on_each_loop
async def test_a_unix_socket(tmp_path: Path) -> None:
    async with serving(always_ok, path=tmp_path / "slurmrestd.sock") as (stub, url):
        for _ in range(2):
            calls = Transport(url)
            assert (await send(calls)).status == 200
            await calls.close()
            url = url.replace("unix:", "unix://")
    assert b"\r\nHost: localhost\r\n" in stub.heard[0]


@pytest.mark.parametrize("value", ["a\r\nX-SLURM-USER-NAME: root", "a\nb", "a\0b", "é"])
async def test_no_header_makes_another(value: str) -> None:
    async with serving(always_ok) as (stub, url):
        calls = Transport(url)
        with pytest.raises(SlurmUnavailable):
            await calls.call("GET", ("slurm",), headers={"X-SLURM-USER-NAME": value}, timeout=5)
        await calls.close()
    assert not stub.peers


# -- what is repeated ----------------------------------------------------------------------------------------


def taken(first: bytes = b"") -> Behaviour:
    """Takes requests and then ends without an answer; the first of a connection may have had one."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        if first:
            await peer.send(first)
            await peer.request()

    return behave


@on_each_loop
async def test_a_read_is_repeated_twice() -> None:
    async with serving(in_turn(taken(), ending(OK[:-1]), always_ok)) as (stub, url):
        calls = Transport(url)
        assert (await send(calls)).content == b"{}"
        await calls.close()
    assert len(stub.heard) == 3
    async with serving(taken()) as (stub, url):
        calls = Transport(url)
        with pytest.raises(SlurmUnavailable, match=r"out of reach .*closed without an answer") as caught:
            await send(calls)
        assert not caught.value.never_sent
        await calls.close()
    assert len(stub.heard) == 3


@write
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "new"])
@on_each_loop
async def test_what_acts_is_sent_once(call: dict[str, Any], kept: bool) -> None:
    """Also over a connection that was kept: no byte of an answer is no evidence that nothing was done."""
    async with serving(in_turn(taken(OK if kept else b""), always_ok)) as (stub, url):
        calls = Transport(url)
        if kept:
            await send(calls)
        with pytest.raises(SlurmUnavailable, match="out of reach") as caught:
            await send(calls, **call)
        assert not caught.value.never_sent
        await calls.close()
        assert len(stub.heard) == 1 + kept
        assert len(stub.peers) == 1


@write
async def test_what_acts_and_never_left_may_go_another_way(call: dict[str, Any]) -> None:
    calls = Transport("http://127.0.0.1:1")
    with pytest.raises(SlurmUnavailable, match="out of reach") as caught:
        await send(calls, **call)
    assert caught.value.never_sent


@on_each_loop
async def test_what_is_slow_is_not_repeated() -> None:
    for call in (READ, *WRITES.values()):
        async with serving(answering()) as (stub, url):
            calls = Transport(url)
            with pytest.raises(SlurmUnavailable, match="did not answer in time") as caught:
                await send(calls, timeout=0.1, **call)
            assert not caught.value.never_sent
            await calls.close()
        assert len(stub.heard) == 1


@on_each_loop
async def test_what_is_too_large_is_not_repeated() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "MAX_ANSWER_BYTES", 1000)
        async with serving(answering(b"HTTP/1.1 200 OK\r\n\r\n", bytes(100_000))) as (stub, url):
            calls = Transport(url)
            with pytest.raises(SlurmError, match="larger") as caught:
                await send(calls)
            assert not isinstance(caught.value, SlurmUnavailable)
            await calls.close()
        assert len(stub.heard) == 1


# -- slurmrestd's own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["401 Unauthorized", "500 Internal Server Error", "422 Unprocessable"])
@on_each_loop
async def test_a_connection_is_not_used_again_after_an_error(status: str) -> None:
    """26.05 sends some twice, and the second may be late."""
    error = f"HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nerror".encode()
    async with serving(answering(error)) as (stub, url):
        calls = Transport(url)
        for _ in range(3):
            assert (await send(calls)).content == b"error"
        await calls.close()
    assert len(stub.peers) == 3


async def test_nobody_there(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:1", f"unix:{tmp_path}/none.sock"):
        calls = Transport(url)
        with pytest.raises(SlurmUnavailable, match="out of reach"):
            await send(calls)
        await calls.close()
