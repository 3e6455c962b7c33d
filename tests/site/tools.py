"""What guides need beyond this project: installed where it can be, else the guide is skipped and says why."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.programs import installed, lacking
from tests.sdk.toolchains import node
from tests.site.blocks import ROOT

Done = subprocess.CompletedProcess[str]

REQUIREMENTS = Path(__file__).with_name("requirements")

#: Programs of Debian's packages, by the package.
PACKAGES = {"jq": "jq", "prometheus": "prometheus", "nginx": "nginx"}


def provide(tool: str) -> list[Path]:
    """Directories for PATH. Skips the test where the tool is not here and cannot be installed."""
    if tool in PACKAGES:
        installed(tool, PACKAGES[tool])
        return []
    if (lock := REQUIREMENTS / tool / "package-lock.json").exists():
        node()
        return [_made(tool, lock, _modules) / "node_modules/.bin"]
    return [_made(tool, REQUIREMENTS / f"{tool}.txt", _environment) / "bin"]


def _made(tool: str, lock: Path, install: Callable[[Path, Path], Done]) -> Path:
    """A directory with what a lock of its own says; made once, for it takes up to half a minute."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    made = ROOT / "build/guides" / f"{tool}-{digest}"
    made.parent.mkdir(parents=True, exist_ok=True)
    with (made.parent / f"{tool}.lock").open("a") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (made / "installed").exists():
            shutil.rmtree(made, ignore_errors=True)
            done = install(lock, made)
            if done.returncode:
                lacking(f"{tool} cannot be installed here: {done.stderr[-300:]}")
            (made / "installed").touch()
    return made


def _environment(lock: Path, made: Path) -> Done:
    """Python packages, as a virtual environment."""
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, made], check=True, timeout=60)
    install = [uv, "pip", "install", "--quiet", "--python", made / "bin/python", "--require-hashes"]
    return subprocess.run([*install, "-r", lock], capture_output=True, text=True, timeout=280)


def _modules(lock: Path, made: Path) -> Done:
    """npm packages, without any script of theirs."""
    shutil.copytree(lock.parent, made)
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    return subprocess.run(install, cwd=made, capture_output=True, text=True, timeout=280)
