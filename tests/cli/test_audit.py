import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from s9s.cli import cli

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands on a database of their own."""
    monkeypatch.setenv("S9S_STATE_DIR", str(tmp_path))

    def run(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def history(run: Run) -> str:
    """A token that was made and revoked."""
    made = json.loads(run("token", "create", "--user", "alice", "--name", "laptop", "--json").stdout)
    run("token", "list")
    run("token", "revoke", made["token_id"])
    run("token", "revoke", "tok_none", code=1)
    return str(made["token_id"])


def test_changes_of_credentials_on_the_command_line_are_recorded(run: Run, history: str) -> None:
    created, revoked, failed = json.loads(run("audit", "list", "--json").stdout)
    name = f"tokens/{history}"
    assert (created["action"], created["credential"], created["result"]) == ("token create", "cli", "SUCCESS")
    assert (created["what"]["user"], created["what"]["name"]) == ("alice", "laptop")
    assert created["after"][name]["revoked_at"] is None
    assert (revoked["action"], revoked["what"]) == ("token revoke", {"ids": [history]})
    assert revoked["after"][name]["revoked_at"] is not None
    assert (failed["result"], failed["after"]) == ("RESOURCE_NOT_FOUND", None)


def test_a_new_signing_key_is_recorded(run: Run) -> None:
    run("client", "rotate-keys", "--drop-old")
    [record] = json.loads(run("audit", "list", "--json").stdout)
    assert (record["action"], record["what"]) == ("client rotate-keys", {"drop_old": True})


def test_the_list_is_a_table_and_can_be_filtered(run: Run, history: str) -> None:
    head, *rows = run("audit", "list").stdout.splitlines()
    assert head.split() == ["NUMBER", "TIME", "USER", "CREDENTIAL", "FROM", "ACTION", "RESOURCE", "RESULT"]
    assert [row.split()[0] for row in rows] == ["1", "3", "5"]
    assert len(run("audit", "list", "--result", "success").stdout.splitlines()) == 3
    assert len(run("audit", "list", "--action", "token create,x").stdout.splitlines()) == 2
    assert len(run("audit", "list", "--limit", "1").stdout.splitlines()) == 2
    assert len(run("audit", "list", "--until", "2020-01-01").stdout.splitlines()) == 1
    assert "Invalid value for '--since'" in run("audit", "list", "--since", "yesterday", code=2).stderr


def test_verification_ends_with_a_head_to_keep(run: Run, history: str, tmp_path: Path) -> None:
    *_, summary, head = run("audit", "verify").stdout.splitlines()
    assert summary == "6 records, flaws: 0"
    assert head.startswith("head 6:")
    assert run("audit", "verify", "--head", head).stdout.splitlines()[-1] == head
    with sqlite3.connect(tmp_path / "s9s.db") as other:
        other.execute("DROP TRIGGER audit_no_update")
        other.execute("UPDATE audit SET user = 'somebody else' WHERE number = 3")
    other.close()
    flaw, summary, _ = run("audit", "verify", code=1).stdout.splitlines()
    assert flaw == "record 3 was edited: its hash does not fit what it says"
    assert summary == "6 records, flaws: 1"


def test_a_head_that_is_none_is_refused(run: Run) -> None:
    for bad in ("x", "1", "1:xyz", ":00"):
        assert "--head" in run("audit", "verify", "--head", bad, code=2).stderr


def test_an_export_holds_every_record_as_it_is_kept(run: Run, history: str) -> None:
    records = [json.loads(line) for line in run("audit", "export").stdout.splitlines()]
    assert [record["number"] for record in records] == [1, 2, 3, 4, 5, 6]
    assert [record["kind"] for record in records] == ["intent", "outcome"] * 3
    assert [record["previous"] for record in records[1:]] == [record["hash"] for record in records[:-1]]
    assert len(run("audit", "export", "--after", "4").stdout.splitlines()) == 2


def test_an_empty_log_is_without_flaws(run: Run) -> None:
    summary, head = run("audit", "verify").stdout.splitlines()
    assert (summary, head) == ("0 records, flaws: 0", f"head 0:{'00' * 32}")
