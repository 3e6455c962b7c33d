"""Answers about accounting in the newest parser's form, as `payloads` has the others."""

from __future__ import annotations

from msgspec import Struct, field

from s9s.backends.slurmrestd.payloads import UNSET, Answer, ExitCode, Number


class Coordinator(Struct, frozen=True):
    """An account that a user coordinates."""

    name: str = ""


class UserDefaults(Struct, frozen=True):
    """What a user gets unasked."""

    account: str | None = None


class User(Struct, frozen=True, kw_only=True):
    """A user of accounting's."""

    name: str
    administrator_level: list[str] = []
    default: UserDefaults = UserDefaults()
    coordinators: list[Coordinator] = []


class Users(Answer):
    """``GET users``."""

    users: list[User] = field(default_factory=list)


class AssociationDefaults(Struct, frozen=True):
    """What jobs under an association get unasked."""

    qos: str | None = None


class Association(Struct, frozen=True, kw_only=True):
    """A user's place in an account; `user` is ``""`` for the account's own."""

    account: str | None = None
    user: str | None = None
    cluster: str | None = None
    partition: str | None = None
    qos: list[str] = []
    default: AssociationDefaults = AssociationDefaults()


class Associations(Answer):
    """``GET associations``."""

    associations: list[Association] = field(default_factory=list)


class Share(Struct, frozen=True, kw_only=True):
    """An association's fair share; `usage` is raw usage in seconds, and decays."""

    name: str | None = None
    type: list[str] = []
    usage: int = 0


class ShareList(Struct, frozen=True):
    """The list below ``shares``."""

    shares: list[Share] = []


class Shares(Answer):
    """``GET shares``."""

    shares: ShareList = ShareList()


class Cluster(Struct, frozen=True):
    """A cluster of accounting's."""

    name: str = ""


class Clusters(Answer):
    """``GET clusters``."""

    clusters: list[Cluster] = field(default_factory=list)


class TRES(Struct, frozen=True):
    """An amount. Memory is MiB in allocations and bytes in usage; negative counts mean unset."""

    type: str
    name: str | None = None
    count: int | None = None
    node: str | None = None
    """Of the task with the largest amount."""


class TRESUsage(Struct, frozen=True):
    """Of a step: the largest of one task, over all tasks, and the mean of all tasks."""

    max: list[TRES] = []
    total: list[TRES] = []
    average: list[TRES] = []


class StepTRES(Struct, frozen=True):
    """Of a step. What Slurm calls requested is what it used."""

    requested: TRESUsage = TRESUsage()


class CPUTime(Struct, frozen=True):
    """User plus system time."""

    seconds: int = 0
    microseconds: int = 0


class StepTime(Struct, frozen=True):
    """Of a step."""

    total: CPUTime = CPUTime()


class StepTasks(Struct, frozen=True):
    """Of a step."""

    count: int = 0


class Step(Struct, frozen=True):
    """A job step."""

    tres: StepTRES = StepTRES()
    time: StepTime = StepTime()
    tasks: StepTasks = StepTasks()


class Array(Struct, frozen=True):
    """Which task of which array; `task` names the tasks that an unstarted rest stands for."""

    job_id: int = 0
    task_id: Number = UNSET
    task: str | None = None


class Het(Struct, frozen=True):
    """Which component of which heterogeneous job."""

    job_id: int = 0
    job_offset: Number = UNSET


class State(Struct, frozen=True):
    """As in `Job.job_state`."""

    current: list[str] = []
    reason: str | None = None


class Time(Struct, frozen=True):
    """Instants are epoch seconds with 0 and 4294967294 for unset, the limit minutes."""

    submission: int | None = None
    eligible: int | None = None
    start: int | None = None
    end: int | None = None
    suspended: int = 0
    limit: Number = UNSET


class JobTRES(Struct, frozen=True):
    """Over all nodes."""

    allocated: list[TRES] = []
    requested: list[TRES] = []


class Comments(Struct, frozen=True):
    """The job's own among them."""

    job: str | None = None


class Reservation(Struct, frozen=True):
    """Its name; 22.05 gives the number 0 in its place."""

    name: str | int | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A job of slurmdbd's."""

    job_id: int
    name: str | None = None
    user: str | None = None
    account: str | None = None
    partition: str | None = None
    qos: str | None = None
    cluster: str | None = None
    state: State
    array: Array = Array()
    het: Het = Het()
    time: Time = Time()
    nodes: str | None = None
    allocation_nodes: int = 0
    tres: JobTRES = JobTRES()
    priority: Number = UNSET
    exit_code: ExitCode = ExitCode()
    comment: Comments = Comments()
    constraints: str | None = None
    reservation: Reservation = Reservation()
    working_directory: str | None = None
    submit_line: str | None = None
    stdin: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    restart_cnt: int = 0
    steps: list[Step] = []


class Jobs(Answer):
    """``GET jobs`` and ``GET job/{id}`` of slurmdbd."""

    jobs: list[Job] = field(default_factory=list)
