"""Wrappers of Slurm's client commands in `bin/`, for any uid: they know the cluster's slurm.conf."""

import shlex
from pathlib import Path

from lab.packages import Installation

_PROGRAMS = """
sacct sacctmgr salloc sattach sbatch sbcast scancel scontrol sdiag sinfo sprio squeue sreport
srun sshare sstat strigger
"""


def write_wrappers(bin_dir: Path, installation: Installation, slurm_conf: Path) -> None:
    """Write one wrapper for each program; a SLURM_CONF of the caller wins over the cluster's own."""
    for program in _PROGRAMS.split():
        command = shlex.join(installation.client(program))
        wrapper = bin_dir / program
        wrapper.write_text(
            f'#!/bin/sh\nexport SLURM_CONF="${{SLURM_CONF:-{slurm_conf}}}"\nexec {command} "$@"\n'
        )
        wrapper.chmod(0o755)
