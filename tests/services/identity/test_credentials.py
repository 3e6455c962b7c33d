"""Credentials that come many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from s9s.domain.errors import AuthenticationFailed
from s9s.services.access import Caller, Role
from s9s.services.identity.credentials import Credentials
from s9s.services.identity.failed_logins import MAX_UNDER_WAY, FailedLogins
from s9s.services.identity.tokens import Tokens, Wish
from s9s.storage.database import Database
from s9s.storage.tokens import TokenRecords

MANY = 10 * MAX_UNDER_WAY


@pytest.fixture
async def tokens(tmp_path: Path) -> AsyncIterator[Tokens]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        made = Tokens(TokenRecords(database))
        await made.known.start()
        yield made
        await made.known.stop()


async def test_many_connections_with_one_secret_are_one_login(tokens: Tokens) -> None:
    secret, _ = await tokens.create(Wish(user="alice", role=Role.USER))
    tokens.known.forget()  # as after a restart
    credentials = Credentials(tokens)
    callers = await asyncio.gather(*(credentials.verify(secret, "192.0.2.1") for _ in range(MANY)))
    assert {caller.user for caller in callers} == {"alice"}


async def test_many_with_one_wrong_secret_all_fail_and_count_once(tokens: Tokens) -> None:
    failures = FailedLogins(allowed=2)
    credentials = Credentials(tokens, failures=failures)
    attempts = (credentials.verify("wrong", "192.0.2.1") for _ in range(MANY))
    found = await asyncio.gather(*attempts, return_exceptions=True)
    assert {type(one) for one in found} == {AuthenticationFailed}
    assert failures.total == 1


async def test_one_that_gives_up_takes_nobody_along(tokens: Tokens) -> None:
    secret, _ = await tokens.create(Wish(user="alice", role=Role.USER))
    tokens.known.forget()
    credentials = Credentials(tokens)
    first, second = (asyncio.create_task(credentials.verify(secret, None)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert isinstance(await second, Caller)
    with pytest.raises(asyncio.CancelledError):
        await first
