"""The server under test on the simulated cluster and on three real ones, and jobs to look at."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.contract.clusters import REAL, SIMULATED, real_environment
from tests.contract.jobs import Jobs
from tests.contract.nodes import bring_back, find_spare
from tests.contract.serving import Caller, Server


@pytest.fixture(scope="session", params=["simulated", *REAL])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on each of the clusters; `only_simulated` and `only_real` narrow."""
    lab = None
    environment = SIMULATED
    if request.param != "simulated":
        lab = request.getfixturevalue(f"lab{request.param[:2]}")
        environment = real_environment(lab)
    server = Server(tmp_path_factory.mktemp(f"s9s-{request.param}"), environment, lab)
    server.start()
    yield server
    assert server.stop() in (0, -signal.SIGTERM), server.log[-3000:]
    assert "Traceback" not in server.log, server.log[server.log.index("Traceback") - 500 :][:5000]


@pytest.fixture
def alice(server: Server) -> Caller:
    """A plain user, of the account research."""
    return server.as_user("alice")


@pytest.fixture
def bob(server: Server) -> Caller:
    """Another plain user of the same account."""
    return server.as_user("bob")


@pytest.fixture
def carol(server: Server) -> Caller:
    """An operator."""
    return server.as_user("carol")


@pytest.fixture
def dave(server: Server) -> Caller:
    """An administrator."""
    return server.as_user("dave")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may write to and that has the same path everywhere."""
    path = Path(tempfile.mkdtemp(prefix="s9s-contract-"))
    path.chmod(0o1777)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def jobs(server: Server, folder: Path) -> Iterator[Jobs]:
    """Jobs to look at; what is left of them after the test is cancelled."""
    jobs = Jobs(server, folder)
    yield jobs
    for job_id, user in jobs.submitted:
        with suppress(httpx2.TransportError):
            server.as_user(user).delete(f"/v1/jobs/{job_id}", params={"force": "true"})


@pytest.fixture
def spare_node(server: Server, dave: Caller) -> Iterator[str]:
    """Name of a node that the test may drain or take down; it is put back into service."""
    name = find_spare(dave)
    yield name
    bring_back(dave, name)


def pytest_make_parametrize_id(val: Any) -> str | None:
    """Name what a test is run with by what the contract calls it."""
    return str(val)[:60] if type(val).__name__ in ("Block", "Call") else None
