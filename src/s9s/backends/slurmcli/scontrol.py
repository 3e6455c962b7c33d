"""scontrol: the cluster's configuration and partitions, and changes to jobs and nodes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from s9s.backends.slurmcli.values import hosts, instant, number, span, text, words
from s9s.domain.durations import format_duration
from s9s.domain.hostlists import fold_hostlist
from s9s.domain.jobs import JobUpdate
from s9s.domain.nodes import NodeUpdate
from s9s.domain.partitions import Partition
from s9s.domain.reservations import Reservation

CONFIG: Final = ("scontrol", "show", "config")
RESERVATIONS: Final = ("scontrol", "--oneliner", "--all", "show", "reservation")
PARTITIONS: Final = ("scontrol", "--oneliner", "--all", "show", "partition")

_SETTING: Final = re.compile(r"^([A-Za-z_]+)\s*= (.*)$", re.MULTILINE)
_KEY_VALUE: Final = re.compile(r"(\w+)=(\S*)")


def parse_config(output: str) -> dict[str, str]:
    """The settings of slurm.conf as slurmctld has them."""
    return {name: value.strip() for name, value in _SETTING.findall(output)}


def parse_partitions(output: str) -> list[Partition]:
    """All partitions; their values have no blanks."""
    return [_partition(dict(_KEY_VALUE.findall(line))) for line in output.splitlines() if line.strip()]


def _partition(values: dict[str, str]) -> Partition:
    return Partition(
        name=values["PartitionName"],
        state=values["State"],
        is_default=values.get("Default") == "YES",
        nodes=hosts(values.get("Nodes", "")),
        nodes_total=number(values.get("TotalNodes", "")) or 0,
        cpus_total=number(values.get("TotalCPUs", "")) or 0,
        default_time_seconds=span(values.get("DefaultTime", "")),
        max_time_seconds=span(values.get("MaxTime", "")),
        max_nodes=number(values.get("MaxNodes", "")),
        priority=number(values.get("PriorityTier", "")),
        qos=text(values.get("QoS", "")),
        allow_accounts=_allowed(values.get("AllowAccounts", "ALL")),
        allow_groups=_allowed(values.get("AllowGroups", "ALL")),
        allow_qos=_allowed(values.get("AllowQos", "ALL")),
    )


def parse_reservations(output: str) -> list[Reservation]:
    """All reservations; where there are none, the one line says so."""
    found = (dict(_KEY_VALUE.findall(line)) for line in output.splitlines())
    return [_reservation(values) for values in found if "ReservationName" in values]


def _reservation(values: dict[str, str]) -> Reservation:
    return Reservation(
        name=values["ReservationName"],
        state=values.get("State", "UNKNOWN"),
        start_time=instant(values.get("StartTime", "")),
        end_time=instant(values.get("EndTime", "")),
        nodes=hosts(values.get("Nodes", "")),
        partition=text(values.get("PartitionName", "")),
        users=words(values.get("Users", "")),
        accounts=words(values.get("Accounts", "")),
        flags=words(values.get("Flags", "")),
    )


def _allowed(value: str) -> tuple[str, ...] | None:
    return None if value == "ALL" else words(value)


def on_job(verb: str, job_id: str) -> list[str]:
    """``hold``, ``release``, ``requeue``, ``suspend`` or ``resume`` a job."""
    return ["scontrol", verb, job_id]


def update_job(job_id: str, update: JobUpdate) -> list[str] | None:
    """Change a job, apart from hold and release; ``None`` when there is nothing else to change."""
    changes = {
        "Priority": update.priority,
        "TimeLimit": None
        if update.time_limit_seconds is None
        else format_duration(update.time_limit_seconds),
        "Partition": update.partition,
        "QOS": update.qos,
        "Account": update.account,
        "JobName": update.job_name,
        "Nice": update.nice,
        "Comment": update.comment,
    }
    given = [f"{key}={value}" for key, value in changes.items() if value is not None]
    return ["scontrol", "update", f"JobId={job_id}", *given] if given else None


def update_nodes(names: Sequence[str], update: NodeUpdate, *, resume_after: bool) -> list[str]:
    """Change the state of nodes; with `resume_after` slurmctld is told when to resume them (24.11, 26.05)."""
    command = ["scontrol", "update", f"NodeName={fold_hostlist(names)}", f"State={update.action}"]
    if update.reason is not None:
        # Further lines of a reason would only make `scontrol show node` harder to read.
        command.append(f"Reason={' '.join(update.reason.split())}")
    if resume_after and update.resume_after_seconds is not None:
        command.append(f"ResumeAfter={update.resume_after_seconds}")
    return command
