"""Waiting for what slurmctld does by itself after a start, a change or an outage."""

import logging
import time
from pathlib import Path

from lab.commands import run
from lab.daemons import POLL_SECONDS
from lab.errors import LabError

log = logging.getLogger("lab")


def wait_for_nodes(bin_dir: Path, timeout: float = 60) -> None:
    """Return when every node has registered.

    Raises: LabError with those that have not after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while waiting := _nodes_not_up(bin_dir):
        if time.monotonic() > deadline:
            raise LabError(f"nodes not up after {timeout:g} s: {waiting}")
        time.sleep(POLL_SECONDS)


def _nodes_not_up(bin_dir: Path) -> str:
    """Nodes that have not registered yet; what somebody has set DOWN or drained has."""
    lines = run([bin_dir / "sinfo", "-h", "-a", "-N", "-o", "%N %t"]).stdout.splitlines()
    return ", ".join(sorted({line for line in lines if line.endswith(("unk", "*"))}))


def wait_for_accounting(bin_dir: Path, timeout: float = 60) -> None:
    """Return when slurmctld, which runs, has told slurmdbd, which runs too, all that it has to tell.

    With a new job left, 24.11.5 dies as it starts or executes itself anew: slurmdbd answers by asking for
    the job's script, slurmctld looks for the job before it has a table of jobs, and divides by its size.
    """
    deadline = time.monotonic() + timeout
    while "DBD Agent queue size: 0\n" not in run([bin_dir / "sdiag"]).stdout:
        if time.monotonic() > deadline:
            log.warning("slurmctld has not told slurmdbd everything after %g s", timeout)
            return
        time.sleep(POLL_SECONDS)
