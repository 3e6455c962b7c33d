"""Every backend on every cluster it is made for, for the suite that all of them pass."""

from __future__ import annotations

import getpass
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from s9s.backends.base import Backend, Unsupported
from s9s.domain.errors import S9SError
from tests.backends.site import Site, SkipUnsupported

LIVE = [
    pytest.param(f"{kind}-{version}", marks=[pytest.mark.slurm, pytest.mark.xdist_group(f"lab{version}")])
    for version in ("22.05", "24.11", "26.05")
    for kind in ("cli", "slurmrestd")
]


@pytest.fixture(params=["simulated", *LIVE])
def backend_name(request: pytest.FixtureRequest) -> str:
    """``simulated``, ``cli-24.11``, ``slurmrestd-26.05``, ..."""
    return str(request.param)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may write to and that has the same path everywhere."""
    path = Path(tempfile.mkdtemp(prefix="s9s-jobs-"))
    path.chmod(0o1777)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
async def backend(
    backend_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Backend]:
    """The backend, discovered; closed after the test."""
    kind, _, version = backend_name.partition("-")
    if kind == "simulated":
        made = _simulated(tmp_path)
    else:
        lab = request.getfixturevalue(f"lab{version[:2]}")
        made = _command_line(lab) if kind == "cli" else _slurmrestd(lab)
    await made.discover()
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def site(backend: Backend, backend_name: str, folder: Path) -> AsyncIterator[Site]:
    """The backend with the surroundings that a test needs; leaves none of the test's jobs behind."""
    site = Site(SkipUnsupported(backend, backend_name), backend_name, folder)
    yield site
    for job_id, actor in site.submitted:
        with suppress(S9SError, Unsupported):
            await backend.cancel(job_id, actor, force=True)


def _simulated(directory: Path) -> Backend:
    from s9s.backends.simulated import SimulatedBackend

    return SimulatedBackend(state_dir=str(directory), user=getpass.getuser(), nodes=8, jobs=0)


def _command_line(lab: Any) -> Backend:
    from s9s.backends.processes import Processes
    from s9s.backends.slurmcli import CommandLineBackend

    return CommandLineBackend(bin_dir=str(lab.bin_dir), slurm_conf=str(lab.slurm_conf), processes=Processes())


def _slurmrestd(lab: Any) -> Backend:
    from s9s.backends.slurmrestd import KeyTokens, RestBackend

    tokens = KeyTokens(str(lab.jwt_key))
    return RestBackend(url=lab.slurmrestd_url, tokens=tokens, home=lambda user: pwd.getpwnam(user).pw_dir)
