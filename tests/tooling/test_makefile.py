"""The verbs."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(*arguments: str) -> str:
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30
    ).stdout


def test_help_lists_every_verb() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    listed = re.findall(r"^  ([a-z-]+)  +\S", make("help"), re.MULTILINE)
    assert sorted(listed) == sorted(phony[1].split())


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ((), "s9s serve --port 8080 --cluster auto"),
        (("PORT=9000", "CLUSTER=simulated"), "s9s serve --port 9000 --cluster simulated"),
    ],
)
def test_run_serves(settings: tuple[str, ...], command: str) -> None:
    assert command in make("--dry-run", "run", *settings)
