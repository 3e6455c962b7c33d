"""A server's parts on a small simulated cluster, and callers of it without a socket."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from s9s.api.fastlane import protocol_with
from s9s.api.frames import SharedFramesProtocol
from s9s.app.application import Application, running
from s9s.config import Settings
from s9s.services.identity.tokens import Wish


def serving(
    application: Application, context: ssl.SSLContext | None = None, **options: Any
) -> AbstractAsyncContextManager[int]:
    """The port of a real server, as `s9s serve` makes it but for uvicorn's `options`."""
    return listening(application.front, protocol_with(application.lane), context, **options)


@asynccontextmanager
async def listening(
    app: Any, protocol: type[Any], context: ssl.SSLContext | None, lifespan: Any = "on", **options: Any
) -> AsyncIterator[int]:
    """The port of any application."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        http=protocol,
        ws=SharedFramesProtocol,
        log_config=None,
        lifespan=lifespan,
        server_header=False,
        proxy_headers=False,
        ssl_context_factory=None if context is None else lambda *_: context,
        **options,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


Client = Callable[..., Awaitable[httpx2.AsyncClient]]


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    """What differs from the usual settings; tests override it."""
    return {}


@pytest.fixture
async def application(tmp_path: Path, changed_settings: dict[str, Any]) -> AsyncIterator[Application]:
    settings = {
        "server": {"state_dir": tmp_path / "state"},
        "cluster": {"mode": "simulated"},
        "simulated": {"jobs": 50, "speed": 0},
    }
    for section, values in changed_settings.items():
        settings[section] = {**settings.get(section, {}), **values}
    async with running(Settings.model_validate(settings)) as made:
        yield made


@pytest.fixture
async def client(application: Application) -> AsyncIterator[Client]:
    """Clients with a credential that is as the keywords say, with another secret, or with none."""
    opened: list[httpx2.AsyncClient] = []

    async def make(secret: str | None = None, address: str = "192.0.2.1", **wish: Any) -> httpx2.AsyncClient:
        if wish:
            secret, _ = await application.tokens.create(Wish(**wish))
        transport = httpx2.ASGITransport(application.front, client=(address, 5000))
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        made = httpx2.AsyncClient(transport=transport, base_url="http://s9s", headers=headers)
        opened.append(made)
        return made

    yield make
    for one in opened:
        await one.aclose()
