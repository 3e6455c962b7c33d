"""On CI nothing is left out because a machine lacks what it should have; elsewhere it is, and says why."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.programs import installed, lacking, uninstallable
from tests.sdk.toolchains import go, node

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where nothing is found."""
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        (node, "there is no node with npm"),
        (go, "there is no go"),
        (lambda: lacking("the guide cannot be installed"), "the guide cannot be installed"),
    ],
)
def test_what_is_expected_is_skipped_and_on_ci_fails(
    need: Callable[[], object], reason: str, bare: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=reason):
        need()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=f"{reason}.*, and on CI nothing is left out"):
        need()


@pytest.mark.parametrize(("uid", "has_apt", "fails"), [(0, True, True), (0, False, False), (1, True, False)])
def test_what_root_on_debian_could_install_fails_there_only(
    uid: int, has_apt: bool, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(shutil, "which", lambda name, **_: "/usr/bin/apt-get" if has_apt else None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception if fails else pytest.skip.Exception, match="no Slurm"):
        uninstallable("no Slurm")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no Slurm"):
        uninstallable("no Slurm")


def test_a_program_that_nobody_may_install_is_skipped(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.skip.Exception, match="there is no chromium "):
        installed("chromium", "chromium-browser")


@pytest.mark.parametrize(("ci", "status", "said"), [("true", 1, "1 failed"), ("", 0, "1 skipped")])
def test_a_run_says_so(ci: str, status: int, said: str, tmp_path: Path) -> None:
    """With a PATH that has no node, a real test of the JavaScript client."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rsf", "-p", "no:cacheprovider",
         "tests/sdk/test_javascript.py::test_its_own_tests_pass"],
        cwd=ROOT, env={**os.environ, "PATH": str(tmp_path), "CI": ci},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, said in done.stdout) == (status, True), done.stdout + done.stderr
    assert "there is no node with npm on this machine" in done.stdout


def test_no_test_decides_by_itself_what_is_missing() -> None:
    """A skip is about who runs the tests, or what this Slurm cannot do, never about a program or package."""
    mine = Path(__file__)
    odd = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path not in (mine, ROOT / "tests/programs.py")
        for line in path.read_text().splitlines()
        if re.search(r"importorskip|pytest\..*skip.*(which\(|there is no|not installed|LabUnavailable)", line)
    ]
    assert odd == []
