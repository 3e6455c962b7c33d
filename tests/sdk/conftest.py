"""A server for the live tests: on the embedded cluster, and on one real Slurm."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.clusters import SIMULATED, real_environment
from tests.contract.serving import Server

CLUSTERS = [
    pytest.param("simulated", marks=pytest.mark.xdist_group("sdk")),
    pytest.param("24.11", marks=[pytest.mark.slurm, pytest.mark.xdist_group("lab24.11")]),
]


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on the embedded cluster."""
    with Server(tmp_path_factory.mktemp("s9s-sdk"), SIMULATED) as server:
        yield server


@pytest.fixture(scope="session", params=CLUSTERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on each of the clusters."""
    if request.param == "simulated":
        yield request.getfixturevalue("embedded")
        return
    lab = request.getfixturevalue("lab24")
    with Server(tmp_path_factory.mktemp("s9s-sdk-lab"), real_environment(lab), lab) as server:
        yield server


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may write to and that has the same path everywhere."""
    path = Path(tempfile.mkdtemp(prefix="s9s-sdk-"))
    path.chmod(0o1777)
    yield path
    shutil.rmtree(path, ignore_errors=True)
