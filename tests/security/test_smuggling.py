"""Requests that two readers could cut differently: refused, and nothing that stands behind them is read.

On a fresh connection, and on one that the fast lane has answered on. `SMUGGLED` stands behind each: it may
only be answered where nobody can doubt where the request before it ends.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from s9s.app.application import Application
from s9s.services.identity.tokens import Wish
from tests.api.conftest import serving

HOST = "Host: s9s.example\r\n"
SMUGGLED = "GET /v1/whoami HTTP/1.1\r\n{auth}X-Request-ID: smuggled\r\n\r\n"
PLAIN = "GET /v1/jobs?limit=1 HTTP/1.1\r\n{auth}\r\n"

#: Behind the first line, Host and credential of a POST; `{}` is as good a body as any here.
BODIES = {
    "length and chunks": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 2\r\nContent-Length: 200\r\n\r\n{}",
    "the same length twice": "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": "Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": "Content-Length: +2\r\n\r\n{}",
    "a negative length": "Content-Length: -2\r\n\r\n{}",
    "a hexadecimal length": "Content-Length: 0x2\r\n\r\n{}",
    "a length with a blank": "Content-Length: 2 3\r\n\r\n{}",
    "a length beyond 64 bits": "Content-Length: 18446744073709551618\r\n\r\n{}",
    "no length": "Content-Length:\r\n\r\n{}",
    "identity": "Transfer-Encoding: identity\r\n\r\n",
    "chunked and more": "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "what is not chunked": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two encodings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a blank before the colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a tab before the value": "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "a folded encoding": "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a folded length": "Content-Length:\r\n 2\r\n\r\n{}",
    "chunks that end in LF": "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
    "an extension with LF": "Transfer-Encoding: chunked\r\n\r\n2;a\nb\r\n{}\r\n0\r\n\r\n",
    "a negative chunk": "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "a chunk with 0x": "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk beyond 64 bits": "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n",
    "a chunk that goes on": "Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n",
    "a chunk with a blank": "Transfer-Encoding: chunked\r\n\r\n2 \r\n{}\r\n0\r\n\r\n",
}

#: Behind the first line, Host and credential of a GET.
HEADS = {
    "a folded header": "X-A: b\r\n c\r\n\r\n",
    "a bare LF in the head": "X-A: b\nX-B: c\r\n\r\n",
    "a bare LF at its end": "X-A: b\r\n\n",
    "a bare LF that hides a length": "X-A: b\nContent-Length: 4\r\n\r\n",
    "a bare CR": "X-A: b\rX-B: c\r\n\r\n",
    "NUL in a value": "X-A: a\0b\r\n\r\n",
    "NUL in a name": "X-\0A: b\r\n\r\n",
    "a blank in a name": "X A: b\r\n\r\n",
    "no colon": "XA\r\n\r\n",
    "no name": ": b\r\n\r\n",
    "a second Host": "Host: other.example\r\n\r\n",
}

#: Whole requests, of which the first one has no Host, or a version of its own.
WHOLE = {
    "no Host": "GET /v1/jobs HTTP/1.1\r\n{credential}\r\n",
    "no Host, known to the fast lane": "GET /v1/jobs?limit=1 HTTP/1.1\r\n{credential}\r\n",
    "a folded first header": "GET /v1/jobs HTTP/1.1\r\n X: y\r\n{auth}\r\n",
    "a folded credential": "GET /v1/jobs HTTP/1.1\r\n{host}Authorization: Bearer\r\n {secret}\r\n\r\n",
    "HTTP/0.9": "GET /v1/jobs\r\n\r\n",
    "HTTP/1.2": "GET /v1/jobs HTTP/1.2\r\n{auth}\r\n",
    "HTTP/2.0": "GET /v1/jobs HTTP/2.0\r\n{auth}\r\n",
    "chunks in HTTP/1.0": "POST /v1/jobs HTTP/1.0\r\n{auth}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "lines that end in LF": "GET /v1/jobs HTTP/1.1\n{lf}\n",
    "a preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no HTTP at all": "NONSENSE\r\n\r\n",
    "a blank in the target": "GET /v1/jobs?a b HTTP/1.1\r\n{auth}\r\n",
}
ATTACKS = (
    {name: "POST /v1/jobs HTTP/1.1\r\n{auth}" + rest.replace("{}", "{body}") for name, rest in BODIES.items()}
    | {name: "GET /v1/jobs?limit=1 HTTP/1.1\r\n{auth}" + rest for name, rest in HEADS.items()}
    | WHOLE
)


class Wire:
    """Speaks to a server in bytes."""

    def __init__(self, port: int, secret: str) -> None:
        self._port = port
        credential = f"Authorization: Bearer {secret}\r\n"
        auth = HOST + credential
        self._words = {
            "auth": auth, "host": HOST, "credential": credential, "secret": secret, "body": "{}",
            "lf": auth.replace("\r", ""),
        }  # fmt: skip

    def raw(self, text: str) -> bytes:
        return re.sub(r"\{(\w+)\}", lambda match: self._words[match[1]], text).encode("latin-1")

    async def say(self, *writes: bytes, seconds: float = 10.0) -> tuple[list[int], bytes, bool]:
        """Statuses of all answers, their bytes, and whether the server has closed the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        answer, is_closed = b"", False
        try:
            for write in writes:
                writer.write(write)
                await writer.drain()
            async with asyncio.timeout(seconds):
                while piece := await reader.read(1 << 16):
                    answer += piece
            is_closed = True
        except ConnectionError:
            is_closed = True
        except TimeoutError:
            pass
        writer.close()
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)], answer, is_closed


@pytest.fixture
async def wire(application: Application) -> AsyncIterator[Wire]:
    secret, _ = await application.tokens.create(Wish(user="alice", tier="enterprise"))
    async with serving(application) as port:
        yield Wire(port, secret)


@pytest.mark.parametrize("warm", [0, 2], ids=["fresh", "warm"])
async def test_what_could_be_cut_in_two_ways_is_refused_and_is_the_last(wire: Wire, warm: int) -> None:
    known = [wire.raw(PLAIN)] * warm
    await wire.say(*[*known, wire.raw(PLAIN.replace("limit=1", "limit=2"))], seconds=0.3)

    async def attack(name: str, text: str) -> None:
        statuses, answer, is_closed = await wire.say(wire.raw(PLAIN) * warm + wire.raw(text + SMUGGLED))
        assert b"smuggled" not in answer, name
        assert is_closed, name
        # Whether its refusal could be told or not: nothing but the plain ones was answered well.
        assert statuses in ([200] * warm + [400], [200] * warm, [200] * (warm - 1)), (name, statuses)
        assert warm or statuses == [400], (name, statuses)

    await asyncio.gather(*(attack(name, text) for name, text in ATTACKS.items()))
    assert (await wire.say(wire.raw(PLAIN), seconds=0.3))[0] == [200]


#: The one way to cut them is taken: both are answered, in order.
CHUNKED = "{auth}Transfer-Encoding: ChunKed\r\n\r\n"
CLEAR = {
    "chunks": (f"POST /v1/jobs HTTP/1.1\r\n{CHUNKED}2\r\n{{body}}\r\n0\r\n\r\n", 400),
    "a body of a GET": ("GET /v1/jobs?limit=1 HTTP/1.1\r\n{auth}Content-Length: 2\r\n\r\n{body}", 200),
    "an empty body of a GET": ("GET /v1/jobs?limit=1 HTTP/1.1\r\n{auth}Content-Length: 0\r\n\r\n", 200),
    "a refused body": ("POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{body}", 401),
    "no such route": ("GET /nowhere HTTP/1.1\r\n{auth}\r\n", 404),
    "a target with a host": ("GET http://other.example/v1/jobs?limit=1 HTTP/1.1\r\n{auth}\r\n", 200),
}


@pytest.mark.parametrize("name", CLEAR)
async def test_what_can_be_cut_in_one_way_only_leaves_the_next_as_it_is(wire: Wire, name: str) -> None:
    text, status = CLEAR[name]
    last = SMUGGLED.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")
    statuses, answer, is_closed = await wire.say(wire.raw(text + last))
    assert statuses == [status, 200]
    assert answer.count(b"x-request-id: smuggled") == 1
    assert is_closed


@pytest.mark.parametrize(
    ("trailer", "host"),
    [
        ("{credential}", "Host: s9s.example\r\n"),  # a credential that is there too late
        ("X-Request-ID: trailer\r\n", "{auth}"),
        ("X-API-Key: another\r\n", "{auth}"),
        ("Host: localhost\r\n", "{auth}"),
        ("X-Forwarded-For: 192.0.2.66\r\nClient-Cert: :AAAA:\r\n", "{auth}"),
    ],
)
async def test_what_follows_a_body_is_no_header(
    application: Application, wire: Wire, trailer: str, host: str
) -> None:
    """Proxies remove `Client-Cert` from heads; behind the body it must not count."""
    head = f"GET /v1/whoami HTTP/1.1\r\n{host}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    statuses, answer, _ = await wire.say(wire.raw(f"{head}2\r\n{{body}}\r\n0\r\n{trailer}\r\n"))
    assert statuses == [200 if host == "{auth}" else 401]
    assert b"trailer" not in answer


class TestBehindAProxy:
    @pytest.fixture
    def changed_settings(self) -> dict[str, object]:
        return {"server": {"trusted_proxies": ["127.0.0.1"]}}

    async def test_a_certificate_behind_the_body_is_nobodys(self, wire: Wire) -> None:
        head = "GET /v1/whoami HTTP/1.1\r\n{host}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = "2\r\n{body}\r\n0\r\nClient-Cert: nonsense\r\n\r\n"
        statuses, answer, _ = await wire.say(wire.raw(head + body))
        assert statuses == [401]
        assert b"needs a credential" in answer  # and not: the header Client-Cert is not as RFC 9440 says


async def test_a_request_in_the_body_of_another_is_never_read(wire: Wire) -> None:
    inner = wire.raw(SMUGGLED)
    for line in ("GET /v1/jobs?limit=1", "POST /v1/jobs", "GET /v1/whoami"):
        outer = wire.raw(
            f"{line} HTTP/1.1\r\n{{auth}}Connection: close\r\nContent-Length: {len(inner)}\r\n\r\n"
        )
        statuses, answer, _ = await wire.say(outer + inner)
        assert len(statuses) == 1
        assert b"smuggled" not in answer


async def test_a_refusal_is_no_answer_to_what_came_before(wire: Wire) -> None:
    """A proxy would give it to somebody else: what is under way is cut off, what is done gets no second."""
    slow = wire.raw("GET /v1/whoami HTTP/1.1\r\n{auth}\r\n")
    statuses, _, is_closed = await wire.say(slow + b"NONSENSE\r\n\r\n")
    assert is_closed
    assert statuses in ([], [200])
    unknown = "POST /v1/jobs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", wire._port)
    writer.write(unknown.encode())
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 401 ")
        length = re.search(rb"content-length: (\d+)", head)
        assert length
        await reader.readexactly(int(length[1]))
        writer.write(b"garbage\r\n\r\n")
        assert await reader.read() == b""
    writer.close()


async def test_a_client_that_leaves_within_a_body_is_no_error_of_the_server(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", wire._port)
    writer.write(wire.raw("POST /v1/jobs HTTP/1.1\r\n{auth}Content-Length: 100\r\n\r\n{body}"))
    await writer.drain()
    await wire.say(wire.raw(PLAIN), seconds=0.3)  # the other one has been looked at by then
    writer.close()
    await writer.wait_closed()
    assert await reader.read() == b""
    await wire.say(wire.raw(PLAIN), seconds=0.3)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
