"""Programs that a test needs and that not every machine has."""

from __future__ import annotations

import os
import shutil

import pytest

from lab.packages import apt_install


def installed(program: str, package: str) -> str:
    """Path of a program; as root on Debian its package is installed, elsewhere the test is skipped."""
    if shutil.which(program) is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            pytest.skip(f"there is no {program} (package {package}), and nobody here may install it")
        apt_install([package], [program])
    path = shutil.which(program)
    assert path is not None
    return path
