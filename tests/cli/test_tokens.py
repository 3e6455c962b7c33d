import asyncio
import json
import os
import pwd
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from s9s.cli import cli
from s9s.domain.errors import AuthenticationFailed
from s9s.services.access import Caller, Role
from s9s.services.identity.tokens import Tokens
from s9s.storage.database import Database
from s9s.storage.tokens import TokenRecords


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("S9S_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("S9S_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == code, result.output
    return result


def verify(state_dir: Path, secret: str) -> Caller:
    async def ask() -> Caller:
        async with await Database.open(f"sqlite:///{state_dir}/s9s.db") as database:
            return await Tokens(TokenRecords(database)).verify(secret)

    return asyncio.run(ask())


def test_the_secret_alone_goes_to_standard_output(state_dir: Path) -> None:
    result = run(
        "token", "create", "--user", "alice", "--role", "operator", "--scopes", "jobs:read, jobs:write"
    )
    assert re.fullmatch(r"s9s_[A-Za-z0-9_-]{43}\n", result.stdout)
    assert re.fullmatch(
        r"Token tok_[0-9a-f]{16}: alice, operator, for ever. Shown this once:\n", result.stderr
    )
    caller = verify(state_dir, result.stdout.strip())
    assert (caller.user, caller.role) == ("alice", Role.OPERATOR)
    assert caller.scopes == {"jobs:read", "jobs:write"}
    assert run("token", "create", "--user", "alice", "--quiet").stderr == ""


def test_as_json_a_token_is_shown_whole() -> None:
    before = int(time.time())
    made = json.loads(
        run(
            "token",
            "create",
            "--user",
            "bob",
            "--name",
            "laptop",
            "--expires",
            "30d",
            "--tier",
            "pro",
            "--json",
        ).stdout
    )
    secret = made.pop("token")
    [listed] = json.loads(run("token", "list", "--json").stdout)
    assert made == listed
    assert secret not in json.dumps(listed)
    assert listed["user"] == "bob"
    assert (listed["role"], listed["scopes"], listed["name"], listed["tier"]) == ("auto", [], "laptop", "pro")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", listed["expires_at"])
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before + 30 * 86400))
    assert listed["expires_at"] >= created
    assert (listed["revoked_at"], listed["last_used_at"]) == (None, None)


def test_listing_and_revoking(state_dir: Path) -> None:
    secret = run("token", "create", "--user", "alice", "--name", "old laptop").stdout.strip()
    run("token", "create", "--user", "bob")
    lines = run("token", "list").stdout.splitlines()
    assert lines[0].split()[:3] == ["ID", "USER", "ROLE"]
    # Both may be of the same second.
    alices, bobs = sorted(lines[1:], key=lambda line: line.split()[1])
    assert (alices.split()[1], bobs.split()[1]) == ("alice", "bob")
    assert alices.endswith("valid  old laptop")
    token_id = alices.split()[0]
    assert run("token", "revoke", token_id).stdout == f"Token {token_id} is revoked\n"
    assert [line.split()[1] for line in run("token", "list").stdout.splitlines()[1:]] == ["bob"]
    assert "revoked  old laptop" in run("token", "list", "--all").stdout
    with pytest.raises(AuthenticationFailed, match="is revoked"):
        verify(state_dir, secret)


def test_a_token_that_is_not_there_cannot_be_revoked() -> None:
    assert run("token", "revoke", "tok_0", code=1).stderr == "Error: Token tok_0 not found\n"
    run("token", "revoke", code=2)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--user", "a b"], 1, "Invalid value for user: 'a b'; allowed: a user name"),
        (
            ["--user", "alice", "--scopes", "jobs:eat"],
            1,
            "allowed: admin, alerts:read, alerts:write",
        ),
        (["--user", "alice", "--expires", "soon"], 2, "Invalid value for '--expires': a duration like"),
        (["--user", "alice", "--expires", "0"], 1, "expires_in"),
        (
            ["--user", "alice", "--role", "king"],
            2,
            "'king' is not one of 'auto', 'user', 'operator', 'admin'",
        ),
        (
            ["--user", "alice", "--config", "/nonexistent.toml"],
            2,
            "/nonexistent.toml: No such file or directory",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(arguments: list[str], code: int, text: str) -> None:
    result = run("token", "create", *arguments, code=code)
    assert text in result.stderr
    assert result.stdout == ""


def test_unless_root_a_token_is_for_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert "Missing option '--user'" in run("token", "create", code=2).stderr
    uid = pwd.getpwnam("nobody").pw_uid
    monkeypatch.setattr("os.geteuid", lambda: uid)
    assert "nobody, auto, for ever" in run("token", "create").stderr


def test_an_unlimited_token_never_expires() -> None:
    run("token", "create", "--user", "alice", "--expires", "UNLIMITED")
    [listed] = json.loads(run("token", "list", "--json").stdout)
    assert listed["expires_at"] is None


def test_a_broken_database_is_told_in_a_line(state_dir: Path) -> None:
    state_dir.mkdir()
    (state_dir / "s9s.db").write_text("no database " * 1000)
    assert run("token", "list", code=1).stderr == "Error: the database failed: file is not a database\n"


def test_the_configuration_says_where_the_tokens_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.toml"
    other.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/elsewhere.db"\n')
    run("token", "create", "--user", "alice", "--config", str(other))
    assert (tmp_path / "elsewhere.db").exists()
    assert run("token", "list").stdout.count("\n") == 1
    monkeypatch.setenv("S9S_CONFIG", str(other))
    assert run("token", "list").stdout.count("\n") == 2


def test_several_processes_may_issue_tokens_at_once() -> None:
    command = [sys.executable, "-m", "s9s", "token", "create", "--quiet", "--user"]
    started = [
        subprocess.Popen([*command, f"user{number}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number in range(5)
    ]
    outputs = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0] * 5, outputs
    assert len({secret for secret, _ in outputs}) == 5
    assert {one["user"] for one in json.loads(run("token", "list", "--json").stdout)} == {
        f"user{number}" for number in range(5)
    }
