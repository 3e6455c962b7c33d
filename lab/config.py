"""The configuration files of one cluster, as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NODE_CPUS = 32
NODE_MEMORY_MIB = 131072
GPUS_PER_NODE = 4
GPU_NODES = 2
"""The first two nodes (of a cloud: the first fifth) have GPUs."""


RACK_NODES = 100
"""CLOUD nodes have features rack000, rack001, ...: a job that wants one is placed several times faster."""


@dataclass(frozen=True)
class Ports:
    """Loopback ports of one cluster."""

    slurmctld: int
    slurmdbd: int
    slurmrestd: int
    slurmd: tuple[int, ...]


@dataclass(frozen=True)
class Database:
    """Where slurmdbd keeps the accounting; user and database have the same name."""

    name: str
    port: int
    password: str


@dataclass(frozen=True)
class Shape:
    """What the configuration files say about one cluster."""

    directory: Path
    cluster_name: str
    plugin_dir: Path
    munge_socket: Path
    ports: Ports
    nodes: int
    """Number of real nodes, each with its slurmd; 0 in a cloud."""
    cloud: int
    """Number of CLOUD nodes: jobs are placed on them and stay CONFIGURING, as there are no machines."""
    settings: Mapping[str, str]
    """Settings of slurm.conf over the lab's own."""

    @property
    def node_names(self) -> list[str]:
        """Names of the real nodes."""
        return [f"node{number:03d}" for number in range(1, self.nodes + 1)]


def slurm_conf(shape: Shape) -> str:
    """Text of slurm.conf."""
    settings = _common(shape) | _scheduling() | (_cloud() if shape.cloud else {}) | dict(shape.settings)
    lines = [f"{key}={value}" for key, value in settings.items()]
    return "\n".join([*lines, "", *(_cloud_nodes(shape) if shape.cloud else _nodes(shape)), ""])


def slurmdbd_conf(shape: Shape, database: Database) -> str:
    """Text of slurmdbd.conf; slurmdbd insists on owner slurm and mode 600."""
    settings = _authentication(shape) | {
        "DbdHost": "localhost",
        "DbdAddr": "127.0.0.1",
        "DbdPort": shape.ports.slurmdbd,
        "SlurmUser": "slurm",
        "PluginDir": shape.plugin_dir,
        "PidFile": shape.directory / "run/slurmdbd.pid",
        "StorageType": "accounting_storage/mysql",
        "StorageHost": "127.0.0.1",
        "StoragePort": database.port,
        "StorageLoc": database.name,
        "StorageUser": database.name,
        "StoragePass": database.password,
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def gres_conf(shape: Shape) -> str:
    """Text of gres.conf: slurmd ignores GPUs without device files; CLOUD nodes have no slurmd."""
    if shape.cloud:
        return ""
    gpus = f"{shape.directory}/dev/gpu[0-{GPUS_PER_NODE - 1}]"
    return f"NodeName={_range('node', 1, min(GPU_NODES, shape.nodes), 3)} Name=gpu Type=a100 File={gpus}\n"


def cgroup_conf(version: str) -> str:
    """Text of cgroup.conf: no cgroups (26.05 refuses to start a slurmd without them unless told so)."""
    return "" if version == "22.05" else "CgroupPlugin=disabled\n"


def _authentication(shape: Shape) -> dict[str, object]:
    return {
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={shape.munge_socket}",
        "AuthAltTypes": "auth/jwt",
        "AuthAltParameters": f"jwt_key={shape.directory}/jwt.key",
    }


def _common(shape: Shape) -> dict[str, object]:
    directory, ports = shape.directory, shape.ports
    return {
        "ClusterName": shape.cluster_name,
        "SlurmctldHost": "localhost(127.0.0.1)",
        "SlurmctldPort": ports.slurmctld,
        "SlurmUser": "slurm",
        **_authentication(shape),
        "PluginDir": shape.plugin_dir,
        "CommunicationParameters": "NoCtldInAddrAny,NoInAddrAny",  # loopback only
        "StateSaveLocation": directory / "spool/slurmctld",
        "SlurmctldPidFile": directory / "run/slurmctld.pid",
        "SlurmdSpoolDir": directory / "spool/%n",
        "SlurmdPidFile": directory / "run/slurmd-%n.pid",
        "SlurmdParameters": "config_overrides",  # believe CPUs= and RealMemory= of the nodes
        "AccountingStorageType": "accounting_storage/slurmdbd",
        "AccountingStorageHost": "127.0.0.1",
        "AccountingStoragePort": ports.slurmdbd,
        "AccountingStoragePass": shape.munge_socket,  # AuthInfo does not reach the connection to slurmdbd
        "AccountingStorageTRES": "gres/gpu",
        "AccountingStorageEnforce": "associations,limits,qos",
        "AccountingStoreFlags": "job_script,job_env,job_comment",
        "JobAcctGatherType": "jobacct_gather/linux",
        "JobAcctGatherFrequency": 5,
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "MpiDefault": "none",
        "MailProg": "/bin/true",
        "GresTypes": "gpu",
        "PropagateResourceLimits": "NONE",
    }


def _scheduling() -> dict[str, object]:
    return {
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "DefMemPerCPU": 1024,  # otherwise a job without a memory request takes a whole node
        "SchedulerType": "sched/backfill",
        "SchedulerParameters": "sched_interval=1,bf_interval=1,batch_sched_delay=0",
        "PriorityType": "priority/multifactor",
        "PriorityWeightAge": 1000,
        "PriorityWeightFairshare": 10000,
        "PriorityWeightJobSize": 1000,
        "PriorityWeightPartition": 1000,
        "PriorityWeightQOS": 10000,
        "KillWait": 5,
        "MinJobAge": 300,
        # What somebody sets DOWN stays so: with 2 the next registration of its slurmd would bring it back.
        "ReturnToService": 1,
        # slurmstepd that could not tell slurmctld of a killed step tries again after 60 seconds. The usual
        # 60 are over then, and the node would be drained: "Kill task failed".
        "UnkillableStepTimeout": 180,
    }


def _cloud() -> dict[str, object]:
    return {
        "PrivateData": "cloud",  # otherwise powered-down nodes are hidden
        "SuspendProgram": "/bin/true",
        "ResumeProgram": "/bin/true",
        "SuspendTime": -1,
        "ResumeTimeout": 65000,  # above 65535 is fatal
        "SuspendTimeout": 30,
        "ResumeRate": 0,
        "SuspendRate": 0,
        "SlurmdTimeout": 65000,
        "MinJobAge": 86400,  # what load_jobs cancels stays to be seen
        "MaxJobCount": 500000,
        "MaxArraySize": 200001,
    }


def _nodes(shape: Shape) -> list[str]:
    lines = []
    for number, (name, port) in enumerate(zip(shape.node_names, shape.ports.slurmd, strict=True)):
        hardware = _hardware(with_gpus=number < GPU_NODES)
        lines.append(
            f"NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} {hardware} State=UNKNOWN"
        )
    gpu_nodes = min(GPU_NODES, shape.nodes)
    return lines + _partitions(
        every=_range("node", 1, shape.nodes, 3),
        gpu=_range("node", 1, gpu_nodes, 3),
        debug=_range("node", shape.nodes, shape.nodes, 3),
    )


def _cloud_nodes(shape: Shape) -> list[str]:
    gpu_nodes = max(1, shape.cloud // 5)
    width = max(3, len(str(shape.cloud)))
    address = f"NodeAddr=127.0.0.1 Port={shape.ports.slurmd[0]}"
    lines = []
    for rack, first in enumerate(range(1, shape.cloud + 1, RACK_NODES)):
        last = min(first + RACK_NODES - 1, shape.cloud)
        for low, high in ((first, min(last, gpu_nodes)), (max(first, gpu_nodes + 1), last)):
            if low <= high:
                hardware = f"{_hardware(with_gpus=high <= gpu_nodes)},rack{rack:03d}"  # features come last
                lines.append(f"NodeName={_range('node', low, high, width)} {address} {hardware} State=CLOUD")
    return lines + _partitions(
        every=_range("node", 1, shape.cloud, width),
        gpu=_range("node", 1, gpu_nodes, width),
        debug=_range("node", shape.cloud, shape.cloud, width),
    )


def _hardware(*, with_gpus: bool) -> str:
    cores = f"CPUs={NODE_CPUS} Sockets=2 CoresPerSocket={NODE_CPUS // 2} ThreadsPerCore=1"
    kind = (
        f"Gres=gpu:a100:{GPUS_PER_NODE} Feature=gpu,cuda,infiniband"
        if with_gpus
        else "Feature=cpu,infiniband"
    )
    return f"{cores} RealMemory={NODE_MEMORY_MIB} {kind}"


def _partitions(*, every: str, gpu: str, debug: str) -> list[str]:
    return [
        f"PartitionName=normal Nodes={every} Default=YES MaxTime=2-00:00:00 DefaultTime=2:00:00 State=UP",
        f"PartitionName=gpu Nodes={gpu} MaxTime=7-00:00:00 DefaultTime=4:00:00 PriorityTier=2 State=UP",
        f"PartitionName=debug Nodes={debug} MaxTime=30:00 DefaultTime=10:00 State=UP",
    ]


def _range(prefix: str, first: int, last: int, width: int) -> str:
    if first == last:
        return f"{prefix}{first:0{width}d}"
    return f"{prefix}[{first:0{width}d}-{last:0{width}d}]"


def changed(settings: Mapping[str, str], changes: Mapping[str, object]) -> dict[str, str]:
    """Settings with changes applied; None takes a setting of the caller back to the lab's own."""
    kept = {key: value for key, value in settings.items() if key not in changes}
    return kept | {key: str(value) for key, value in changes.items() if value is not None}
