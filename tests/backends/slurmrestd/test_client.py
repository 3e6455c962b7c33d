"""Calls: versions, retries, the breaker, and what goes over the wire."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import RestBackend, build, client, payloads, transport
from s9s.backends.slurmrestd.breaker import PAUSE_SECONDS, Breaker
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.errors import Asked
from s9s.backends.slurmrestd.transport import Transport
from s9s.backends.slurmrestd.versions import VERSIONS
from s9s.domain.errors import SlurmError, SlurmUnavailable
from tests.backends.slurmrestd.recorded import ALL, Slurmrestd, Tokens, body

LISTING = (build.LIST_PARTITIONS, payloads.Partitions, Asked(action="list partitions"))
CANCEL = (build.cancel_job("1"), payloads.Killed, Asked(action="cancel job 1"))
NEWEST = "26.05/v0.0.45"


def client_of(slurmrestd: Slurmrestd, tokens: Tokens | None = None) -> Client:
    network = httpx2.MockTransport(slurmrestd.answer)
    return Client(Transport("http://slurmrestd", network=network), tokens or Tokens())


# -- versions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ALL)
async def test_the_newest_version_that_both_know_is_spoken(where: str) -> None:
    slurmrestd = Slurmrestd(where)
    assert (await client_of(slurmrestd).dialect()).version == slurmrestd.version
    tried = [request.url.path for request in slurmrestd.requests]
    assert tried == [
        f"/slurm/{version}/ping" for version in VERSIONS[: VERSIONS.index(slurmrestd.version) + 1]
    ]


@pytest.mark.parametrize("offered", ["v0.0.41", "v0.0.40", "v0.0.39"])
async def test_versions_whose_delete_says_nothing_are_refused(offered: str) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200 if offered in request.url.path else 404, text="{}")

    backend = RestBackend(url="http://x", tokens=Tokens(), network=httpx2.MockTransport(answer))
    with pytest.raises(Unsupported, match=offered):
        await backend.discover()


async def test_a_slurmrestd_of_another_age_is_refused() -> None:
    network = httpx2.MockTransport(lambda request: httpx2.Response(404, text="Unknown"))
    with pytest.raises(Unsupported, match="none of"):
        await RestBackend(url="http://x", tokens=Tokens(), network=network).discover()


async def test_a_replaced_slurmrestd_is_discovered_again() -> None:
    old, new = Slurmrestd("26.05/v0.0.44"), Slurmrestd(NEWEST, {("GET", "slurm/partitions"): "partitions"})
    serving = [old]

    def answer(request: httpx2.Request) -> httpx2.Response:
        return serving[0].answer(request)

    calls = Client(Transport("http://x", network=httpx2.MockTransport(answer)), Tokens())
    assert (await calls.dialect()).version == "v0.0.44"
    serving[0] = new
    with pytest.raises(SlurmUnavailable):
        await calls.ask(*LISTING)
    calls._breakers["slurm"].close()
    assert (await calls.ask(*LISTING)).partitions
    assert (await calls.dialect()).version == "v0.0.45"


@pytest.mark.parametrize(
    ("where", "routes", "private"),
    [
        # What cannot be asked is taken to be private.
        ("22.05/v0.0.38", 9, {"jobs", "users", "usage"}),
        ("24.11/v0.0.42", 11, {"jobs", "users", "usage"}),
        (NEWEST, 12, set()),
    ],
)
async def test_discovery(where: str, routes: int, private: set[str]) -> None:
    found = {("GET", "slurmdb/clusters"): "clusters", ("GET", "slurm/conf"): "conf"}
    info = await Slurmrestd(where, found).backend().discover()
    slurm = where.partition("/")[0]
    assert info.name == f"lab{slurm.replace('.', '')}"
    assert info.slurm_version.startswith(slurm)
    assert len(info.routes) == routes
    assert info.has_accounting
    assert info.private_data == private
    assert (info.acts_as, info.min_job_age_seconds) == ("anyone", 300)
    assert any("slurm.conf" in note for note in info.notes) == (where != NEWEST)
    assert any("default" in note and "partition" in note for note in info.notes) == (slurm == "24.11")


async def test_discovery_reads_private_data() -> None:
    content = body(NEWEST, "conf").replace(b'"PrivateData": []', b'"PrivateData": ["JOBS", "usage"]')
    answers = {
        ("GET", "slurmdb/clusters"): lambda _: httpx2.Response(404, text="Unable find requested URL."),
        ("GET", "slurm/conf"): lambda _: httpx2.Response(200, content=content),
    }
    info = await Slurmrestd(NEWEST, answers).backend().discover()
    assert info.private_data == {"jobs", "usage"}
    assert not info.has_accounting
    assert "list users" not in info.routes


async def test_discovery_fails_while_slurmctld_is_out() -> None:
    slurmrestd = Slurmrestd(NEWEST, {("GET", "slurm/ping"): "ping_without_slurmctld"})
    with pytest.raises(SlurmUnavailable):
        await slurmrestd.backend().discover()


# -- the breaker ---------------------------------------------------------------------------------------------


async def test_a_breaker_lets_one_probe_through_at_a_time() -> None:
    now, answers, probes = 100.0, [False, False, True], 0

    async def probe() -> bool:
        nonlocal probes
        probes += 1
        return answers.pop(0)

    breaker = Breaker("slurmctld", probe, lambda: now)
    await breaker.check()
    breaker.open("it is out")
    for _ in range(3):
        with pytest.raises(SlurmUnavailable, match="it is out"):
            await breaker.check()
    assert probes == 0
    for expected in (1, 2):
        now += PAUSE_SECONDS
        for _ in range(3):
            with pytest.raises(SlurmUnavailable):
                await breaker.check()
        assert probes == expected
    now += PAUSE_SECONDS
    await breaker.check()
    await breaker.check()
    assert probes == 3
    assert not breaker.is_open


async def test_calls_fail_fast_after_an_outage() -> None:
    out = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): "jobs_without_slurmctld"})
    calls = client_of(out)
    with pytest.raises(SlurmUnavailable):
        await calls.ask(*LISTING)
    asked = len(out.requests)
    for call in (LISTING, CANCEL):
        with pytest.raises(SlurmUnavailable):
            await calls.ask(*call)
    assert len(out.requests) == asked
    # Accounting is another daemon's business.
    out.answers["GET", "slurmdb/clusters"] = "clusters"
    assert (await calls.ask(build.LIST_CLUSTERS, payloads.Partitions, Asked(action="x"))).partitions == []


async def test_a_slow_read_is_given_up_when_slurmctld_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SUSPICIOUS_SECONDS", 0.02)
    never = asyncio.Event()

    async def hang(_: httpx2.Request) -> httpx2.Response:
        await never.wait()
        raise AssertionError

    out = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): hang})
    calls = client_of(out)
    await calls.dialect()
    out.answers["GET", "slurm/ping"] = "ping_without_slurmctld"
    async with asyncio.timeout(5):
        with pytest.raises(SlurmUnavailable):
            await calls.ask(*LISTING)


async def test_a_slow_call_is_waited_for_while_slurmctld_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SUSPICIOUS_SECONDS", 0.02)
    for call, key, name in (
        (LISTING, ("GET", "slurm/partitions"), "partitions"),
        (CANCEL, ("DELETE", "slurm/job/1"), "hold_array"),
    ):

        async def late(_: httpx2.Request, name: str = name) -> httpx2.Response:
            await asyncio.sleep(0.1)
            return httpx2.Response(200, content=body(NEWEST, name))

        slurmrestd = Slurmrestd(NEWEST, {key: late})
        await client_of(slurmrestd).ask(*call)
        pings = len(slurmrestd.asked("GET", "slurm/ping"))
        assert (pings > 1) == (call is LISTING)  # a write is never given up: who knows what it did


# -- retries -------------------------------------------------------------------------------------------------


def failing(times: int, error: type[Exception], name: str) -> Callable[[httpx2.Request], httpx2.Response]:
    left = itertools.count(times, -1)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if next(left) > 0:
            raise error("broken", request=request)
        return httpx2.Response(200, content=body(NEWEST, name))

    return answer


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.RemoteProtocolError, httpx2.ReadError])
async def test_a_read_is_repeated_when_the_connection_fails(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_RETRY_SECONDS", 0.001)
    slurmrestd = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): failing(2, error, "partitions")})
    assert (await client_of(slurmrestd).ask(*LISTING)).partitions
    slurmrestd = Slurmrestd(NEWEST, {("GET", "slurm/partitions"): failing(3, error, "partitions")})
    with pytest.raises(SlurmUnavailable):
        await client_of(slurmrestd).ask(*LISTING)


async def test_a_read_that_is_slow_is_not_repeated() -> None:
    slurmrestd = Slurmrestd(
        NEWEST, {("GET", "slurm/partitions"): failing(1, httpx2.ReadTimeout, "partitions")}
    )
    with pytest.raises(SlurmUnavailable):
        await client_of(slurmrestd).ask(*LISTING)


@pytest.mark.parametrize("error", [httpx2.ConnectError, httpx2.RemoteProtocolError, httpx2.ReadTimeout])
async def test_a_write_is_never_repeated(error: type[Exception]) -> None:
    requeue = (build.requeue_job("1"), payloads.Written, Asked(action="requeue job 1"))  # a GET that writes
    for call, key in ((CANCEL, ("DELETE", "slurm/job/1")), (requeue, ("GET", "slurm/job/1/requeue"))):
        slurmrestd = Slurmrestd(NEWEST, {key: failing(1, error, "hold_array")})
        with pytest.raises(SlurmUnavailable):
            await client_of(slurmrestd).ask(*call)
        assert len(slurmrestd.asked(*key)) == 1


async def test_a_refused_token_is_replaced_once() -> None:
    tokens = Tokens()
    slurmrestd = Slurmrestd(NEWEST, {("DELETE", "slurm/job/1"): ["jobs_no_token", "hold_array"]})
    await client_of(slurmrestd, tokens).ask(*CANCEL, actor="alice")
    assert tokens.refused == ["alice"]
    slurmrestd.answers["DELETE", "slurm/job/1"] = "jobs_no_token"
    with pytest.raises(SlurmError):
        await client_of(slurmrestd, tokens).ask(*CANCEL, actor="alice")
    assert len(slurmrestd.asked("DELETE", "slurm/job/1")) == 4


async def test_nonsense_is_an_error_of_slurms() -> None:
    for status, text in ((200, "<html>"), (200, '{"partitions": 5}'), (500, "oops"), (502, "bad gateway")):
        slurmrestd = Slurmrestd(
            NEWEST,
            {("GET", "slurm/partitions"): lambda _, s=status, t=text: httpx2.Response(s, text=t)},  # type: ignore[misc]
        )
        with pytest.raises(SlurmError) as caught:
            await client_of(slurmrestd).ask(*LISTING)
        assert isinstance(caught.value, SlurmUnavailable) == (status == 502)


# -- the wire ------------------------------------------------------------------------------------------------


class Wire:
    """A server of our own that keeps what it reads and answers as told."""

    def __init__(self, status: str, content: bytes, left_over: bytes = b"") -> None:
        self.answer = (
            f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content + left_over
        )
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line[15:])
                        for line in head.lower().split(b"\r\n")
                        if line.startswith(b"content-length:")
                    ),
                    0,
                )
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(wire: Wire, path: Path | None = None) -> AsyncIterator[Transport]:
    if path is None:
        server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    else:
        server = await asyncio.start_unix_server(wire.serve, path)
        url = f"unix:{path}"
    calls = Transport(url)
    try:
        yield calls
    finally:
        await calls.close()
        server.close()
        await server.wait_closed()


async def send(calls: Transport, **named: Any) -> transport.Response:
    named = {"method": "GET", "path": ("slurm", "v0.0.45", "jobs")} | named
    return await calls.call(**named, headers={"X-SLURM-USER-NAME": "alice"}, timeout=5)


async def test_what_goes_over_the_wire() -> None:
    wire = Wire("200 OK", b"{}")
    async with served(wire) as calls:
        await send(
            calls, path=("slurm", "v0.0.45", "node", "a/b c"), query=(("t", "uts1"), ("s", "A,B:c/d é"))
        )
        await send(calls, method="POST", body=b'{"hold":true}')
        await send(calls, method="DELETE")
    first, post, delete = (request.decode() for request in wire.requests)
    assert first.startswith("GET /slurm/v0.0.45/node/a%2Fb%20c?t=uts1&s=A%2CB%3Ac%2Fd%20%C3%A9 HTTP/1.1\r\n")
    assert "\r\nAccept: application/json\r\n" in first
    assert "\r\nX-SLURM-USER-NAME: alice\r\n" in first
    assert "Connection: close" not in first  # 26.05 then garbles its errors
    assert "Content-Type: application/json\r\n" in post
    assert "Content-Length: 13\r\n" in post
    assert "Transfer-Encoding" not in post + delete
    assert "Content-Type" not in delete
    assert wire.connections == 1


@pytest.mark.parametrize("status", ["401 Unauthorized", "500 Internal Server Error", "422 Unprocessable"])
async def test_a_connection_is_not_used_again_after_an_error(status: str) -> None:
    wire = Wire(status, b"error", left_over=f"HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nerror".encode())
    async with served(wire) as calls:
        for _ in range(3):
            assert (await send(calls)).content == b"error"
    assert wire.connections == 3


async def test_a_unix_socket(tmp_path: Path) -> None:
    wire = Wire("200 OK", b"{}")
    async with served(wire, tmp_path / "slurmrestd.sock") as calls:
        assert (await send(calls)).status == 200


async def test_connections_are_bounded() -> None:
    wire = Wire("200 OK", b"{}")
    async with served(wire) as calls:
        await asyncio.gather(*(send(calls) for _ in range(transport.MAX_CONNECTIONS * 5)))
    assert len(wire.requests) == transport.MAX_CONNECTIONS * 5
    assert wire.connections <= transport.MAX_CONNECTIONS


async def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 1000)
    async with served(Wire("200 OK", b"x" * 100_000)) as calls:
        with pytest.raises(SlurmError, match="larger"):
            await send(calls)


async def test_nobody_there(tmp_path: Path) -> None:
    for url in ("http://127.0.0.1:1", f"unix:{tmp_path}/none.sock"):
        calls = Transport(url)
        with pytest.raises(SlurmUnavailable, match="out of reach"):
            await send(calls)
        await calls.close()
