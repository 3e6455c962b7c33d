"""How tests are spread over processes. What may be left out where: `tests/programs.py`."""

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
