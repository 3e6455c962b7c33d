"""A server, and `s9s` as a command that speaks to it."""

from __future__ import annotations

import asyncio
import getpass
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from s9s.app.application import Application, running
from s9s.config import Settings
from s9s.services.access import Role
from s9s.services.identity.tokens import Wish
from tests.api.conftest import serving

USER = getpass.getuser()

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Awaitable[Done]]


@pytest.fixture
async def application(tmp_path: Path) -> AsyncIterator[Application]:
    settings = {
        "server": {"state_dir": tmp_path / "state"},
        "cluster": {"mode": "simulated"},
        "simulated": {"jobs": 0, "speed": 1},
    }
    async with running(Settings.model_validate(settings)) as made:
        yield made


@pytest.fixture
async def environment(application: Application) -> AsyncIterator[dict[str, str]]:
    """The variables by which a command finds the server, as whoever runs the tests."""
    secret, _ = await application.tokens.create(Wish(user=USER, role=Role.USER, tier="enterprise"))
    async with serving(application) as port:
        yield {"S9S_API_URL": f"http://127.0.0.1:{port}", "S9S_API_TOKEN": secret}


@pytest.fixture
def s9s(environment: dict[str, str]) -> Run:
    """Runs a command as whoever runs the tests, or with another token."""

    async def run(*arguments: str, token: str | None = None, stdin: str | None = None, **more: str) -> Done:
        given = environment | ({} if token is None else {"S9S_API_TOKEN": token}) | more
        return await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "s9s", *arguments],
            env=given,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
