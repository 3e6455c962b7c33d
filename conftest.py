"""How tests are spread over processes, and what may be left out."""

import os
import shutil
from collections.abc import Generator

import pytest

CLUSTERS = {"lab22", "lab24", "lab26"}


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real Slurm, and keep a cluster's tests in one process: it is brought up once."""
    for item in items:
        clusters = sorted(CLUSTERS.intersection(getattr(item, "fixturenames", ())))
        if clusters:
            item.add_marker("slurm")
        if item.get_closest_marker("slurm") and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(clusters[0] if clusters else "slurm"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """On CI, as root on Debian, a real Slurm can be had: a test that goes without it fails there."""
    report = yield
    left_out = report.skipped and not hasattr(report, "wasxfail")
    if left_out and item.get_closest_marker("slurm") and _slurm_is_due():
        report.outcome = "failed"
    return report


def _slurm_is_due() -> bool:
    return os.environ.get("CI") == "true" and os.geteuid() == 0 and shutil.which("apt-get") is not None
