"""What a search finds, and how it is told: a title and a description that a person likes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from s9s.domain.accounting import AdminLevel, User
from s9s.domain.durations import format_duration
from s9s.domain.instants import format_instant
from s9s.domain.jobs import Job, JobState
from s9s.domain.memory import format_memory
from s9s.domain.nodes import Node
from s9s.domain.partitions import Partition
from s9s.domain.reservations import Reservation

_GPUS: Final = re.compile(r"gpu:([^:,()]+):(\d+)")
_DOING: Final = {
    JobState.PENDING: "Waiting for",
    JobState.RUNNING: "Running on",
    JobState.COMPLETING: "Ending on",
    JobState.SUSPENDED: "Suspended on",
    JobState.COMPLETED: "Completed on",
    JobState.CANCELLED: "Cancelled on",
    JobState.FAILED: "Failed on",
    JobState.TIMEOUT: "Ran out of time on",
    JobState.NODE_FAIL: "Lost its node on",
    JobState.PREEMPTED: "Preempted on",
    JobState.OUT_OF_MEMORY: "Ran out of memory on",
    JobState.BOOT_FAIL: "Failed to boot nodes of",
    JobState.DEADLINE: "Missed its deadline on",
}


class Thing(Struct, frozen=True, gc=False):
    """Something that can be found by its name, or by what is said of it."""

    id: str
    said: str
    """All else that words are looked for in."""
    title: str
    description: str
    url: str


def job_title(job: Job) -> tuple[str, str]:
    """Title and description of a job."""
    parts = [f"{_DOING[job.state]} {job.partition} partition"]
    if job.state is JobState.PENDING and job.reason:
        parts[0] += f" ({job.reason})"
    if job.cpu_count:
        parts.append(_several(job.cpu_count, "CPU"))
    if job.gpus:
        parts.append(_several(job.gpus, "GPU"))
    if job.end_time is not None and job.start_time is not None:
        parts.append(f"after {format_duration(job.elapsed_seconds(job.end_time))}")
    return f"{job.user}'s {job.job_name}", ", ".join(parts)


def of_node(node: Node) -> Thing:
    """A node."""
    parts = [f"{count}x {kind} GPUs" for kind, count in _GPUS.findall(node.gres or "")]
    if not parts and node.gpus_total:
        parts.append(_several(node.gpus_total, "GPU"))
    parts += [_several(node.cpu_total, "CPU"), format_memory(node.memory_total_mib), node.state]
    return Thing(
        id=node.node_name,
        said=" ".join(
            (*sorted(node.state_names), *node.partitions, *node.features, node.gres or "", node.reason or "")
        ),
        title=f"{'GPU node' if node.gpus_total else 'Node'} {node.node_name}",
        description=", ".join(parts),
        url=f"/v1/nodes/{quote(node.node_name, safe='')}",
    )


def of_user(user: User) -> Thing:
    """A user."""
    accounts = list(dict.fromkeys(one.account for one in user.associations))
    level = "" if user.admin_level is AdminLevel.NONE else f"Slurm {user.admin_level.value}"
    where = f"Account{'s' if len(accounts) > 1 else ''} {', '.join(accounts)}" if accounts else ""
    return Thing(
        id=user.username,
        said=" ".join((*accounts, level)),
        title=f"User {user.username}",
        description="; ".join(filter(None, (where, level))) or "Slurm user",
        url=f"/v1/users/{quote(user.username, safe='')}",
    )


def of_partition(partition: Partition) -> Thing:
    """A partition."""
    limit = (
        "" if partition.max_time_seconds is None else f", up to {format_duration(partition.max_time_seconds)}"
    )
    return Thing(
        id=partition.name,
        said=f"{partition.state} {partition.qos or ''}",
        title=f"Partition {partition.name}",
        description=f"{partition.state}, {_several(partition.nodes_total, 'node')}, "
        f"{_several(partition.cpus_total, 'CPU')}{limit}",
        url=f"/v1/partitions/{quote(partition.name, safe='')}",
    )


def of_reservation(reservation: Reservation) -> Thing:
    """A reservation."""
    start, end = reservation.start_time, reservation.end_time
    parts = [reservation.state, _several(len(reservation.nodes), "node")]
    if start is not None and end is not None:
        parts.append(f"{format_instant(start)} to {format_instant(end)}")
    for noun, names in (("users", reservation.users), ("accounts", reservation.accounts)):
        if names:
            parts.append(f"for {noun} {', '.join(names)}")
    flags, members = reservation.flags, (*reservation.users, *reservation.accounts)
    # Of all nodes none is meant.
    nodes = () if "ALL_NODES" in flags else reservation.nodes
    return Thing(
        id=reservation.name,
        said=" ".join((reservation.state, *flags, *members, reservation.partition or "", *nodes)),
        title=f"{'Maintenance' if 'MAINT' in flags else 'Reservation'} {reservation.name}",
        description=", ".join(parts),
        url=f"/v1/search?q={quote(reservation.name, safe='')}&type=reservations",
    )


def of_accounts(users: Iterable[User]) -> list[Thing]:
    """The accounts that users are in."""
    members: dict[str, int] = {}
    for user in users:
        for account in {one.account for one in user.associations}:
            members[account] = members.get(account, 0) + 1
    return [
        Thing(
            name, "", f"Account {name}", _several(count, "user"), f"/v1/users?account={quote(name, safe='')}"
        )
        for name, count in sorted(members.items())
    ]


def of_qos(users: Iterable[User]) -> list[Thing]:
    """The QOS that users may use."""
    names = {name for user in users for one in user.associations for name in one.qos}
    return [
        Thing(name, "", f"QOS {name}", "Quality of service", f"/v1/jobs?qos={quote(name, safe='')}")
        for name in sorted(names)
    ]


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
