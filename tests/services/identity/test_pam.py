"""Passwords checked by this host's own PAM, with a service and a user made for the test."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from lab.commands import run
from s9s.domain.errors import AuthenticationFailed
from s9s.services.identity.logins import Logins
from s9s.services.identity.passwords import PamPasswords
from s9s.services.identity.tokens import Tokens
from s9s.storage.database import Database
from s9s.storage.tokens import TokenRecords
from tests.programs import installed

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make users and PAM services")

PASSWORD = "s3cret ünd $(long)"


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """Of a name that nobody else uses."""
    file = Path(f"/etc/pam.d/s9s-test-{secrets.token_hex(4)}")
    file.write_text("auth required pam_unix.so nodelay\naccount required pam_unix.so\n")
    try:
        yield file.name
    finally:
        file.unlink()


@pytest.fixture
def user() -> Iterator[str]:
    """With the password, and no shell."""
    name = f"s9st{secrets.token_hex(4)}"
    installed("useradd", "passwd")
    run(["useradd", "--no-create-home", "--shell", "/usr/sbin/nologin", name])
    try:
        run(["chpasswd"], stdin=f"{name}:{PASSWORD}\n")
        yield name
    finally:
        run(["userdel", name])


@pytest.fixture
async def passwords(service: str) -> AsyncIterator[PamPasswords]:
    made = PamPasswords(service)
    yield made
    made.close()


async def test_the_right_password_and_no_other(passwords: PamPasswords, user: str) -> None:
    assert await passwords.are_right(user, PASSWORD) is True
    for wrong in ("wrong", PASSWORD + " ", PASSWORD[:-1], PASSWORD.upper()):
        assert await passwords.are_right(user, wrong) is False
    assert await passwords.are_right(f"{user}x", PASSWORD) is False


@pytest.mark.parametrize(
    "command",
    [
        ["usermod", "--lock"],
        ["usermod", "--expiredate", "1"],  # the password is right, and the account is over
        ["chage", "--lastday", "0"],  # it must be changed first
    ],
    ids=["locked", "expired", "to be changed"],
)
async def test_an_account_that_may_not_log_in(passwords: PamPasswords, user: str, command: list[str]) -> None:
    run([*command, user])
    assert await passwords.are_right(user, PASSWORD) is False


async def test_a_service_that_is_not_there_lets_nobody_in(user: str) -> None:
    """PAM takes `other` instead, which denies on Debian or asks as usual, but for a wrong password."""
    made = PamPasswords("s9s-no-such-service")
    assert await made.are_right(user, "wrong") is False
    made.close()


async def test_logging_in(passwords: PamPasswords, user: str, tmp_path: Path) -> None:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        tokens = Tokens(TokenRecords(database))
        logins = Logins(tokens, passwords)
        secret, _ = await logins.log_in(user, PASSWORD, "192.0.2.1")
        assert (await tokens.verify(secret)).user == user
        with pytest.raises(AuthenticationFailed):
            await logins.log_in(user, "wrong", "192.0.2.1")
