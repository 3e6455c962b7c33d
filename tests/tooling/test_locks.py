"""requirements/*.txt: exact, hashed, and saying nothing of where packages come from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
COMMENT = re.compile(r"    +# .*")


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / lock).read_text().splitlines()
    return {found["name"]: found["version"] for line in lines if (found := PIN.fullmatch(line))}


@pytest.mark.parametrize("lock", ["run.txt", "test.txt"])
def test_holds_versions_and_hashes_only(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text()
    odd = [
        line for line in text.splitlines() if not any(form.fullmatch(line) for form in (PIN, HASH, COMMENT))
    ]
    assert odd == []
    assert "://" not in text
    assert len(pins(lock)) > 40


def test_the_tests_run_on_what_the_server_runs_on() -> None:
    assert pins("run.txt").items() <= pins("test.txt").items()


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("run.txt", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]),
        ("test.txt", PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_the_locks_are_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    locked = pins(lock)
    stale = [
        requirement
        for requirement in map(Requirement, wanted)
        if not requirement.specifier.contains(locked.get(requirement.name.lower(), ""))
    ]
    assert stale == []
