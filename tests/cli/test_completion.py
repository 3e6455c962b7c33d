"""`s9s completion` in real shells, at a real server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.terminals import Terminal
from tests.programs import installed

#: What is typed before Tab, and what stands on the line or below it afterwards.
CASES = [
    ("s9s relea", "s9s release "),
    ("s9s jobs --acc", "s9s jobs --account "),
    ("s9s completion fi", "s9s completion fish "),
    ("s9s jobs --state runn", "RUNNING"),
    ("s9s jobs --state RUNNING,PEN", "RUNNING,PENDING"),
    ("s9s jobs --partition g", "s9s jobs --partition gpu "),
    ("s9s jobs --user ali", "s9s jobs --user alice "),
    ("s9s drain node00", "node009"),
    ("s9s search --type reserv", "reservations"),
    ("s9s token crea", "s9s token create "),
]


@pytest.fixture
def variables(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**environment, "PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8", "TERM": "xterm"}


async def submitted(s9s: Run, folder: Path) -> str:
    script = "#!/bin/sh\n#SBATCH --hold\nsleep 60\n"
    made = await s9s("submit", "-", "--directory", str(folder), "--name", "held", stdin=script)
    return made.stdout.strip()


def type_all(start: list[str], setup: str, variables: dict[str, str], job_id: str) -> None:
    """Every case, and one's own job, on a terminal with that shell."""
    for typed, wanted in [*CASES, (f"s9s cancel {job_id[:-1]}", f"s9s cancel {job_id} ")]:
        with Terminal(start, variables, columns=200) as terminal:
            terminal.press(f"{setup}; echo rea''dy\r")
            terminal.until("ready")
            terminal.press(typed)
            terminal.until(typed)
            terminal.press("\t\t")
            last = typed.split()[-1]
            terminal.until(
                wanted.removeprefix(typed) if wanted.startswith(typed) else wanted.removeprefix(last)
            )
            terminal.press("\x15")


@pytest.mark.timeout(240)
async def test_bash(s9s: Run, variables: dict[str, str], tmp_path: Path) -> None:
    bash = installed("bash", "bash")
    job_id = await submitted(s9s, tmp_path)
    command = [bash, "--norc", "--noprofile", "-i"]
    await asyncio.to_thread(type_all, command, 'eval "$(s9s completion bash)"', variables, job_id)


@pytest.mark.timeout(240)
async def test_zsh(s9s: Run, variables: dict[str, str], tmp_path: Path) -> None:
    zsh = await asyncio.to_thread(installed, "zsh", "zsh")
    job_id = await submitted(s9s, tmp_path)
    setup = 'autoload -U compinit; compinit -D; eval "$(s9s completion zsh)"'
    await asyncio.to_thread(type_all, [zsh, "-f", "-i"], setup, variables, job_id)


@pytest.mark.timeout(240)
async def test_fish(s9s: Run, variables: dict[str, str], tmp_path: Path) -> None:
    fish = await asyncio.to_thread(installed, "fish", "fish")
    job_id = await submitted(s9s, tmp_path)

    def complete(typed: str) -> str:
        script = "s9s completion fish | source; complete -C $argv[1]"
        done = subprocess.run(
            [fish, "--no-config", "-c", script, typed],
            env=variables,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    for typed, wanted in [*CASES, (f"s9s cancel {job_id[:-1]}", job_id)]:
        said = await asyncio.to_thread(complete, typed)
        word = wanted.split()[-1]
        assert any(line.split("\t")[0] == word for line in said.splitlines()), (typed, said)


async def test_a_server_that_is_away_completes_nothing_and_says_nothing(
    variables: dict[str, str],
) -> None:
    asked = {"_S9S_COMPLETE": "bash_complete", "COMP_WORDS": "s9s jobs --partition g", "COMP_CWORD": "3"}
    away = {**variables, **asked, "S9S_API_URL": "http://127.0.0.1:1"}
    done = await asyncio.to_thread(
        subprocess.run, ["s9s"], env=away, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
