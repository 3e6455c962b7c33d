"""Answers of slurmrestd in the newest parser's form (v0.0.45, Slurm 26.05), as far as they are read here.

Text is ``""`` where nothing is set, and ``None`` for the sake of versions that say ``null``. Older versions
are lifted to these structs by the modules ``v0_0_*``; what a struct does not name is skipped while decoding.
"""

from __future__ import annotations

from msgspec import Struct

from s9s.backends.slurmrestd.errors import Problem


class Number(Struct, frozen=True, gc=False):
    """A number that may be unset or unlimited."""

    set: bool = False
    infinite: bool = False
    number: int | float = 0

    @property
    def value(self) -> int | None:
        """``None`` where it is unset or unlimited."""
        return int(self.number) if self.set and not self.infinite else None


UNSET = Number()


class Slurm(Struct, frozen=True):
    """Who answers."""

    release: str = ""
    cluster: str = ""


class Meta(Struct, frozen=True):
    """About an answer."""

    slurm: Slurm = Slurm()


class Answer(Struct, kw_only=True):
    """What every answer has."""

    meta: Meta = Meta()
    errors: list[Problem] = []
    warnings: list[Problem] = []


class Signal(Struct, frozen=True):
    """Of an exit code."""

    id: Number = UNSET


class ExitCode(Struct, frozen=True):
    """How something ended."""

    return_code: Number = UNSET
    signal: Signal = Signal()


class Job(Struct, frozen=True, kw_only=True):
    """A job of slurmctld's. Instants are epoch seconds with 0 for unset, limits minutes, memory MiB."""

    job_id: int
    name: str | None = None
    user_name: str | None = None
    user_id: int = 0
    account: str | None = None
    partition: str | None = None
    qos: str | None = None
    job_state: list[str]
    array_job_id: Number = UNSET
    array_task_id: Number = UNSET
    array_task_string: str | None = None
    het_job_id: Number = UNSET
    het_job_offset: Number = UNSET
    submit_time: Number = UNSET
    eligible_time: Number = UNSET
    start_time: Number = UNSET
    end_time: Number = UNSET
    suspend_time: Number = UNSET
    pre_sus_time: Number = UNSET
    time_limit: Number = UNSET
    nodes: str | None = None
    node_count: Number = UNSET
    cpus: Number = UNSET
    tasks: Number = UNSET
    tres_alloc_str: str | None = None
    tres_req_str: str | None = None
    tres_per_job: str | None = None
    tres_per_node: str | None = None
    tres_per_task: str | None = None
    priority: Number = UNSET
    state_reason: str | None = None
    current_working_directory: str | None = None
    command: str | None = None
    standard_input: str | None = None
    standard_output: str | None = None
    standard_error: str | None = None
    exit_code: ExitCode = ExitCode()
    dependency: str | None = None
    comment: str | None = None
    features: str | None = None
    resv_name: str | None = None
    restart_cnt: int = 0


class Jobs(Answer):
    """``GET jobs``, ``GET job/{id}``."""

    jobs: list[Job] = []
    last_update: Number = UNSET


class Node(Struct, frozen=True, kw_only=True):
    """A node. Memory is MiB, load hundredths."""

    name: str
    state: list[str]
    partitions: list[str] = []
    cpus: int = 0
    alloc_cpus: int = 0
    cpu_load: int = 0
    real_memory: int = 0
    alloc_memory: int = 0
    free_mem: Number = UNSET
    gres: str | None = None
    gres_used: str | None = None
    features: list[str] = []
    architecture: str | None = None
    operating_system: str | None = None
    boot_time: Number = UNSET
    last_busy: Number = UNSET
    reason: str | None = None
    reason_changed_at: Number = UNSET
    reason_set_by_user: str | None = None
    resume_after: Number = UNSET
    version: str | None = None


class Nodes(Answer):
    """``GET nodes``, ``GET node/{name}``."""

    nodes: list[Node] = []
    last_update: Number = UNSET


class Allowed(Struct, frozen=True):
    """Who may use a partition, a comma list."""

    allowed: str | None = None


class PartitionQOS(Struct, frozen=True):
    """A partition's own QOS and those that may be used in it."""

    allowed: str | None = None
    assigned: str | None = None


class PartitionNodes(Struct, frozen=True):
    """Which nodes, a hostlist."""

    configured: str | None = None
    total: int = 0


class PartitionCPUs(Struct, frozen=True):
    """How many CPUs."""

    total: int = 0


class PartitionLimits(Struct, frozen=True):
    """Defaults and maximums: minutes, nodes a job."""

    time: Number = UNSET
    nodes: Number = UNSET


class PartitionPriority(Struct, frozen=True):
    """Its weight."""

    tier: int = 0


class PartitionState(Struct, frozen=True):
    """UP, DOWN, DRAIN or INACTIVE."""

    state: list[str] = []


class Partition(Struct, frozen=True, kw_only=True):
    """A partition."""

    name: str
    partition: PartitionState = PartitionState()
    flags: list[str] = []
    nodes: PartitionNodes = PartitionNodes()
    cpus: PartitionCPUs = PartitionCPUs()
    accounts: Allowed = Allowed()
    groups: Allowed = Allowed()
    qos: PartitionQOS = PartitionQOS()
    defaults: PartitionLimits = PartitionLimits()
    maximums: PartitionLimits = PartitionLimits()
    priority: PartitionPriority = PartitionPriority()


class Partitions(Answer):
    """``GET partitions``."""

    partitions: list[Partition] = []


class Reservation(Struct, frozen=True, kw_only=True):
    """A reservation; users and accounts are comma lists."""

    name: str
    start_time: Number = UNSET
    end_time: Number = UNSET
    node_list: str | None = None
    partition: str | None = None
    users: str | None = None
    accounts: str | None = None
    flags: list[str] = []


class Reservations(Answer):
    """``GET reservations``."""

    reservations: list[Reservation] = []


class Ping(Struct, frozen=True):
    """One controller."""

    responding: bool = False


class Pings(Answer):
    """``GET ping``."""

    pings: list[Ping] = []


class Configuration(Struct, frozen=True, rename="pascal"):
    """Of slurm.conf."""

    cluster_name: str = ""
    private_data: list[str] = []
    min_job_age: int = 300


class Configurations(Answer):
    """``GET conf``, v0.0.45 and later."""

    slurm_conf: Configuration = Configuration()


class Submission(Answer):
    """``POST job/submit``."""

    job_id: int | None = None
    job_submit_user_msg: str | None = None


class Written(Answer):
    """Updates and requeues: nothing but problems."""


class KillError(Struct, frozen=True):
    """Why a job was not killed."""

    code: int = 0
    message: str | None = None


class KillStatus(Struct, frozen=True):
    """Of one job."""

    error: KillError = KillError()


class Killed(Answer):
    """``DELETE job/{id}``: the status has an entry for each failure."""

    status: list[KillStatus] = []
