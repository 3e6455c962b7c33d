"""What the commands of this host can tell and do."""

from __future__ import annotations

import re
from typing import Final

from s9s.backends.slurmcli import scontrol
from s9s.backends.slurmcli.errors import Asked, check
from s9s.backends.slurmcli.programs import Programs
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import SlurmUnavailable

#: Operation to the commands that it takes; without the first of them there is no such route.
_ROUTES: Final = {
    "ping": "scontrol", "list jobs": "squeue", "list nodes": "scontrol", "list partitions": "scontrol",
    "list users": "sacctmgr, sshare", "finished jobs": "sacct", "job": "squeue, sacct",
    "job details": "squeue, sacct, sstat", "submit": "sbatch", "cancel": "scancel", "update job": "scontrol",
    "requeue": "scontrol", "suspend": "scontrol", "resume": "scontrol", "update nodes": "scontrol",
}  # fmt: skip

_SECONDS: Final = re.compile(r"(\d+) sec")
#: As in ``slurm(64030)``.
_SLURM_USER: Final = re.compile(r"([^\s()]+)\(\d+\)")
_DEFAULT_MIN_JOB_AGE: Final = 300
_NO_ACCOUNTING: Final = frozenset({"", "(null)", "accounting_storage/none"})


async def discover(programs: Programs) -> ClusterInfo:
    """See `Backend.discover`."""
    missing = [program for program in ("squeue", "scontrol") if not programs.has(program)]
    if missing:
        raise SlurmUnavailable(f"There is no {' and no '.join(missing)} on this host", never_sent=True)
    await programs.ping()
    finished = await programs.run(scontrol.CONFIG)
    check(finished, Asked(action="show its configuration"))
    config = scontrol.parse_config(finished.stdout.decode("utf-8", "replace"))
    version = config.get("SLURM_VERSION", "unknown")
    accounting = config.get("AccountingStorageType", "") not in _NO_ACCOUNTING
    private = frozenset(config.get("PrivateData", "none").lower().split(",")) - {"none"}
    slurm_user = _SLURM_USER.match(config.get("SlurmUser", ""))
    min_job_age = _SECONDS.match(config.get("MinJobAge", ""))
    return ClusterInfo(
        name=config.get("ClusterName", "cluster"),
        slurm_version=version,
        routes={what: how for what, how in _ROUTES.items() if programs.has(how.partition(",")[0])},
        has_accounting=accounting and programs.has("sacct"),
        private_data=private,
        min_job_age_seconds=int(min_job_age[1]) if min_job_age else _DEFAULT_MIN_JOB_AGE,
        super_users=frozenset({"root", slurm_user[1]} if slurm_user else {"root"}),
        acts_as=programs.processes.acts_as,
        notes=tuple(_notes(programs, version, private, accounting=accounting)),
    )


def schedules_resumption(version: str) -> bool:
    """Whether nodes can be drained with ResumeAfter: tried on 24.11 and 26.05; 22.05 does not know it."""
    year, _, rest = version.partition(".")
    month = rest.partition(".")[0]
    return year.isdecimal() and month.isdecimal() and (int(year), int(month)) >= (23, 2)


def _notes(programs: Programs, version: str, private: frozenset[str], *, accounting: bool) -> list[str]:
    notes = []
    if accounting:
        for program, loss in (("sacct", "jobs that slurmctld has forgotten"), ("sacctmgr", "users")):
            if not programs.has(program):
                notes.append(f"There is no {program} on this host, so {loss} cannot be shown.")
    else:
        notes.append(
            "The cluster has no accounting, so users and jobs that slurmctld has forgotten are not shown."
        )
    if private and programs.processes.acts_as != "anyone":
        words = ",".join(sorted(private))
        notes.append(f"PrivateData={words} hides from this server what its own user may not see.")
    if not schedules_resumption(version):
        notes.append("This Slurm cannot resume nodes at a given time; the server does so while it runs.")
    return notes
