"""Node and Go, where this machine has them; what is built is built once for all test processes."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import lacking

ROOT = Path(__file__).parents[2]
JAVASCRIPT = ROOT / "sdk/javascript"
GO = ROOT / "sdk/go"


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None, seconds: float = 300) -> str:
    """Standard output of a command that has to succeed."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("S9S_")}
    done = subprocess.run(
        command, cwd=cwd, env=environment | (env or {}), capture_output=True, text=True, timeout=seconds
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def find_node() -> str | None:
    """Node, where there is one with npm."""
    return shutil.which("node") if shutil.which("npm") else None


def find_go() -> str | None:
    """Go, where there is one."""
    return shutil.which("go") or shutil.which("/usr/local/go/bin/go")


def node() -> str:
    """Node 20 or later; skips the test where there is none, and on CI fails it."""
    found = find_node()
    if found is None:
        lacking("there is no node with npm on this machine")
    version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < 20:
        lacking(f"node {version} is older than 20")
    return found


def go() -> str:
    """Go 1.23 or later; skips the test where there is none, and on CI fails it."""
    found = find_go()
    if found is None:
        lacking("there is no go on this machine")
    version = subprocess.run([found, "env", "GOVERSION"], capture_output=True, text=True).stdout.strip()
    if tuple(int(part) for part in version.removeprefix("go").split(".")[:2]) < (1, 23):
        lacking(f"{version} is older than 1.23")
    return found


#: Nothing is fetched: the module needs the standard library alone.
GO_ENVIRONMENT = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOWORK": "off"}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def built_javascript() -> Path:
    """The package with its compiler installed as locked, and built; at once when nothing has changed."""
    executable = node()
    modules = JAVASCRIPT / "node_modules"
    with _alone(JAVASCRIPT / ".lock"):
        lock = (JAVASCRIPT / "package-lock.json").read_text()
        stamp = modules / ".installed"
        if not stamp.exists() or stamp.read_text() != lock:
            run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=JAVASCRIPT)
            stamp.write_text(lock)
        run(executable, "scripts/build.mjs", cwd=JAVASCRIPT)
    return JAVASCRIPT
