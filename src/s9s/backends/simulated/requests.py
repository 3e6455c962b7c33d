"""What a submission asks for, in nodes, CPUs, memory and GPUs."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.resources import Need
from s9s.domain.errors import ValidationError
from s9s.domain.hostlists import expand_hostlist
from s9s.domain.jobs import JobSubmission
from s9s.domain.tres import gres_gpus

#: DefMemPerCPU.
MEMORY_PER_CPU_MIB: Final = 2048

UNAVAILABLE = "Requested node configuration is not available"


class Request(Struct, frozen=True, kw_only=True):
    """A submission with Slurm's defaults filled in."""

    account: str
    partition: str
    qos: str
    time_limit_seconds: int | None
    need: Need
    tasks: int


def read_request(cluster: Cluster, submission: JobSubmission, actor: str) -> Request:
    """Check a submission against the cluster and fill in defaults.

    Raises:
        ValidationError: with Slurm's words.
    """
    partition = check_partition(cluster, submission.partition or cluster.default_partition)
    account, qos = check_association(cluster, actor, submission.account, partition, submission.qos)
    if submission.reservation is not None:
        raise ValidationError.of(
            "reservation", submission.reservation, [], "Requested reservation is invalid"
        )
    if submission.licenses is not None:
        raise ValidationError.of("licenses", submission.licenses, [], "Invalid license specification")
    if submission.constraint and not cluster.pool.knows_features(submission.constraint):
        raise ValidationError.of(
            "constraint", submission.constraint, "features that nodes have, joined by & or |",
            "Invalid feature specification",
        )  # fmt: skip
    first = cluster.partitions[partition.split(",")[0]]
    time_limit = submission.time_limit_seconds
    if time_limit is None:
        time_limit = first.default_time_seconds or first.max_time_seconds
    need, tasks = read_need(cluster, submission, partition)
    return Request(
        account=account, partition=partition, qos=qos, time_limit_seconds=time_limit, need=need, tasks=tasks
    )


def check_partition(cluster: Cluster, names: str) -> str:
    """The comma list as it was given. Raises `ValidationError` when there is no such partition."""
    if not names or not all(name in cluster.partitions for name in names.split(",")):
        raise ValidationError.of(
            "partition", names, list(cluster.partitions), "Invalid partition name specified"
        )
    return names


def check_association(
    cluster: Cluster, user: str, account: str | None, partition: str, qos: str | None
) -> tuple[str, str]:
    """The account and QOS under which the user's job runs.

    Raises:
        ValidationError: for an account that is not the user's or a QOS that it has not.
    """
    association = cluster.accounts.association(user, account, partition.split(","))
    if association is None:
        known = cluster.accounts.user(user)
        raise ValidationError.of(
            "account", account, [entry.account for entry in known.associations] if known else [],
            "Invalid account or account/partition combination specified",
        )  # fmt: skip
    wanted = (qos or association.default_qos or association.qos[0]).lower()
    if wanted not in association.qos:
        raise ValidationError.of("qos", qos, list(association.qos), "Invalid qos specification")
    return association.account, wanted


def read_need(cluster: Cluster, submission: JobSubmission, partition: str) -> tuple[Need, int]:
    """What the job needs of each node, and its number of tasks.

    Raises:
        ValidationError: for what no node of the partition has, and for nonsense.
    """
    _check_positive(submission)
    specs = [spec for spec in cluster.pool.specs if set(partition.split(",")) & set(spec.partitions)]
    cpus_per_task = submission.cpus_per_node or submission.cpus_per_task or 1
    nodes, tasks = _shape(submission, cpus_per_task, max(spec.cpus for spec in specs))
    cpus = -(-tasks // nodes) * cpus_per_task
    per_node, total_gpus = _gpus(submission, nodes)
    if submission.memory_mib is not None:
        memory = submission.memory_mib or -1
    else:
        memory = cpus * (submission.memory_per_cpu_mib or MEMORY_PER_CPU_MIB)
        if submission.memory_per_cpu_mib is None:
            memory = min(memory, max(spec.memory_mib for spec in specs))
    need = Need(
        nodes=nodes,
        cpus=cpus,
        memory_mib=memory,
        gpus=per_node,
        total_cpus=tasks * cpus_per_task,
        total_gpus=total_gpus,
        cpus_per_task=cpus_per_task,
        exclusive=bool(submission.exclusive),
        features=submission.constraint or None,
        required=_nodes(cluster, "nodelist", submission.nodelist),
        excluded=_nodes(cluster, "exclude", submission.exclude),
    )
    if len(need.required) > nodes:
        raise ValidationError.of("nodelist", submission.nodelist, f"at most {nodes} nodes",
                                 "Node count specification invalid")  # fmt: skip
    # A job for more nodes than there are is taken, and waits for ever: PartitionConfig (22.05, 26.05).
    if not any(cluster.pool.eligible(need, name).any() for name in partition.split(",")):
        raise ValidationError.of(
            "nodes", {"cpus": cpus, "memory_mib": memory, "gpus": per_node, "partition": partition},
            "what at least one node of the partition has", UNAVAILABLE,
        )  # fmt: skip
    return need, tasks


def _shape(submission: JobSubmission, cpus_per_task: int, most_cpus: int) -> tuple[int, int]:
    """Nodes and tasks."""
    nodes, tasks, per_node = submission.nodes, submission.tasks, submission.tasks_per_node
    if nodes is None:
        if tasks is None:
            return 1, per_node or 1
        fit = per_node or max(1, most_cpus // cpus_per_task)
        return -(-tasks // fit), tasks
    if tasks is None:
        return nodes, nodes * (per_node or 1)
    # Slurm, too, takes fewer nodes than were asked for when there are fewer tasks.
    return min(nodes, tasks), tasks


def _gpus(submission: JobSubmission, nodes: int) -> tuple[int, int]:
    """The most on one node, and over all."""
    try:
        by_gres = gres_gpus(submission.gres) if submission.gres else 0
    except ValueError as problem:
        raise _invalid_gres(submission.gres) from problem
    if submission.gres and not by_gres:
        raise _invalid_gres(submission.gres)
    per_node = submission.gpus_per_node or by_gres
    if submission.gpus:
        return -(-submission.gpus // nodes), submission.gpus
    return per_node, per_node * nodes


def _invalid_gres(value: str | None) -> ValidationError:
    return ValidationError.of("gres", value, "gpu:2 or gpu:a100:2",
                              "Invalid generic resource (gres) specification")  # fmt: skip


def _nodes(cluster: Cluster, parameter: str, hostlist: str | None) -> tuple[int, ...]:
    if not hostlist:
        return ()
    try:
        return tuple(dict.fromkeys(cluster.pool.index[name] for name in expand_hostlist(hostlist)))
    except (KeyError, ValueError) as problem:
        raise ValidationError.of(
            parameter, hostlist, "names of this cluster's nodes", "Invalid node name specified"
        ) from problem


def _check_positive(submission: JobSubmission) -> None:
    for field, message in (
        ("nodes", "Node count specification invalid"),
        ("tasks", "Task count specification invalid"),
        ("tasks_per_node", "Task count specification invalid"),
        ("cpus_per_task", "CPU count specification invalid"),
        ("cpus_per_node", "CPU count specification invalid"),
    ):
        value = getattr(submission, field)
        if value is not None and not 1 <= value <= 1_000_000:
            raise ValidationError.of(field, value, "1 to 1000000", message)
