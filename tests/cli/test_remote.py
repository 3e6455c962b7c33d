"""Commands that speak to a server, tried at a real one."""

from __future__ import annotations

import asyncio
import getpass
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from s9s.app.application import Application, running
from s9s.cli.remote.tables import plain
from s9s.config import Settings
from s9s.services.access import Role
from s9s.services.identity.tokens import Wish
from tests.api.conftest import serving

USER = getpass.getuser()
SCRIPT = """#!/bin/bash
#SBATCH --job-name=from-the-script
echo one
until [ -e {folder}/go ]; do sleep 0.05; done
echo two
"""

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
async def s9s(application: Application) -> AsyncIterator[Run]:
    """Runs a command as whoever runs the tests, or with another token."""
    secret, _ = await application.tokens.create(Wish(user=USER, role=Role.USER, tier="enterprise"))
    async with serving(application) as port:

        async def run(*arguments: str, token: str = secret, stdin: str | None = None) -> Done:
            environment = {"S9S_API_URL": f"http://127.0.0.1:{port}", "S9S_API_TOKEN": token}
            return await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-m", "s9s", *arguments],
                env=environment,
                input=stdin,
                capture_output=True,
                text=True,
                timeout=60,
            )

        yield run


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
    refused = await s9s("drain", "node001", "--reason", "test", token=alice)
    assert refused.returncode == 1
    assert "PERMISSION_DENIED" in refused.stderr
    drained = await s9s("drain", "node[001-002]", "--reason", "test")
    assert [line.partition(":")[0] for line in drained.stdout.splitlines()] == ["node001", "node002"]
    assert (await s9s("nodes", "--state", "DRAIN")).stdout.count("\tDRAIN\t") == 2
    assert (await s9s("resume", "node[001-002]")).returncode == 0


async def test_what_goes_wrong_has_its_own_status(s9s: Run, tmp_path: Path) -> None:
    assert (await s9s("jobs", token="nonsense")).returncode == 4
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
