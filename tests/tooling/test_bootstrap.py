"""scripts/bootstrap, run in a copy of the repository with a stand-in for Python that records its calls."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Answers as Python would; `pip` is a module of it. $CALLS records, $PIP_FAILS makes an installation fail.
STAND_IN = """#!/bin/sh
case "$*" in
  *'sys.version_info[:2]'*) echo 3.11 ;;
  *'sys.version_info <'*) exit ${TOO_OLD:-0} ;;
  '-m venv '*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && echo venv >>"$CALLS" ;;
  '-m pip install '*) echo "$*" >>"$CALLS"; exit ${PIP_FAILS:-0} ;;
esac
"""

Bootstrap = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "requirements"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/bootstrap", tmp_path / "scripts")
    stand_in = tmp_path / "python3"
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    return tmp_path


@pytest.fixture
def bootstrap(project: Path) -> Bootstrap:
    def run(profile: str, **environment: str) -> subprocess.CompletedProcess[str]:
        calls = project / "calls"
        calls.unlink(missing_ok=True)
        done = subprocess.run(
            [project / "scripts/bootstrap", profile],
            env=os.environ | {"CALLS": str(calls), "PYTHON": str(project / "python3")} | environment,
            capture_output=True,
            text=True,
            timeout=30,
        )
        done.stdout = calls.read_text() if calls.exists() else ""
        return done

    return run


def test_installs_exactly_what_the_lock_says_and_then_the_project(bootstrap: Bootstrap) -> None:
    done = bootstrap("run")
    assert done.returncode == 0, done.stderr
    venv, packages, project = done.stdout.splitlines()
    assert venv == "venv"
    assert packages.endswith("--require-hashes --only-binary :all: -r requirements/run.txt")
    assert project.endswith("--no-deps --no-build-isolation --editable .")


def test_does_nothing_when_nothing_has_changed(bootstrap: Bootstrap) -> None:
    bootstrap("run")
    again = bootstrap("run")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_the_tests_lock_serves_the_server_too_but_not_the_reverse(bootstrap: Bootstrap) -> None:
    bootstrap("run")
    assert "requirements/test.txt" in bootstrap("test").stdout
    assert bootstrap("run").stdout == ""


@pytest.mark.parametrize("changed", ["requirements/run.txt", "pyproject.toml"])
def test_installs_again_into_the_same_environment_after_a_change(
    bootstrap: Bootstrap, project: Path, changed: str
) -> None:
    bootstrap("run")
    path = project / changed
    path.write_text("# changed\n" + path.read_text())
    again = bootstrap("run").stdout.splitlines()
    assert len(again) == 2
    assert "venv" not in again
    assert bootstrap("run").stdout == ""


def test_settings_of_tools_are_no_reason_to_install(bootstrap: Bootstrap, project: Path) -> None:
    bootstrap("run")
    path = project / "pyproject.toml"
    path.write_text(path.read_text().replace("line-length = 110", "line-length = 111"))
    assert bootstrap("run").stdout == ""


def test_an_installation_that_failed_is_tried_again(bootstrap: Bootstrap) -> None:
    failed = bootstrap("run", PIP_FAILS="7")
    assert failed.returncode == 7
    assert bootstrap("run").stdout.count("pip install") == 2


def test_a_python_that_is_gone_means_a_new_environment(bootstrap: Bootstrap, project: Path) -> None:
    bootstrap("run")
    (project / ".venv/bin/python").unlink()
    assert bootstrap("run").stdout.startswith("venv\n")


def test_says_what_is_missing_where_python_is_too_old(bootstrap: Bootstrap, project: Path) -> None:
    done = bootstrap("run", TOO_OLD="1")
    assert done.returncode == 1
    assert "Python 3.11 or later is needed" in done.stderr
    assert not (project / ".venv").exists()


def test_is_not_misled_by_environment_modules(bootstrap: Bootstrap, project: Path) -> None:
    stand_in = project / "python3"
    stand_in.write_text(
        STAND_IN.replace("case", '[ -z "${PYTHONPATH:-}${PYTHONHOME:-}" ] || exit 9\ncase', 1)
    )
    assert bootstrap("run", PYTHONPATH="/apps/numpy/1.0", PYTHONHOME="/apps/python").returncode == 0
