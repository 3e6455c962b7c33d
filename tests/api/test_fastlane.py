"""The fast lane answers what the slow one answers, byte for byte but for the request's own headers."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
import uvicorn
from msgspec import structs

from s9s.api.connections import Connection
from s9s.api.fastlane import Lane, Outbox, protocol_with
from s9s.api.lane import Answer, Guest, Standing
from s9s.app.application import Application, running
from s9s.app.credentials import TEST_TOKEN
from s9s.config import Settings
from s9s.domain.accounting import AdminLevel
from s9s.services.identity.tokens import Wish

QUERIES = [
    "",
    "limit=3",
    "state=RUNNING&user=alice&limit=50",
    "state=running,pending&sort=priority&order=asc",
    "user=nobody",
    "limit=0",
    "limit=x&limit=y",
    "sort=unknown",
    "state=SLEEPING",
    "unknown=1",
    "start_time=yesterday",
    "state=%ff",
]


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    settings = Settings.model_validate(
        {
            "server": {"state_dir": tmp_path},
            "cluster": {"mode": "simulated"},
            "simulated": {"jobs": 50, "speed": 0},
        }
    )
    async with running(settings) as made:
        yield made


@pytest.fixture
async def port(application: Application) -> AsyncIterator[int]:
    """Of a server with the fast lane."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application.front,
        http=protocol_with(application.lane),
        log_config=None,
        lifespan="on",
        server_header=False,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0)
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving


def client_of(port: int) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"authorization": f"Bearer {TEST_TOKEN}", "x-request-id": "r1"},
    )


def comparable(response: httpx2.Response) -> tuple[int, object, dict[str, str]]:
    body = response.json()
    if "error" in body:
        body["error"].pop("timestamp")
    headers = dict(response.headers)
    headers.pop("date", None)
    headers.pop("content-length")
    headers.pop("x-ratelimit-remaining")
    return response.status_code, body, headers


@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
@pytest.mark.parametrize("query", QUERIES)
async def test_both_lanes_answer_alike(application: Application, port: int, prefix: str, query: str) -> None:
    await application.cluster.watcher.stop()  # nothing may change between the two
    url = f"{prefix}/jobs?{query}"
    async with client_of(port) as client:
        await client.get("/v1/status")  # from now on there is a lease of the rate limits
        fast = await client.get(url)
        # A body, even an empty one, is nothing for the fast lane.
        slow = await client.request("GET", url, content=b"{}")
    assert comparable(fast) == comparable(slow)
    remaining = [int(answer.headers["x-ratelimit-remaining"]) for answer in (fast, slow)]
    assert remaining == [99_999_998, 99_999_997]


async def test_the_fast_lane_answers_known_callers_who_have_a_lease(application: Application) -> None:
    nowhere = Connection(None, None)
    secret, _ = await application.tokens.create(Wish(user="alice"))
    headers = [(b"authorization", f"Bearer {secret}".encode())]
    lane = application.lane
    assert lane.admit(headers, "127.0.0.1", nowhere) is None
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(application.front), base_url="http://test"
    ) as client:
        await client.get("/v1/jobs", headers={"authorization": f"Bearer {secret}"})
    guest = lane.admit(headers, "127.0.0.1", nowhere)
    assert guest is not None
    for query, status in ((b"", b"200"), (b"limit=0", b"400")):
        answer = lane.answer(guest, query)
        assert answer is not None
        assert answer.head[9:12] == status
    assert lane.admit([(b"authorization", b"Bearer other")], "127.0.0.1", nowhere) is None
    await application.tokens.known.refresh()
    application.tokens.known.forget()
    assert lane.answer(guest, b"") is None


class Asker:
    """One connection that asks for the same page again and again, in the same bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str) -> None:
        self._reader, self._writer = reader, writer
        self.request = (
            f"GET /v1/jobs?limit=5 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n\r\n"
        ).encode()

    async def ask(self, *pieces: bytes) -> tuple[int, dict[str, str], Any]:
        async with asyncio.timeout(10):
            for piece in pieces or (self.request,):
                self._writer.write(piece)
                await self._writer.drain()
                await asyncio.sleep(0.01)  # so that it comes by itself; the answer does not depend on that
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            return (
                int(head[9:12]),
                headers,
                json.loads(await self._reader.readexactly(int(headers["content-length"]))),
            )


@pytest.fixture
async def asker(application: Application, port: int) -> AsyncIterator[Asker]:
    """Of a user whose answer stands already: it is the fifth that differs in nothing."""
    secret, _ = await application.tokens.create(Wish(user="alice", tier="enterprise"))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    made = Asker(reader, writer, secret)
    await application.cluster.watcher.stop()  # nothing changes but what a test changes
    for _ in range(4):
        await made.ask()
    calls: list[object] = []
    again = application.lane.again
    application.lane.again = lambda standing: calls.append(standing) or again(standing)  # type: ignore[method-assign, func-returns-value]
    await made.ask()
    assert len(calls) == 1
    yield made
    writer.close()


async def test_a_standing_answer_is_counted_and_has_an_id_of_its_own(
    application: Application, asker: Asker
) -> None:
    counted = application.front.tally.of("/v1/jobs", "GET").statuses
    before = counted[200]
    answers = [await asker.ask() for _ in range(3)]
    assert counted[200] == before + 3
    remaining = [int(headers["x-ratelimit-remaining"]) for _, headers, _ in answers]
    assert remaining == [remaining[0] - number for number in range(3)]
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == 3
    assert answers[0][2] == answers[2][2]


async def test_no_answer_stands_after_a_revocation(application: Application, asker: Asker) -> None:
    application.tokens.known.forget()
    assert (await asker.ask())[0] == 200  # looked up anew
    [token] = [one for one in await application.tokens.list() if one.user == "alice"]
    await application.tokens.revoke(token.token_id)
    await application.tokens.known.refresh()
    assert (await asker.ask())[0] == 401


async def test_no_answer_stands_when_a_role_is_another_one(application: Application, asker: Asker) -> None:
    snapshot = application.cluster.snapshot
    info = snapshot.info
    assert info is not None
    total = (await asker.ask())[2]["total"]
    snapshot.info = structs.replace(info, private_data=frozenset({"jobs"}))
    of_alice = (await asker.ask())[2]
    assert of_alice["total"] < total
    assert {job["user"] for job in of_alice["jobs"]} <= {"alice"}
    users = snapshot.users.all()
    snapshot.users.replace(
        structs.replace(user, admin_level=AdminLevel.OPERATOR) if user.username == "alice" else user
        for user in users
    )
    assert (await asker.ask())[2]["total"] == total


async def test_no_answer_stands_when_a_job_is_another_one(application: Application, asker: Asker) -> None:
    page = (await asker.ask())[2]
    table = application.cluster.snapshot.jobs
    job = table.get(page["jobs"][0]["job_id"])
    assert job is not None
    table.put(structs.replace(job, comment="changed"))
    assert (await asker.ask())[2]["jobs"][0]["comment"] == "changed"


async def test_no_answer_stands_beyond_the_limit(application: Application, asker: Asker) -> None:
    [quota] = [one for one in application.limits._quotas.values() if one.leased]
    quota.leased, quota.rest, quota.low, quota.asked_at = 2, 0, 0, application.limits.clock()
    assert [(await asker.ask())[0] for _ in range(3)] == [200, 200, 429]


async def test_what_comes_in_pieces_after_a_standing_answer_is_one_message(asker: Asker) -> None:
    whole = asker.request
    assert (await asker.ask(whole[:9], whole[9:]))[0] == 200
    # The bytes of a whole message, but in the midst of another one: a header's value.
    odd = b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX-Odd: "
    status, _, body = await asker.ask(odd, whole)
    assert (status, body["error"]["code"]) == (400, "INVALID_REQUEST"), "two hosts"


async def test_without_a_credential_the_slow_lane_says_so(port: int) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        response = await client.get("/v1/jobs")
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "AUTHENTICATION_FAILED"
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"Host: localhost\r\nAuthorization: Bearer {TEST_TOKEN}\r\n"
    paths = ["/v1/jobs?limit=1", "/v1/status", "/v1/jobs?limit=2", "/v1/jobs/12345", "/v1/jobs?limit=3"]
    writer.write(
        "".join(
            f"GET {path} HTTP/1.1\r\n{head}X-Request-ID: n{n}\r\n\r\n" for n, path in enumerate(paths)
        ).encode()
    )
    seen = []
    async with asyncio.timeout(10):
        for _ in paths:
            answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            headers = dict(line.split(": ", 1) for line in answer.split("\r\n")[1:] if line)
            await reader.readexactly(int(headers["content-length"]))
            seen.append(headers["x-request-id"])
    writer.close()
    assert seen == [f"n{n}" for n in range(len(paths))]


async def test_what_is_no_http_is_refused_after_the_answers_before_it(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    known = f"GET /v1/jobs?limit=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TEST_TOKEN}\r\n\r\n"
    writer.write(known.encode())
    await reader.readuntil(b'"has_more":true}')  # from now on it is the fast lane that answers
    writer.write((known + "NONSENSE\r\n\r\n").encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]] == [b"200", b"400"]


async def test_an_answer_is_sent_before_the_server_closes_its_connection(application: Application) -> None:
    await application.cluster.watcher.stop()
    secret, _ = await application.tokens.create(Wish(user="alice", tier="enterprise"))
    listener = socket.create_server(("127.0.0.1", 0))
    lane = ClosingLane(application.lane)
    config = uvicorn.Config(application.front, http=protocol_with(lane), log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    asker = Asker(reader, writer, secret)
    assert (await asker.ask())[0] == 200  # the slow lane, which makes the caller known
    lane.closes = lambda: [one.shutdown() for one in list(server.server_state.connections)]  # type: ignore[union-attr]
    assert (await asker.ask())[0] == 200
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    server.should_exit = True
    await serving


class ClosingLane:
    """A lane in whose turn of the loop the server closes its connections, before the turn ends."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.closes: Callable[[], object] | None = None

    def admit(
        self, headers: list[tuple[bytes, bytes]], peer: str | None, connection: Connection
    ) -> Guest | None:
        return self._lane.admit(headers, peer, connection)

    def answer(self, guest: Guest, query_string: bytes) -> Answer | None:
        answer = self._lane.answer(guest, query_string)
        if answer is not None and self.closes is not None:
            asyncio.get_running_loop().call_soon(self.closes)
        return answer

    def again(self, standing: Standing) -> bytes | None:
        return None


class Sent:
    """A transport that notes what is sent."""

    def __init__(self, *, closing: bool = False) -> None:
        self.pieces: list[bytes] = []
        self._closing = closing

    def is_closing(self) -> bool:
        return self._closing

    def writelines(self, pieces: tuple[bytes, ...]) -> None:
        self.pieces.extend(pieces)


def put(outbox: Outbox, to: Sent, text: bytes) -> None:
    outbox.put(asyncio.get_running_loop(), cast("asyncio.Transport", to), text, b"")


async def test_answers_of_one_turn_of_the_loop_are_sent_together_at_its_end() -> None:
    outbox, one, other, gone = Outbox(), Sent(), Sent(), Sent(closing=True)
    for to in (one, other, gone, one):
        put(outbox, to, b"x")
    assert not one.pieces
    await asyncio.sleep(0)
    assert [len(to.pieces) for to in (one, other, gone)] == [4, 2, 0]
    put(outbox, one, b"y")
    await asyncio.sleep(0)
    assert one.pieces[-2:] == [b"y", b""]


async def test_no_answer_waits_for_many_others() -> None:
    outbox, one = Outbox(), Sent()
    for number in range(7):
        put(outbox, one, b"%d" % number)
    assert not one.pieces
    put(outbox, one, b"7")
    assert one.pieces[::2] == [b"%d" % number for number in range(8)]
    put(outbox, one, b"8")
    await asyncio.sleep(0)
    assert one.pieces[-2] == b"8"


async def test_what_differs_from_the_request_before_in_the_query_only_is_answered_anew(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    credential = f"Authorization: Bearer {TEST_TOKEN}"
    known = f"GET /v1/jobs?limit=1 HTTP/1.1\r\nHost: localhost\r\n{credential}\r\n\r\n"
    unknown = known.replace(TEST_TOKEN, "s9s_" + "x" * 43)
    other = known.replace("limit=1", "limit=2")
    prefixed = other.replace("/v1", "/api/v1")
    bare, bad = known.replace("?limit=1", ""), known.replace("limit=1", "limit=1#")
    elsewhere = known.replace("/jobs?limit=1", "/partitions?limit=3")
    # Whole and in pieces, once and twice in one write: an answer may not depend on what was before.
    writes = [known, known, other, known, known, known[:30], known[30:], known * 2, known, unknown, known]
    wanted = [(200, 1)] * 2 + [(200, 2)] + [(200, 1)] * 6 + [(401, None), (200, 1)]
    writes += [prefixed, bare, known.replace("=1", "=x"), known, bad, elsewhere, known]
    wanted += [(200, 2), (200, 100), (400, None), (200, 1), (200, 1), (200, 3), (200, 1)]
    ids, dates = set(), set()
    async with asyncio.timeout(10):
        seen: list[tuple[int, int | None]] = []
        for text in writes:
            writer.write(text.encode())
            for _ in range(text.count("\r\n\r\n")):
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
                body = json.loads(await reader.readexactly(int(headers["content-length"])))
                seen.append((int(head[9:12]), body.get("limit")))
                ids.add(headers["x-request-id"])
                dates.add("date" in headers)
    writer.close()
    assert seen == wanted
    assert len(ids) == len(wanted)
    assert dates == {True}


async def test_what_is_no_http_is_refused_in_the_format_of_errors(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"NONSENSE\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"INVALID_REQUEST"' in answer


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/status", "/docs", "/v1/nothing"])
async def test_head_has_the_headers_of_get_and_no_body(port: int, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for method in ("HEAD", "GET"):
        head = f"Host: localhost\r\nAuthorization: Bearer {TEST_TOKEN}\r\nConnection: keep-alive\r\n"
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
    async with asyncio.timeout(10):
        first = await reader.readuntil(b"\r\n\r\n")
        second = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert second.split(b"\r\n")[0] == first.split(b"\r\n")[0]
    assert b"content-length" in first.lower()


async def test_a_connection_that_is_used_stays_open_and_is_closed_in_the_end(
    application: Application,
) -> None:
    await application.cluster.watcher.stop()
    secret, _ = await application.tokens.create(Wish(user="alice", tier="enterprise"))
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application.front, http=protocol_with(application.lane), log_config=None, timeout_keep_alive=2
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    asker = Asker(reader, writer, secret)
    for _ in range(6):  # longer than the two seconds in all
        assert (await asker.ask())[0] == 200
        await asyncio.sleep(0.5)
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    server.should_exit = True
    await serving
