"""`s9s top` on a real terminal, at a real server."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import pytest
from rich.cells import cell_len

from s9s.app.application import Application
from s9s.cli.remote.readings import pace
from s9s.services.identity.tokens import Wish
from tests.cli.conftest import USER, Run
from tests.cli.terminals import Terminal

TOP = [sys.executable, "-m", "s9s", "top", "--interval", "1"]
SCRIPT = "#!/bin/sh\nsleep 600\n"


async def submit(s9s: Run, folder: Path, name: str, *options: str) -> str:
    arguments = ("submit", "-", "--name", name, "--directory", str(folder), *options)
    made = await s9s(*arguments, stdin=SCRIPT)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


async def test_it_shows_what_happens_and_answers_keys(
    s9s: Run, environment: dict[str, str], tmp_path: Path
) -> None:
    small = await submit(s9s, tmp_path, "small")
    big = await submit(s9s, tmp_path, "big", "--cpus-per-node", "4")
    loop = asyncio.get_running_loop()

    def watch() -> None:
        with Terminal(TOP, environment) as terminal:
            before = terminal.attributes
            terminal.until("q quit")
            assert len(terminal.frame) == 24
            assert all(cell_len(line) <= 80 for line in terminal.frame)
            terminal.until("Jobs 1-2 of 2  by cpu_count ↓  state=RUNNING")
            rows = [line.split()[0] for line in terminal.frame if " RUNNING " in line and USER in line]
            assert [row for row in rows if row.isdigit()] == [big, small]

            # What happens meanwhile is seen without a key.
            new = asyncio.run_coroutine_threadsafe(submit(s9s, tmp_path, "new"), loop).result(30)
            assert new in terminal.until("Jobs 1-3 of 3")

            terminal.press("r")
            terminal.until("by cpu_count ↑")
            terminal.press("s")
            terminal.until("by gpus ↑")
            terminal.press("/")
            terminal.until("name: █")
            terminal.press("bug\x7f\x7fig\r")
            said = terminal.until("Jobs 1-1 of 1")
            assert "job_name=big" in said
            terminal.press("/\x15\r")
            terminal.until("Jobs 1-3 of 3")
            terminal.press("t")
            terminal.until("Jobs 0")
            assert "state=PENDING" in "".join(terminal.frame)
            terminal.press("tt")
            terminal.until("Jobs 1-3 of 3")
            terminal.press("\x1b[B")
            terminal.until("Jobs 2-3 of 3")
            terminal.press(" ")
            terminal.until("PAUSED")

            # A window of another size is filled at once.
            terminal.resize(50, 12)
            deadline = time.monotonic() + 20
            while len(terminal.frame) != 12:
                assert time.monotonic() < deadline
                terminal.until("q quit")
            assert all(cell_len(line) <= 50 for line in terminal.frame)

            terminal.press("q")
            assert terminal.ended() == 0
            assert "\x1b[?1049l" in terminal.said  # the shell's own screen is back
            assert terminal.attributes == before

    await asyncio.to_thread(watch)


async def test_once_and_json_are_for_scripts(s9s: Run, tmp_path: Path) -> None:
    job = await submit(s9s, tmp_path, "scripted")
    # It is running before it is looked at.
    await s9s("jobs", "--user", "me")
    printed = await s9s("top", "--state", "PENDING,RUNNING", COLUMNS="60")
    assert printed.returncode == 0, printed.stderr
    assert "\x1b" not in printed.stdout
    assert all(cell_len(line) <= 60 for line in printed.stdout.splitlines())
    assert any(line.startswith(job) for line in printed.stdout.splitlines())
    assert (await s9s("top", "--once", "--state", "PENDING,RUNNING")).stdout.startswith("s9s top")
    told = json.loads((await s9s("top", "--json", "--state", "PENDING,RUNNING")).stdout)
    assert [one["job_id"] for one in told["jobs"]] == [job]
    assert {"cpu_percent", "memory_percent", "gpu_percent"} <= set(told["cluster"]["cluster_utilization"])
    assert told["partitions"]
    assert told["users"][0]["username"] == USER
    wrong = await s9s("top", "--once", "--sort", "nonsense")
    assert wrong.returncode == 1
    assert "allowed: " in wrong.stderr
    assert (await s9s("top", "--once", token="nonsense")).returncode == 4
    assert (await s9s("top", "--interval", "0.1")).returncode == 2


async def test_a_narrow_credential_sees_what_it_may(s9s: Run, application: Application) -> None:
    secret, _ = await application.tokens.create(Wish(user=USER, scopes=frozenset({"jobs:read"})))
    told = await s9s("top", "--json", token=secret)
    assert told.returncode == 0, told.stderr
    seen = json.loads(told.stdout)
    assert (seen["cluster"], seen["partitions"], seen["users"], seen["total"]) == (None, [], [], 0)


async def test_a_revoked_token_ends_it_with_the_screen_restored(
    application: Application, environment: dict[str, str]
) -> None:
    secret, made = await application.tokens.create(Wish(user=USER, tier="enterprise"))
    loop = asyncio.get_running_loop()

    def watch() -> None:
        with Terminal(TOP, environment | {"S9S_API_TOKEN": secret}) as terminal:
            terminal.until("q quit")
            asyncio.run_coroutine_threadsafe(application.tokens.revoke(made.token_id), loop).result(20)
            assert terminal.ended() == 4
            restored = terminal.said.index("\x1b[?1049l")
            assert "AUTHENTICATION_FAILED" in terminal.said[restored:]

    await asyncio.to_thread(watch)


@pytest.mark.parametrize(
    ("limit", "remaining", "seconds"),
    [
        (10**8, 10**8 - 1, 0.0002),
        (1000, 1000, 19.2),  # four requests, of 750 in an hour
        (1000, 625, 38.4),
        (1000, 250, 3600.0),  # the rest is for others
    ],
)
def test_its_pace_leaves_others_a_part_of_the_limit(limit: int, remaining: int, seconds: float) -> None:
    headers = {
        "x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": "5600", "x-ratelimit-window": "3600",
    }  # fmt: skip
    assert pace(headers, 4, 2000.0) == pytest.approx(seconds, rel=0.05)


def test_without_a_limit_there_is_no_pace() -> None:
    assert pace({}, 4, 0.0) == 0.0
