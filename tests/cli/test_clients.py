import json
import os
import re
from pathlib import Path

import pytest

from tests.cli.test_tokens import run


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("S9S_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("S9S_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_id_and_secret_go_to_standard_output() -> None:
    made = run("client", "create", "--user", "alice", "--accounts", "Research, physics", "--own-jobs-only")
    assert re.fullmatch(r"client_id=cli_[0-9a-f]{16}\nclient_secret=s9c_[A-Za-z0-9_-]{43}\n", made.stdout)
    assert "Shown this once" in made.stderr
    [listed] = json.loads(run("client", "list", "--json").stdout)
    assert (listed["kind"], listed["accounts"]) == ("client", ["physics", "research"])
    assert listed["own_jobs_only"] is True
    assert "own jobs,physics,research" in run("client", "list").stdout


def test_clients_are_among_the_tokens_but_not_the_other_way_round() -> None:
    run("token", "create", "--user", "alice")
    made = json.loads(run("client", "create", "--user", "alice", "--json").stdout)
    assert made["client_id"] == made["token_id"]
    assert [one["token_id"] for one in json.loads(run("client", "list", "--json").stdout)] == [
        made["client_id"]
    ]
    assert len(json.loads(run("token", "list", "--json").stdout)) == 2
    assert run("client", "revoke", made["client_id"]).stdout == f"Client {made['client_id']} is revoked\n"
    assert run("client", "list", "--json").stdout == "[]\n"
    assert "revoked" in run("client", "list", "--all").stdout


def test_keys_are_rotated_in_a_private_file(state_dir: Path) -> None:
    first = run("client", "rotate-keys").stdout
    assert re.fullmatch(r"Signing with k[0-9a-f]{16}\n", first)
    second = run("client", "rotate-keys").stdout.split()[-1]
    file = state_dir / "signing-keys.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [key["jwk"]["kid"] for key in json.loads(file.read_text())] == [second, first.split()[-1]]
    third = run("client", "rotate-keys", "--drop-old").stdout.split()[-1]
    assert [key["jwk"]["kid"] for key in json.loads(file.read_text())] == [third]
    file.chmod(0o644)
    assert "chmod 600" in run("client", "rotate-keys", code=1).stderr


def test_an_api_key_is_a_token_of_its_own_kind() -> None:
    made = json.loads(
        run("token", "create", "--user", "bob", "--api-key", "--networks", "10.1.2.3/8", "--json").stdout
    )
    assert (made["kind"], made["token"][:4], made["networks"]) == ("api_key", "s9k_", ["10.0.0.0/8"])
    refused = run("token", "create", "--user", "bob", "--networks", "home", code=1)
    assert "Invalid value for networks: 'home'" in refused.stderr
