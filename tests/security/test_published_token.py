"""The token that everybody knows: good for whoever runs the server, and for nobody else on the host."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest

from s9s.api.connections import Connection, owner_of
from s9s.app.application import Application
from s9s.app.credentials import TEST_TOKEN
from s9s.services.identity.tokens import Wish
from tests.api.conftest import serving

#: Two for the fast lane (the second time is the same bytes), and one for the other.
PATHS = ["/v1/jobs?limit=1", "/v1/jobs?limit=1", "/v1/status"]
NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"limits": {"failed_logins": 1_000_000}}


@pytest.fixture
async def port(application: Application) -> AsyncIterator[int]:
    async with serving(application) as port:
        yield port


def ask(port: int, *lines: str, uid: int | None = None) -> list[int]:
    """Statuses of the answers on one connection, opened by a process of another user if one is named."""
    with closing(_connected(port, uid)) as client:
        client.settimeout(10)
        statuses = []
        with client.makefile("rb") as answers:
            for path in PATHS:
                head = "\r\n".join(
                    [f"GET {path} HTTP/1.1", f"Authorization: Bearer {TEST_TOKEN}", *lines, "", ""]
                )
                try:
                    client.sendall(head.encode())
                    statuses.append(int(answers.readline().split()[1]))
                except (ConnectionError, IndexError):
                    break  # what is no proper request was the last on its connection
                length = 0
                while (line := answers.readline().strip().lower()) != b"":
                    if line.startswith(b"content-length:"):
                        length = int(line.split()[1])
                answers.read(length)
        return statuses


def _connected(port: int, uid: int | None) -> socket.socket:
    """A connection; a child that has become the user opens it and sends it over."""
    if uid is None:
        return socket.create_connection(("127.0.0.1", port))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = os.fork()
        if not child:  # pragma: no cover - another process
            try:
                os.setresuid(uid, uid, uid)
                made = socket.create_connection(("127.0.0.1", port))
                socket.send_fds(theirs, [b"x"], [made.fileno()])
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        _, [descriptor], *_ = socket.recv_fds(ours, 1, 1)
    return socket.socket(fileno=descriptor)


@pytest.mark.parametrize(
    "lines",
    [
        ["Host: localhost"],
        ["Host: 127.0.0.1:8080"],
        ["Host: LOCALHOST:1"],
        ["Host: [::1]:8080"],
        ["Host: localhost:8080", "Origin: http://localhost:8080"],  # /docs of this very server
    ],
)
async def test_it_works_by_the_names_of_the_host(port: int, lines: list[str]) -> None:
    assert await asyncio.to_thread(ask, port, *lines) == [200, 200, 200]


@pytest.mark.parametrize(
    "lines",
    [
        ["Host: attacker.example"],  # DNS rebinding: the attacker's own name, for 127.0.0.1
        ["Host: attacker.example:8080"],
        ["Host: localhost.attacker.example"],
        ["Host: localhost:8080@attacker.example"],
        ["Host: 127.0.0.1.attacker.example"],
        ["Host: 127.0.0.2"],
        ["Host: localhost."],
        ["Host: "],
        [],
        ["Host: localhost", "Host: attacker.example"],
        ["Host: localhost", "Origin: http://attacker.example"],  # a page that opens a WebSocket
        ["Host: localhost", "Origin: null"],
        ["Host: localhost:8080", "Origin: http://localhost:3000"],
        ["Host: localhost", "X-Forwarded-For: 192.0.2.1"],  # a proxy speaks for somebody
        ["Host: localhost", "Forwarded: for=192.0.2.1"],
        ["Host: localhost", "Via: 1.1 proxy"],
    ],
)
async def test_it_is_worth_nothing_in_pages_of_others_and_behind_proxies(port: int, lines: list[str]) -> None:
    assert set(await asyncio.to_thread(ask, port, *lines)) <= {400, 401}


@needs_root
async def test_it_is_worth_nothing_to_another_user_of_the_host(port: int) -> None:
    assert await asyncio.to_thread(ask, port, "Host: localhost", uid=NOBODY) == [401, 401, 401]


@needs_root
async def test_root_may_use_the_token_of_another_users_server(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY)
    assert await asyncio.to_thread(ask, port, "Host: localhost") == [200, 200, 200]
    assert await asyncio.to_thread(ask, port, "Host: localhost", uid=NOBODY) == [200, 200, 200]
    assert await asyncio.to_thread(ask, port, "Host: localhost", uid=NOBODY - 1) == [401, 401, 401]


async def test_other_tokens_work_by_any_name(application: Application, port: int) -> None:
    secret, _ = await application.tokens.create(Wish(user="alice"))

    def status() -> int:
        with closing(_connected(port, NOBODY if os.geteuid() == 0 else None)) as client:
            client.sendall(
                f"GET /v1/status HTTP/1.1\r\nHost: s9s.example\r\nX-API-Key: {secret}\r\n\r\n".encode()
            )
            return int(client.recv(12).split()[1])

    assert await asyncio.to_thread(status) == 200


@pytest.fixture(params=["127.0.0.1", "::1", "mapped"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client's socket and the server's."""
    host = "::" if request.param == "mapped" else request.param
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::")
    except OSError:
        pytest.skip("this host has no IPv6")
    with listener:
        to = "127.0.0.1" if host == "::" else host
        with socket.create_connection((to, listener.getsockname()[1])) as client:
            accepted, _ = listener.accept()
            with accepted:
                yield client, accepted


def owner(accepted: socket.socket) -> int | None:
    return owner_of(accepted.getpeername()[:2], accepted.getsockname()[:2])


def test_the_kernel_tells_whose_connection_it_is(ends: tuple[socket.socket, socket.socket]) -> None:
    assert owner(ends[1]) == os.geteuid()


def test_a_client_that_is_gone_is_nobody(ends: tuple[socket.socket, socket.socket]) -> None:
    # The kernel says uid 0 of what nobody holds any more: whoever closes at once must not be taken for root.
    ends[0].close()
    assert owner(ends[1]) is None


def test_a_socket_that_only_ends_its_requests_is_still_its_owners(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ends[0].shutdown(socket.SHUT_WR)
    assert owner(ends[1]) == os.geteuid()


def test_clients_on_other_hosts_are_nobody() -> None:
    assert owner_of(("192.0.2.1", 40000), ("127.0.0.1", 8080)) is None
    headers = [(b"host", b"localhost")]
    assert not Connection(("192.0.2.1", 40000), ("192.0.2.2", 8080)).is_local(headers)
    assert not Connection(None, None).is_local(headers)


async def test_whoami_tells_whose_it_is(port: int) -> None:
    def user() -> str:
        with closing(_connected(port, None)) as client:
            client.sendall(
                b"GET /v1/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                b"Authorization: Bearer " + TEST_TOKEN.encode() + b"\r\n\r\n"
            )
            with client.makefile("rb") as answer:
                return answer.read().decode()

    assert f'"user":"{getpass.getuser()}"' in await asyncio.to_thread(user)
