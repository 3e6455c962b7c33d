"""Commands that speak to a server, tried at a real one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from s9s.app.application import Application
from s9s.cli.remote.tables import plain
from s9s.services.access import Role
from s9s.services.identity.tokens import Wish
from tests.cli.conftest import USER, Run
from tests.sdk.cutting import CuttingProxy

SCRIPT = """#!/bin/bash
#SBATCH --job-name=from-the-script
echo one
until [ -e {folder}/go ]; do sleep 0.05; done
echo two
"""


async def test_a_job_from_submission_to_output(s9s: Run, tmp_path: Path) -> None:
    script = tmp_path / "job.sh"
    script.write_text(SCRIPT.format(folder=tmp_path))
    made = await s9s("submit", str(script), "--directory", str(tmp_path), "--time", "10", "--memory", "64MB")
    assert made.returncode == 0, made.stderr
    job_id = made.stdout.strip()
    shown = json.loads((await s9s("job", job_id, "--json")).stdout)
    assert (shown["job_name"], shown["time_limit"]) == ("from-the-script", "0:10:00")
    listed = await s9s("jobs", "--user", "me", "--state", "PENDING,RUNNING")
    [line] = listed.stdout.splitlines()
    assert line.split("\t")[:3] == [job_id, "from-the-script", USER]
    following = asyncio.create_task(s9s("logs", "-f", job_id))
    await asyncio.sleep(0)
    (tmp_path / "go").touch()
    assert (await following).stdout == "one\ntwo\n"
    assert (await s9s("logs", "-n", "1", job_id)).stdout == "two\n"
    found = await s9s("search", "from-the-script", "--type", "jobs")
    assert found.stdout.split("\t")[:2] == ["job", job_id]
    assert "from-the-script" in (await s9s("job", job_id)).stdout


async def test_following_goes_on_after_broken_connections(
    s9s: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    script = "#!/bin/sh\nfor n in $(seq 150); do echo $n zażółć; sleep 0.02; done\n"
    job_id = (await s9s("submit", "-", "--directory", str(tmp_path), stdin=script)).stdout.strip()
    with CuttingProxy(environment["S9S_API_URL"], 1200, 5000) as proxy:
        followed = await s9s("logs", "-f", job_id, "--url", proxy.url)
        assert proxy.cuts >= 1
    assert (followed.returncode, followed.stderr) == (0, "")
    assert followed.stdout == "".join(f"{number} zażółć\n" for number in range(1, 151))
    assert (await s9s("logs", "-f", "4000000")).returncode == 1


async def test_the_same_key_submits_once(s9s: Run, tmp_path: Path) -> None:
    arguments = ("submit", "-", "--key", "k1", "--directory", str(tmp_path))
    script = "#!/bin/sh\n#SBATCH --hold\nsleep 60\n"
    first, second = [await s9s(*arguments, stdin=script) for _ in range(2)]
    assert first.stdout == second.stdout
    job_id = first.stdout.strip()
    assert (await s9s("release", job_id)).returncode == 0
    gone = await s9s("cancel", "--force", job_id, "4000000")
    assert gone.returncode == 1
    assert f"{job_id}: " in gone.stdout
    assert "4000000: Job 4000000 not found" in gone.stderr
    assert "1 of 2 failed" in gone.stderr


async def test_nodes(s9s: Run, application: Application) -> None:
    listed = await s9s("nodes", "--limit", "3")
    assert len(listed.stdout.splitlines()) == 3
    alice, _ = await application.tokens.create(Wish(user="alice", role=Role.USER))
    drain = ("drain", "node001", "--reason", "test")
    refused = await s9s(*drain, token=alice)
    assert refused.returncode == 1
    assert "PERMISSION_DENIED" in refused.stderr
    drained = await s9s("drain", "node[001-002]", "--reason", "test")
    assert [line.partition(":")[0] for line in drained.stdout.splitlines()] == ["node001", "node002"]
    assert (await s9s("nodes", "--state", "DRAIN")).stdout.count("\tDRAIN\t") == 2
    assert (await s9s("resume", "node[001-002]")).returncode == 0


async def test_what_goes_wrong_has_its_own_status(s9s: Run, tmp_path: Path) -> None:
    unknown = await s9s("jobs", token="nonsense")
    assert unknown.returncode == 4
    assert "s9s token create" in unknown.stderr
    assert "set S9S_API_TOKEN" in (await s9s("jobs", token="")).stderr
    assert (await s9s("jobs", "--url", "nonsense")).returncode == 2
    away = await s9s("jobs", "--url", "http://127.0.0.1:1")
    assert away.returncode == 3
    assert "cannot be reached" in away.stderr
    bad = await s9s("jobs", "--sort", "nonsense")
    assert bad.returncode == 1
    assert "allowed: " in bad.stderr
    assert "req_" in bad.stderr
    (tmp_path / "x").write_text("echo no interpreter")
    assert (await s9s("submit", str(tmp_path / "x"))).returncode == 2
    missing = await s9s("job", "../../etc")
    assert missing.returncode == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), ("", "-"), (True, "yes"), ([], "-"), (["a", "b"], "a,b"), (7, "7"),
        ("a\x1b[31mb\nc\u202e", "a?[31mb?c?"), ({"a": "\x07"}, '{"a": "\\u0007"}'),
    ],
)  # fmt: skip
def test_what_others_have_written_does_not_move_the_cursor(value: object, text: str) -> None:
    assert plain(value) == text


async def test_what_was_changed_as_json(s9s: Run) -> None:
    script = "#!/bin/sh\n#SBATCH --hold\nsleep 60\n"
    first, second = [(await s9s("submit", "-", stdin=script)).stdout.strip() for _ in range(2)]
    released = await s9s("release", first, "--json")
    assert json.loads(released.stdout)["job_id"] == first
    gone = await s9s("cancel", "--force", first, second, "4000000", "--json")
    assert gone.returncode == 1
    results = {one["job_id"]: one["status"] for one in json.loads(gone.stdout)}
    assert results == {first: "success", second: "success", "4000000": "error"}
    assert "1 of 3 failed (req_" in gone.stderr
    drained = await s9s("drain", "node001", "--reason", "test", "--json")
    assert [one["status"] for one in json.loads(drained.stdout)["results"]] == ["success"]
    assert json.loads((await s9s("resume", "node001", "--json")).stdout)["results"]


async def test_an_export_by_the_server(s9s: Run, tmp_path: Path) -> None:
    await s9s("drain", "node001", "--reason", "=1+1")
    asked = ("export", "nodes", "--filter", "state=DRAIN", "--fields", "node_name,state,reason")
    printed = await s9s(*asked)
    assert printed.stdout == "node_name,state,reason\nnode001,DRAIN,'=1+1\n"
    output = tmp_path / "nodes.JSON"
    saved = await s9s(*asked, "-o", str(output))
    assert saved.stderr.splitlines()[-1] == f"1 rows in {output}"
    assert json.loads(output.read_text()) == [{"node_name": "node001", "state": "DRAIN", "reason": "=1+1"}]
    refused = await s9s("export", "nodes", "--fields", "nope", "-o", str(output))
    assert refused.returncode == 1
    assert "allowed: " in refused.stderr
    assert json.loads(output.read_text())
    assert (await s9s("export", "nodes", "-o", str(tmp_path / "none/x.csv"))).returncode == 1
