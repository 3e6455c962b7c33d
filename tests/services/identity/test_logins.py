"""Logins with a password: a stub where the password is checked, and this host's own PAM."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest

from s9s.domain.credentials import Kind
from s9s.domain.errors import (
    AuthenticationFailed,
    RateLimitExceeded,
    ResourceConflict,
    ResourceNotFound,
    ServiceUnavailable,
)
from s9s.services.access import Role
from s9s.services.identity import logins as logins_module
from s9s.services.identity import passwords as passwords_module
from s9s.services.identity.failed_logins import FailedLogins
from s9s.services.identity.logins import Logins
from s9s.services.identity.passwords import MissingPackage, PamPasswords
from s9s.services.identity.tokens import Tokens
from s9s.storage.database import Database
from s9s.storage.tokens import TokenRecords


class Stub:
    """Knows one password, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def are_right(self, user: str, password: str) -> bool:
        self.asked.append((user, password))
        return password == "right"

    def close(self) -> None:
        pass


@pytest.fixture
async def tokens(tmp_path: Path) -> AsyncIterator[Tokens]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        yield Tokens(TokenRecords(database))


async def test_a_right_password_gives_a_short_lived_token(tokens: Tokens) -> None:
    logins = Logins(
        tokens, Stub(), lifetime_seconds=600, operators=["carol"], administrators=["dave"], tier="pro"
    )
    for user, role in (("alice", Role.USER), ("carol", Role.OPERATOR), ("dave", Role.ADMIN)):
        secret, token = await logins.log_in(user, "right", "192.0.2.1")
        assert secret.startswith("s9l_")
        assert token.expires_at == token.created_at + 600
        caller = await tokens.verify(secret)
        assert (caller.user, caller.role, caller.kind, caller.tier) == (user, role, Kind.LOGIN, "pro")


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("root", "right"), ("slurm", "right"), ("0", "right"), ("a b", "right"), ("", "right"),
        ("*", "right"), ("alice,ou=x", "right"), ("alice\0", "right"), ("alice", ""), ("alice", "ri\0ght"),
        ("alice", "r" * 1025),
    ],
)  # fmt: skip
async def test_for_some_nobody_is_even_asked(tokens: Tokens, user: str, password: str) -> None:
    stub = Stub()
    with pytest.raises(AuthenticationFailed, match="Wrong user name or password"):
        await Logins(tokens, stub).log_in(user, password, None)
    assert stub.asked == []


async def test_guessing_is_slowed_down_before_the_password_is_looked_at(tokens: Tokens) -> None:
    stub = Stub()
    logins = Logins(tokens, stub, FailedLogins(3))
    refusals = []
    for number in range(50):
        with pytest.raises((AuthenticationFailed, RateLimitExceeded)) as caught:
            await logins.log_in("alice", f"guess {number}", "192.0.2.1")
        refusals.append(caught.type)
    assert refusals[:3] == [AuthenticationFailed] * 3
    assert refusals[10:] == [RateLimitExceeded] * 40
    assert len(stub.asked) == refusals.count(AuthenticationFailed)
    await logins.log_in("alice", "right", "192.0.2.2")
    assert [one for one in await tokens.list() if one.user == "alice"]


async def test_not_set_up_and_one_too_many(tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ResourceNotFound):
        await Logins(tokens).log_in("alice", "right", None)
    monkeypatch.setattr(logins_module, "MAX_VALID", 1)
    await Logins(tokens, Stub()).log_in("alice", "right", None)
    with pytest.raises(ResourceConflict):
        await Logins(tokens, Stub()).log_in("alice", "right", None)


async def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pam", None)
    with pytest.raises(MissingPackage, match=r"s9s\[pam\]"):
        PamPasswords("login")


class FakePam(ModuleType):
    """The one class of python-pam that is used."""

    def __init__(self) -> None:
        super().__init__("pam")
        self.may_answer = threading.Event()
        self.asked: list[tuple[str, str, str]] = []
        outer = self

        class PamAuthenticator:
            def authenticate(self, user: str, password: str, service: str, *, resetcreds: bool) -> bool:
                outer.asked.append((user, password, service))
                outer.may_answer.wait(20)
                return password == "right" and not resetcreds

        self.PamAuthenticator = PamAuthenticator


@pytest.fixture
def pam(monkeypatch: pytest.MonkeyPatch) -> FakePam:
    fake = FakePam()
    monkeypatch.setitem(sys.modules, "pam", fake)
    return fake


async def test_pam_is_asked_for_the_service_and_bounded(
    pam: FakePam, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = PamPasswords("s9s")
    asking = [asyncio.create_task(passwords.are_right("alice", "right")) for _ in range(20)]
    async with asyncio.timeout(10):
        while len(pam.asked) < passwords_module.CONCURRENCY:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)  # whoever would come too many would have come by now
    assert len(pam.asked) == passwords_module.CONCURRENCY
    pam.may_answer.set()
    assert await asyncio.gather(*asking) == [True] * 20
    assert pam.asked[0] == ("alice", "right", "s9s")
    assert await passwords.are_right("alice", "wrong") is False
    pam.may_answer.clear()
    monkeypatch.setattr(passwords_module, "TIMEOUT_SECONDS", 0.05)
    with pytest.raises(ServiceUnavailable):
        await passwords.are_right("alice", "right")
    pam.may_answer.set()
    passwords.close()


async def test_this_hosts_pam_refuses_a_wrong_password() -> None:
    passwords = PamPasswords("other")
    assert await passwords.are_right("nobody", "certainly not") is False
    passwords.close()
