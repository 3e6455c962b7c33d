"""Which clusters the tests of the contract run on."""

from __future__ import annotations

from typing import Any

import pytest

VERSIONS = ("22.05", "24.11", "26.05")
REAL = [
    pytest.param(version, marks=[pytest.mark.slurm, pytest.mark.xdist_group(f"lab{version}")])
    for version in VERSIONS
]

SIMULATED = {"S9S_CLUSTER": "simulated", "S9S_SIMULATED__JOBS": "100"}
"""A simulated cluster with room for what the tests submit."""

only_simulated = pytest.mark.parametrize("server", ["simulated"], indirect=True)
only_real = pytest.mark.parametrize("server", REAL, indirect=True)


def real_environment(lab: Any) -> dict[str, str]:
    """What a server needs to know of a cluster that the lab runs, with every route to it open."""
    return {
        "S9S_CLUSTER": "auto",
        "S9S_CLUSTER__BIN_DIR": str(lab.bin_dir),
        "S9S_CLUSTER__SLURM_CONF": str(lab.slurm_conf),
        "S9S_CLUSTER__JWT_KEY": str(lab.jwt_key),
        "S9S_CLUSTER__SLURMRESTD_URL": lab.slurmrestd_url,
    }
