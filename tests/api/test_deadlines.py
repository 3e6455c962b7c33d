"""Clients that take their time, on real sockets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest

from s9s.api.deadlines import MAX_HEAD_BYTES
from s9s.api.fastlane import protocol_with
from s9s.app.application import Application
from s9s.app.credentials import TEST_TOKEN
from tests.api.conftest import listening

HEAD, BODY = 0.5, 1.0
AUTHORIZATION = f"Authorization: Bearer {TEST_TOKEN}\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def port(application: Application) -> AsyncIterator[int]:
    """Of a server with short deadlines."""
    protocol = protocol_with(application.lane, head_seconds=HEAD, body_seconds=BODY)
    async with listening(application.front, protocol, None) as port:
        yield port


@pytest.fixture
async def connection(port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    yield reader, writer
    writer.close()


async def rest(connection: Connection) -> bytes:
    """Everything until the server closes; fails when it does not."""
    try:
        return await asyncio.wait_for(connection[0].read(), 10)
    except ConnectionResetError:
        return b""


async def drip(connection: Connection, text: bytes, pause: float = 0.05) -> None:
    try:
        for number in range(len(text)):
            connection[1].write(text[number : number + 1])
            await connection[1].drain()
            await asyncio.sleep(pause)
    except ConnectionError:
        pass  # as it should be


async def test_a_client_that_says_nothing_is_disconnected(connection: Connection) -> None:
    began = time.monotonic()
    assert await rest(connection) == b""
    assert time.monotonic() - began >= HEAD * 0.9


async def test_a_head_that_drips_is_refused_however_steadily(connection: Connection) -> None:
    dripping = asyncio.create_task(
        drip(connection, b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 99)
    )
    answer = await rest(connection)
    dripping.cancel()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"did not come in time" in answer


async def test_the_second_head_on_a_connection_has_the_same_deadline(connection: Connection) -> None:
    connection[1].write(
        f"GET /v1/jobs?limit=1 HTTP/1.1\r\nHost: localhost\r\n{AUTHORIZATION}\r\nGET /v1/jobs HT".encode()
    )
    answer = await rest(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"did not come in time" in answer


async def test_an_idle_connection_is_kept(connection: Connection) -> None:
    request = f"GET /v1/jobs?limit=1 HTTP/1.1\r\nHost: localhost\r\n{AUTHORIZATION}\r\n".encode()
    for _ in range(2):
        connection[1].write(request)
        head = (await asyncio.wait_for(connection[0].readuntil(b"\r\n\r\n"), 10)).decode().lower()
        await connection[0].readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        await asyncio.sleep(HEAD * 1.5)
    assert not connection[0].at_eof()


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_body_that_drips_is_disconnected(
    connection: Connection, is_known: bool, caplog: pytest.LogCaptureFixture
) -> None:
    authorization = AUTHORIZATION if is_known else ""
    connection[1].write(
        f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\n{authorization}Content-Length: 5000\r\n\r\n".encode()
    )
    began = time.monotonic()
    dripping = asyncio.create_task(drip(connection, b"{" * 400))
    answer = await rest(connection)
    dripping.cancel()
    assert 0.9 * BODY <= time.monotonic() - began < 8
    assert answer == b"" if is_known else answer.startswith(b"HTTP/1.1 401 ")
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR or one.exc_info]


async def test_a_body_that_comes_in_time_is_read(connection: Connection) -> None:
    body = b'{"script": "/bin/sleep 0"}'
    connection[1].write(
        f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{AUTHORIZATION}"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
    )
    await drip(connection, body, pause=0.005)
    assert (await rest(connection)).startswith(b"HTTP/1.1 201 ")


async def test_who_does_not_read_is_disconnected(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    request = b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    try:
        async with asyncio.timeout(20):
            while True:  # never reading: at some point nothing more fits between the two
                writer.write(request * 100)
                await asyncio.wait_for(writer.drain(), 5)
                await asyncio.sleep(0.01)
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_a_head_has_a_greatest_length(connection: Connection) -> None:
    try:
        connection[1].write(
            b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: " + b"a" * 2 * MAX_HEAD_BYTES
        )
        await connection[1].drain()
    except ConnectionError:
        pass
    answer = await rest(connection)
    assert answer == b"" or b"is longer than 65536 bytes" in answer


async def test_many_headers_are_no_way_around_it(connection: Connection) -> None:
    line = b"X-A: b\r\n"
    try:
        connection[1].write(
            b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n" + line * (2 * MAX_HEAD_BYTES // len(line))
        )
        await connection[1].drain()
        connection[1].write(b"\r\n")
    except ConnectionError:
        pass
    answer = await rest(connection)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


async def test_others_are_served_while_hundreds_drip(port: int) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    for _, writer in slow:
        writer.write(b"GET /v1/jobs HTTP/1.1\r\nHo")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /v1/jobs?limit=1 HTTP/1.1\r\nHost: localhost\r\n{AUTHORIZATION}\r\n".encode())
    assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 200 ")
    writer.close()
    for one in slow:
        assert (await rest(one)).startswith(b"HTTP/1.1 400 ")
        one[1].close()
