"""Real clusters for the tests that need one.

Each version of Slurm is brought up once a session in a directory of its own and ended afterwards. With
``S9S_LAB_DIR_22``, ``_24`` or ``_26`` set, the cluster in that directory is used, and left running if it ran.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab, LabUnavailable
from tests.disk import Disk
from tests.programs import installed, uninstallable


def _lab(version: str) -> Iterator[Lab]:
    given = os.environ.get(f"S9S_LAB_DIR_{version[:2]}")
    directory = Path(given or tempfile.mkdtemp(prefix=f"s9s-lab{version[:2]}-"))
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)  # every user's commands read slurm.conf there
    lab = Lab(version, directory)
    ran = given is not None and lab.status().get("slurmctld") is not None
    logging.getLogger("lab").setLevel(logging.INFO)
    try:
        lab.up()
    except LabUnavailable as reason:
        if not given:
            shutil.rmtree(directory, ignore_errors=True)
        uninstallable(str(reason))
    try:
        yield lab
    finally:
        if not ran:
            lab.down(purge=given is None)


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own checker; as root on Debian it is installed, without its daemon."""
    return installed("promtool", "prometheus")


@pytest.fixture(scope="session")
def lab22() -> Iterator[Lab]:
    """A running Slurm 22.05."""
    yield from _lab("22.05")


@pytest.fixture(scope="session")
def lab24() -> Iterator[Lab]:
    """A running Slurm 24.11."""
    yield from _lab("24.11")


@pytest.fixture(scope="session")
def lab26() -> Iterator[Lab]:
    """A running Slurm 26.05."""
    yield from _lab("26.05")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """What syncs a database's log: at once, until a test says otherwise."""
    made = Disk(os.fdatasync)
    monkeypatch.setattr(os, "fdatasync", made)
    yield made
    made.may_go_on.set()
