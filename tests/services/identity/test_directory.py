"""Passwords checked by a real directory server, over TLS from the first byte and by StartTLS."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from s9s.domain.errors import AuthenticationFailed, ServiceUnavailable
from s9s.services.identity import directory
from s9s.services.identity.directory import LdapPasswords
from s9s.services.identity.logins import Logins
from s9s.services.identity.passwords import MissingPackage
from s9s.services.identity.tokens import Tokens
from s9s.storage.database import Database
from s9s.storage.tokens import TokenRecords
from tests.api.authority import Authority
from tests.services.identity import slapd
from tests.services.identity.slapd import PASSWORDS, SUFFIX, USER_DN, Slapd

Make = Callable[..., LdapPasswords]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    slapd.install()
    with Slapd(tmp_path_factory.mktemp("slapd")) as server:
        yield server


@pytest.fixture(params=["ldaps", "ldap"])
def url(request: pytest.FixtureRequest, server: Slapd) -> str:
    return str(getattr(server, request.param))


@pytest.fixture
def make(url: str, server: Slapd) -> Iterator[Make]:
    made: list[LdapPasswords] = []

    def passwords(**changes: Any) -> LdapPasswords:
        made.append(LdapPasswords(**{"url": url, "user_dn": USER_DN, "ca": server.ca, **changes}))
        return made[-1]

    yield passwords
    for one in made:
        one.close()


@pytest.mark.parametrize("user", PASSWORDS)
async def test_the_right_password_and_no_other(make: Make, user: str) -> None:
    passwords = make()
    assert await passwords.are_right(user, PASSWORDS[user]) is True
    for wrong in ("wrong", PASSWORDS[user] + "\n", PASSWORDS[user][:-1], PASSWORDS[user].upper() + " "):
        assert await passwords.are_right(user, wrong) is False


async def test_nobody_is_told_whether_there_is_such_a_user(make: Make) -> None:
    assert await make().are_right("mallory", "wrong") is False


@pytest.mark.parametrize(
    "user", ["alice,ou=people", "*", "alice)(uid=*", "al\\ice", "alice+uid=bob", '"alice"', "#alice"]
)
async def test_a_name_is_a_name(make: Make, user: str) -> None:
    """What reaches the server is one value: no part of the tree, no pattern, no second attribute."""
    assert await make().are_right(user, PASSWORDS["alice"]) is False
    assert await make(group=f"cn=posix,ou=groups,{SUFFIX}").are_right(user, PASSWORDS["bob"]) is False


@pytest.mark.parametrize(
    ("group", "members"), [("hpc", {"alice"}), ("posix", {"bob"}), ("secret", set()), ("nosuch", set())]
)
async def test_only_members_of_the_group_come_in(make: Make, group: str, members: set[str]) -> None:
    passwords = make(group=f"cn={group},ou=groups,{SUFFIX}")
    found = {user for user, password in PASSWORDS.items() if await passwords.are_right(user, password)}
    assert found == members
    assert await passwords.are_right("alice", "wrong") is False


async def test_a_server_that_nobody_vouches_for_is_told_nothing(make: Make, tmp_path: Path) -> None:
    for ca in (str(Authority(tmp_path, "Other CA").file), None):
        with pytest.raises(ServiceUnavailable):
            await make(ca=ca).are_right("alice", PASSWORDS["alice"])


async def test_a_server_that_is_another_is_told_nothing(make: Make, url: str) -> None:
    """The certificate is for 127.0.0.1."""
    with pytest.raises(ServiceUnavailable):
        await make(url=url.replace("127.0.0.1", "localhost")).are_right("alice", PASSWORDS["alice"])


async def test_no_file_of_the_host_makes_tls_weaker(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ldaprc").write_text("TLS_REQCERT never\n")
    (tmp_path / "ldaprc").write_text("TLS_REQCERT never\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LDAPTLS_REQCERT", "never")
    monkeypatch.setenv("LDAPNOINIT", "1")
    with pytest.raises(ServiceUnavailable):
        await make(ca=str(Authority(tmp_path, "Other CA").file)).are_right("alice", PASSWORDS["alice"])


async def test_a_password_is_in_no_list_of_processes(server: Slapd, make: Make) -> None:
    passwords = make()
    server.freeze()
    try:
        asked = asyncio.create_task(passwords.are_right("bob", "hush-hush-hush"))
        lines: list[bytes] = []
        async with asyncio.timeout(10):
            while not any(b"ldapwhoami" in line for line in lines):
                await asyncio.sleep(0.02)
                lines = _processes()
        assert not any(b"hush-hush" in line for line in lines)
    finally:
        server.thaw()
    assert await asked is False


def _processes() -> list[bytes]:
    """Arguments and environment of every process of this host."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        if process.name != str(os.getpid()):
            for name in ("cmdline", "environ"):
                try:
                    found.append((process / name).read_bytes())
                except OSError:
                    continue
    return found


async def test_a_server_that_does_not_answer_keeps_nobody_waiting(
    server: Slapd, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "TIMEOUT_SECONDS", 0.5)
    passwords = make()
    server.freeze()
    try:
        answers = await asyncio.gather(
            *(passwords.are_right("alice", "guess") for _ in range(20)), return_exceptions=True
        )
    finally:
        server.thaw()
    assert {type(answer) for answer in answers} == {ServiceUnavailable}
    async with asyncio.timeout(10):
        while not await _is_right(passwords):
            await asyncio.sleep(0.05)


async def _is_right(passwords: LdapPasswords) -> bool:
    try:
        return await passwords.are_right("alice", PASSWORDS["alice"])
    except ServiceUnavailable:
        return False


async def test_no_server_is_no_wrong_password() -> None:
    slapd.install()
    passwords = LdapPasswords("ldaps://127.0.0.1:1", USER_DN)
    with pytest.raises(ServiceUnavailable):
        await passwords.are_right("alice", "right")
    passwords.close()


@pytest.fixture
async def tokens(tmp_path: Path) -> AsyncIterator[Tokens]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        yield Tokens(TokenRecords(database))


async def test_logging_in(make: Make, tokens: Tokens) -> None:
    logins = Logins(tokens, make())
    secret, token = await logins.log_in("alice", PASSWORDS["alice"], "192.0.2.1")
    assert (await tokens.verify(secret)).user == token.user == "alice"
    with pytest.raises(AuthenticationFailed):
        await logins.log_in("alice", PASSWORDS["bob"], "192.0.2.1")


def test_programs_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_PATH", "/nonexistent")
    with pytest.raises(MissingPackage, match="apt install ldap-utils"):
        LdapPasswords("ldaps://ldap.example.com", "uid={user}")
