"""How tests are spread over processes, and what may be left out."""

import os
import shutil
from collections.abc import Generator

import pytest

# The fixtures of tests/conftest.py, and the group of tests that each is brought up for.
CLUSTERS = {"lab22": "lab22.05", "lab24": "lab24.11", "lab26": "lab26.05"}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real Slurm, and keep a cluster's tests in one process: it is brought up once."""
    for item in items:
        for fixture in CLUSTERS.keys() & getattr(item, "fixturenames", ()):
            item.add_marker("slurm")
            item.add_marker(pytest.mark.xdist_group(CLUSTERS[fixture]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI, as root on Debian, a real Slurm can be had: a test whose cluster does not come up fails there.

    A skip in the test itself is another matter: this Slurm has no means for what is tested.
    """
    report = yield
    if report.when == "setup" and report.skipped and item.get_closest_marker("slurm") and _slurm_is_due():
        report.outcome = "failed"
    return report


def _slurm_is_due() -> bool:
    return os.environ.get("CI") == "true" and os.geteuid() == 0 and shutil.which("apt-get") is not None
