"""What guides need beyond this project: installed where it can be, else the guide is skipped and says why."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.programs import installed, lacking
from tests.site.blocks import ROOT

REQUIREMENTS = Path(__file__).with_name("requirements")

#: Programs of Debian's packages, by the package.
PACKAGES = {"jq": "jq", "prometheus": "prometheus", "nginx": "nginx"}


def provide(tool: str) -> list[Path]:
    """Directories for PATH. Skips the test where the tool is not here and cannot be installed."""
    if tool in PACKAGES:
        installed(tool, PACKAGES[tool])
        return []
    return [_environment(REQUIREMENTS / f"{tool}.txt") / "bin"]


def _environment(lock: Path) -> Path:
    """A virtual environment with what a lock of its own says; made once, for it takes up to half a minute."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    made = ROOT / "build/guides" / f"{lock.stem}-{digest}"
    made.parent.mkdir(parents=True, exist_ok=True)
    with (made.parent / f"{lock.stem}.lock").open("a") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (made / "installed").exists():
            shutil.rmtree(made, ignore_errors=True)
            uv = Path(sys.executable).with_name("uv")
            subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, made], check=True, timeout=60)
            install = [uv, "pip", "install", "--quiet", "--python", made / "bin/python", "--require-hashes"]
            done = subprocess.run([*install, "-r", lock], capture_output=True, text=True, timeout=280)
            if done.returncode:
                lacking(f"{lock.stem} cannot be installed here: {done.stderr[-300:]}")
            (made / "installed").touch()
    return made
