"""The cluster, what is kept of it in memory, and the simulated one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from s9s.config.section import AbsolutePath, Section, Text


class Cluster(Section):
    """The Slurm cluster and the ways to reach it."""

    mode: Literal["auto", "simulated", "slurmrestd", "cli"] = "auto"
    """Way to the cluster: slurmrestd, Slurm's command line tools (`cli`) or the embedded simulated cluster.
    `auto` is the Slurm of this host, by the better route for each operation, else the simulated cluster."""
    name: Text | None = None
    """Name of the cluster; unset is what Slurm says."""
    slurmrestd_url: (
        Annotated[
            str,
            Field(
                pattern=r"^(https?://[^\s/]|unix:/)\S*$",
                examples=["http://127.0.0.1:6820", "unix:/run/slurmrestd.sock"],
            ),
        ]
        | None
    ) = None
    """Address of slurmrestd; unset looks for one on this host."""
    slurmrestd_ca: AbsolutePath | None = None
    """Certificates of who may vouch for a slurmrestd behind `https://` (PEM); unset are those of the host."""
    jwt_key: AbsolutePath | None = None
    """The cluster's `jwt_key` (AuthAltParameters), from which short-lived tokens of users are made."""
    bin_dir: AbsolutePath | None = None
    """Directory of Slurm's command line tools; unset finds them on PATH."""
    slurm_conf: AbsolutePath | None = None
    """Path of slurm.conf for the command line tools; unset is SLURM_CONF, else their own default."""
    service_user: Text | None = None
    """Slurm user as whom the server reads through slurmrestd; unset is root where there is a `jwt_key`, else
    the user who started the server."""
    private_data: (
        Annotated[str, Field(pattern=r"^[A-Za-z]+(,[A-Za-z]+)*$", examples=["jobs,usage", "none"])] | None
    ) = None
    """What users may not see of others (Slurm's PrivateData); unset is what Slurm tells. Where only an old
    slurmrestd is there to ask, which does not tell it, unset keeps jobs, users and usage private."""
    sudo: bool = False
    """Become the calling user with `sudo -n -u`, for a server that does not run as root."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Longest wait for one answer of Slurm; listings of everything may take longer."""

    @property
    def commands_directory(self) -> Path | None:
        """Where Slurm's commands are: as configured, else where the one who started the server finds them."""
        if self.bin_dir is not None:
            return self.bin_dir
        scontrol = shutil.which("scontrol")
        return Path(scontrol).absolute().parent if scontrol else None

    @property
    def slurm_conf_path(self) -> Path | None:
        """The slurm.conf that the commands are told of: as configured, else as in the environment."""
        if self.slurm_conf is not None:
            return self.slurm_conf
        return Path(path).absolute() if (path := os.environ.get("SLURM_CONF")) else None


class Snapshot(Section):
    """The copy of the cluster's state in memory that lists are answered from."""

    interval_seconds: Annotated[float, Field(ge=0.1, le=300)] = 1.0
    """Time from one refresh to the next; it grows by itself when Slurm is slow."""
    finished_window_seconds: Annotated[int, Field(ge=0, le=31 * 86400)] = 86400
    """How far back finished jobs are loaded from accounting at the start."""
    max_finished_jobs: Annotated[int, Field(ge=0, le=5_000_000)] = 200_000
    """Finished jobs kept in memory; beyond it the oldest go first."""


class Simulated(Section):
    """The embedded simulated cluster."""

    nodes: Annotated[int, Field(ge=8, le=20_000)] = 64
    """Number of nodes."""
    jobs: Annotated[int, Field(ge=0, le=500_000)] = 400
    """Number of live synthetic jobs at the start."""
    speed: Annotated[float, Field(ge=0, le=100_000)] = 1.0
    """Simulated seconds in a real one; 0 stops the time."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Seed of the synthetic users, nodes and jobs."""
    run_jobs: bool = True
    """Run what clients submit as real local processes; only while bound to loopback."""
    churn: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Fraction of the jobs that change each second, for benchmarks; 0 lets them live."""
