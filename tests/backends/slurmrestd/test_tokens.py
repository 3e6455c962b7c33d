"""Whose name a call is made in."""

from __future__ import annotations

import getpass
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from s9s.backends.processes import Finished
from s9s.backends.slurmrestd import KeyTokens, OwnToken, UnusableKey
from s9s.domain.errors import PermissionDenied, SlurmUnavailable

KEY = bytes(range(1, 33))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "jwt.key"
    path.write_bytes(KEY)
    path.chmod(0o600)
    return path


def claims(headers: dict[str, str], key: bytes = KEY) -> dict[str, Any]:
    token = jwt.decode(headers["X-SLURM-USER-TOKEN"], OctKey.import_key(key), algorithms=["HS256"])
    return dict(token.claims)


async def test_a_token_names_the_user_and_ends_soon(key: Path) -> None:
    tokens = KeyTokens(key, lifetime_seconds=120, clock=lambda: 1000.7)
    headers = await tokens.headers("alice")
    assert headers["X-SLURM-USER-NAME"] == "alice"
    assert claims(headers) == {"sun": "alice", "iat": 1000, "exp": 1120}  # whole numbers, or Slurm refuses it
    assert (await tokens.headers(None))["X-SLURM-USER-NAME"] == "root"
    assert tokens.acts_as == "anyone"
    service = KeyTokens(key, service_user="slurm")
    assert claims(await service.headers(None))["sun"] == "slurm"


async def test_a_token_is_kept_for_half_its_life(key: Path) -> None:
    now = 1000.0
    tokens = KeyTokens(key, lifetime_seconds=120, clock=lambda: now)
    first = await tokens.headers("alice")
    now = 1059.0
    assert await tokens.headers("alice") == first
    assert await tokens.headers("bob") != first
    now = 1060.0
    assert claims(await tokens.headers("alice"))["exp"] == 1180
    tokens.forget("alice")
    now = 1061.0
    assert claims(await tokens.headers("alice"))["exp"] == 1181


async def test_tokens_of_many_users_are_bounded(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeyTokens, "CACHED_USERS", 3)
    tokens = KeyTokens(key)
    for number in range(10):
        await tokens.headers(f"user{number}")
    assert list(tokens._tokens) == ["user7", "user8", "user9"]


@pytest.mark.parametrize(
    "user", ["", "0", "1001", "a b", "bob\r\nX-SLURM-USER-TOKEN: x", "-x", "a/b", "żółw", "x" * 300, "bob\0"]
)
async def test_what_is_no_user_name_gets_no_token(key: Path, user: str) -> None:
    tokens = KeyTokens(key)
    assert not tokens.can_act_as(user)
    with pytest.raises(PermissionDenied):
        await tokens.headers(user)


@pytest.mark.parametrize("user", ["alice", "a.b-c_d", "svc$", "bob@example.org", "x2", "2x"])
async def test_user_names_of_directories(key: Path, user: str) -> None:
    assert claims(await KeyTokens(key).headers(user))["sun"] == user


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o620, 0o666])
def test_a_key_that_others_may_read_is_refused(key: Path, mode: int) -> None:
    key.chmod(mode)
    with pytest.raises(UnusableKey, match=r"chmod o-rwx,g-w") as caught:
        KeyTokens(key)
    assert KEY.hex() not in str(caught.value)
    assert stat.S_IMODE(key.stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640])
def test_a_key_as_slurm_wants_it(key: Path, mode: int) -> None:
    key.chmod(mode)
    KeyTokens(key)


def test_keys_that_are_none(key: Path, tmp_path: Path) -> None:
    key.write_bytes(b"short")
    with pytest.raises(UnusableKey, match="5 bytes"):
        KeyTokens(key)
    with pytest.raises(UnusableKey, match="No such file"):
        KeyTokens(tmp_path / "none")


async def test_a_replaced_key_is_read_again(key: Path) -> None:
    now = 1000.0
    tokens = KeyTokens(key, lifetime_seconds=100, clock=lambda: now)
    await tokens.headers("alice")
    other = bytes(range(100, 132))
    key.write_bytes(other)
    os.utime(key, (1, 1))
    assert claims(await tokens.headers("alice"), KEY)
    tokens.forget("alice")  # as the client does when Slurm refuses the token
    assert claims(await tokens.headers("alice"), other)
    key.unlink()
    now = 2000.0
    with pytest.raises(SlurmUnavailable):
        await tokens.headers("alice")


class Commands:
    """Stands for `Processes`: prints what it is told."""

    def __init__(self, *outputs: Finished | Exception) -> None:
        self._outputs = list(outputs)
        self.runs: list[list[str]] = []

    async def run(self, argv: list[str], **named: Any) -> Finished:
        assert named["timeout"] > 0
        assert named["env"] == {"SLURM_CONF": "/etc/slurm.conf"}
        self.runs.append(argv)
        output = self._outputs.pop(0)
        if isinstance(output, Exception):
            raise output
        return output


def printed(text: str, returncode: int = 0, stderr: str = "") -> Finished:
    return Finished(returncode=returncode, stdout=text.encode(), stderr=stderr)


def own(commands: Commands, **named: Any) -> OwnToken:
    return OwnToken(commands, environment={"SLURM_CONF": "/etc/slurm.conf"}, **named)  # type: ignore[arg-type]


async def test_the_servers_own_token_is_renewed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    now = 1000.0
    commands = Commands(printed("SLURM_JWT=one\n"), printed("SLURM_JWT=two\n"))
    tokens = own(commands, lifespan_seconds=600, clock=lambda: now)
    assert await tokens.headers(None) == {"X-SLURM-USER-NAME": "nobody", "X-SLURM-USER-TOKEN": "one"}
    now = 1299.0
    assert (await tokens.headers("nobody"))["X-SLURM-USER-TOKEN"] == "one"
    now = 1300.0
    assert (await tokens.headers("nobody"))["X-SLURM-USER-TOKEN"] == "two"
    assert commands.runs == [["scontrol", "token", "lifespan=600"]] * 2
    assert tokens.acts_as == "nobody"


async def test_the_servers_own_token_is_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    commands = Commands(printed("SLURM_JWT=one\n"))
    tokens = own(commands)
    for user in ("alice", "root"):
        assert not tokens.can_act_as(user)
        with pytest.raises(PermissionDenied):
            await tokens.headers(user)
    assert not commands.runs


async def test_roots_token_serves_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    tokens = own(Commands(printed("SLURM_JWT=roots\n")))
    assert await tokens.headers("alice") == {"X-SLURM-USER-NAME": "alice", "X-SLURM-USER-TOKEN": "roots"}
    assert (await tokens.headers(None))["X-SLURM-USER-NAME"] == "root"
    assert tokens.acts_as == "anyone"
    assert not tokens.can_act_as("0")


@pytest.mark.parametrize(
    "output",
    [
        printed("", 1, "scontrol: error: Unable to contact slurm controller"),
        printed("SLURM_JWT=\n"),
        printed("gibberish"),
        TimeoutError("scontrol took longer than 15 s"),
        SlurmUnavailable("There is no scontrol"),
    ],
)
async def test_no_token_to_be_had(output: Finished | Exception) -> None:
    tokens = own(Commands(output, printed("SLURM_JWT=later\n")))
    with pytest.raises(SlurmUnavailable):
        await tokens.headers(None)
    assert (await tokens.headers(getpass.getuser()))["X-SLURM-USER-TOKEN"] == "later"
