"""What the simulated slurmctld remembers of a job beyond what it shows."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from s9s.backends.simulated.resources import Need, Share
from s9s.domain.jobs import Job, JobState, JobUsage


class Course(Struct, frozen=True, gc=False):
    """How a job that nobody really runs will go, if nothing comes between."""

    seconds: int
    """Run time, suspensions not counted."""
    state: JobState = JobState.COMPLETED
    exit_code: int = 0
    signal: int | None = None
    cpu_efficiency: float = 0.85
    memory_efficiency: float = 0.67


class LimitSignal(Struct, frozen=True, gc=False):
    """``--signal``: a signal some time before the time limit."""

    signal: int
    seconds: int


class Batch(Struct, frozen=True, kw_only=True):
    """What a client submitted to be run."""

    script: str
    environment: dict[str, str]
    tasks: int
    tasks_per_node: int | None = None
    appends: bool
    """Whether output files are appended to (``--open-mode=append``)."""
    limit_signal: LimitSignal | None = None


class Outcome(Struct, frozen=True, gc=False):
    """How a run ended, or will have ended once the job has completed."""

    state: JobState
    at: int
    """When it ended, epoch seconds."""
    exit_code: int = 0
    signal: int | None = None
    reason: str | None = None
    requeues: bool = False
    """Whether the job goes back into the queue."""


class Tasks(Struct, kw_only=True):
    """The book of one array."""

    array_id: int
    waiting: list[int]
    """Tasks without a record of their own, in order."""
    text: str
    """`waiting` as Slurm writes it, without the throttle."""
    limit: int | None
    """How many may run at a time (``%2``)."""
    count: int
    lowest: int
    highest: int
    step: int
    records: dict[int, int] = {}
    """Task to numeric id, of the tasks that have a record."""
    running: int = 0
    """How many hold resources."""

    @property
    def shown(self) -> str:
        """``2-5%2``."""
        return f"{self.text}%{self.limit}" if self.limit else self.text


class Record(Struct, kw_only=True, gc=False):
    """One job in slurmctld's memory. `job` is what it shows; this is never shared with a caller."""

    job: Job
    need: Need
    course: Course | None = None
    """``None`` for jobs that really run."""
    batch: Batch | None = None
    """``None`` for the synthetic population."""
    tasks: Tasks | None = None
    """Of its array."""
    nice: int = 0
    has_fixed_priority: bool = False
    """Whether an operator set it: then it does not age."""
    held_by: str | None = None
    """``user`` or ``admin``."""
    begin_time: int | None = None
    deadline: int | None = None
    can_requeue: bool = True
    shares: tuple[Share, ...] = ()
    run: int = 0
    """Counts starts, stops, suspensions: an event that was planned for an earlier run is void."""
    charged_at: int = 0
    """Since when its user is charged."""
    outcome: Outcome | None = None
    """What a completing job will be."""
    usage: JobUsage | None = None
    """What a job that really ran has used."""
    place: tuple[dict[str, list[tuple[int, int, int]]], str, tuple[int, int, int]] | None = None
    """Where it stands in the queue: line and key; ``None`` while it does not wait there."""


def asked(job: Job, need: Need) -> Job:
    """The job with what it asks for where a running one shows what it has."""
    return replace(
        job,
        node_count=need.nodes,
        cpu_count=need.total_cpus,
        memory_mib=None if need.memory_mib < 0 else need.memory_mib * need.nodes,
        gpus=need.total_gpus,
    )
