"""What a test needs and not every machine has: the one place that says whether it is skipped or fails.

On CI (``CI=true``, as `.ci/run` sets it) a test is not left out because the machine lacks something that the
project expects or can install: it fails and says what is missing. Skips remain where nothing is missing: for
somebody who is not root, or a version of Slurm without the means.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

from lab.packages import apt_install


def is_ci() -> bool:
    """Whether nothing that could run may be left out."""
    return os.environ.get("CI") == "true"


def lacking(reason: str) -> NoReturn:
    """End a test because what the project expects is not here: skipped, on CI failed."""
    if is_ci():
        pytest.fail(f"{reason}, and on CI nothing is left out for that", pytrace=False)
    pytest.skip(reason)


def uninstallable(reason: str) -> NoReturn:
    """The same for what the tests install by themselves as root on Debian; skipped for everybody else."""
    if may_install():
        lacking(reason)
    pytest.skip(reason)


def may_install() -> bool:
    """Whether packages can be installed here."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def installed(program: str, package: str) -> str:
    """Path of a program; as root on Debian its package is installed, elsewhere the test is skipped."""
    if shutil.which(program) is None:
        if not may_install():
            uninstallable(f"there is no {program} (package {package}), and nobody here may install it")
        apt_install([package], [program])
    path = shutil.which(program)
    assert path is not None
    return path
