"""The programs that measure and are measured against: wrk and nginx, installed where they are missing."""

from __future__ import annotations

import os
import shutil
import subprocess

from benchmarks.results import say

_PACKAGES = {"wrk": "wrk", "nginx": "nginx-light"}
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


class Missing(Exception):
    """A program that a benchmark needs is not here and cannot be installed."""


def find(program: str) -> str:
    """Its path; as root on Debian it is installed first. Raises `Missing`."""
    if (path := shutil.which(program, path=_PATH)) is None:
        _install(_PACKAGES[program])
        path = shutil.which(program, path=_PATH)
    if path is None:
        raise Missing(f"{program} is not installed")
    return path


def _install(package: str) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"install the package {package} first, or run this as root on Debian")
    say(f"installing {package}")
    # No service of the package's own may start: the benchmark starts what it needs.
    policy = {"RUNLEVEL": "1", "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", *command],
            env=os.environ | policy,
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        if done.returncode:
            raise Missing(f"apt-get could not install {package}: {done.stderr.strip()[-300:]}")
