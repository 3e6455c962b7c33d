"""Jobs: what Slurm knows of one, and what a submission asks for."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct


class JobState(StrEnum):
    """The states that the contract names; Slurm's flags stand beside them in `Job.flags`."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETING = "COMPLETING"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    NODE_FAIL = "NODE_FAIL"
    PREEMPTED = "PREEMPTED"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    BOOT_FAIL = "BOOT_FAIL"
    DEADLINE = "DEADLINE"

    @property
    def is_finished(self) -> bool:
        """Whether the job will never run again by itself (COMPLETING is not finished yet)."""
        return self not in _LIVE


_LIVE: Final = frozenset({JobState.PENDING, JobState.RUNNING, JobState.COMPLETING, JobState.SUSPENDED})

#: Words that Slurm prints in a state's place although they are flags over a base state.
_FLAG_BASE: Final = {
    "CONFIGURING": JobState.RUNNING,
    "POWER_UP_NODE": JobState.RUNNING,
    "RESIZING": JobState.RUNNING,
    "SIGNALING": JobState.RUNNING,
    "STAGE_OUT": JobState.COMPLETING,
    "STOPPED": JobState.RUNNING,
    "REQUEUED": JobState.PENDING,
    "REQUEUE_FED": JobState.PENDING,
    "REQUEUE_HOLD": JobState.PENDING,
    "RESV_DEL_HOLD": JobState.PENDING,
    "SPECIAL_EXIT": JobState.PENDING,
    "UPDATE_DB": JobState.PENDING,
    "EXPEDITING": JobState.PENDING,
    "LAUNCH_FAILED": JobState.FAILED,
    "RECONFIG_FAIL": JobState.FAILED,
    "REVOKED": JobState.CANCELLED,
}


_STATES: Final = frozenset(JobState.__members__)
#: Every word that a filter of job states may use: the states, and the flags that stand beside them.
JOB_STATE_WORDS: Final = _STATES | frozenset(_FLAG_BASE)


def job_state(words: list[str]) -> tuple[JobState, tuple[str, ...]]:
    """The contract's state and the remaining flags, from the words that Slurm gives.

    Args:
        words: Upper-case state words, in any order: ``["CANCELLED", "COMPLETING"]`` (24.11 and
            later), ``["COMPLETING"]`` (22.05 and all text output), ``["RUNNING", "CONFIGURING"]``.

    Returns:
        The state and every other word. COMPLETING wins over the base state it will end in, so that
        all versions and routes agree; the base state then stands among the flags.

    Raises:
        ValueError: when no word is a known state or flag.
    """
    base = [JobState(word) for word in words if word in _STATES]
    if JobState.COMPLETING in base:
        state = JobState.COMPLETING
    elif base:
        state = base[0]
    else:
        known = [_FLAG_BASE[word] for word in words if word in _FLAG_BASE]
        if not known:
            raise ValueError(f"unknown job state {'+'.join(words)!r}")
        state = known[0]
    return state, tuple(word for word in words if word != state)


class Job(Struct, frozen=True, kw_only=True, gc=False):
    """One job record: a job, one array task, the unstarted rest of an array, or a het component.

    Instants are epoch seconds, spans seconds, memory MiB. What Slurm has not set is ``None``.
    """

    job_id: str
    """As users address it: ``123``, ``123_7`` (array task), ``123+1`` (het component). The unstarted
    rest of array 123 is ``123``, with `array_tasks` saying which tasks it stands for."""
    numeric_id: int
    """Slurm's own id of this record; differs from `job_id` for array tasks and het components."""
    job_name: str
    user: str
    state: JobState
    flags: tuple[str, ...] = ()
    """Slurm's further state words, e.g. ``("CONFIGURING",)``."""
    account: str | None = None
    partition: str
    """A comma list while the job is pending for several partitions."""
    qos: str | None = None
    array_job_id: int | None = None
    array_task_id: int | None = None
    array_tasks: str | None = None
    """``2-5%2``: the tasks of an array that have no record of their own yet."""
    het_job_id: int | None = None
    het_job_offset: int | None = None
    submit_time: int
    eligible_time: int | None = None
    start_time: int | None = None
    """When it really started; ``None`` while pending (see `expected_start_time`)."""
    expected_start_time: int | None = None
    """The scheduler's estimate for a pending job."""
    end_time: int | None = None
    """When it really ended; ``None`` until the state is finished."""
    suspended_seconds: int = 0
    """Seconds since `start_time` that do not count as elapsed, up to `suspend_time` if that is set."""
    suspend_time: int | None = None
    """Since when it is suspended; ``None`` when it is not."""
    time_limit_seconds: int | None = None
    """`durations.UNLIMITED` for no limit."""
    nodes: tuple[str, ...] = ()
    """Allocated nodes, expanded; empty until the job has started."""
    node_count: int = 0
    """Allocated, or requested while pending."""
    cpu_count: int = 0
    memory_mib: int | None = None
    """Over all nodes: allocated, or requested while pending."""
    gpus: int = 0
    """Over all nodes: allocated, or requested while pending."""
    priority: int | None = None
    """0 means held."""
    reason: str | None = None
    working_directory: str | None = None
    command: str | None = None
    standard_input: str | None = None
    standard_output: str | None = None
    """The path with its patterns (``%j``) unresolved, absolute or relative to `working_directory`;
    ``None`` means Slurm's default (see `output_paths`)."""
    standard_error: str | None = None
    """``None`` means the same file as `standard_output`."""
    exit_code: int | None = None
    """Only once finished."""
    signal: int | None = None
    """Number of the signal that ended it, once finished."""
    dependency: str | None = None
    """Slurm's own notation: ``afterok:3400(unfulfilled)?afterany:3396``."""
    comment: str | None = None
    features: str | None = None
    """The constraint expression of the request."""
    reservation: str | None = None
    requeue_count: int = 0

    @property
    def clock(self) -> int:
        """What the run time is counted from while it grows (epoch seconds); else minus the run time.

        Time spent suspended is no run time; before the start it is 0.
        """
        if self.start_time is None:
            return 0
        since = self.start_time + self.suspended_seconds
        until = self.end_time or self.suspend_time
        return since if until is None else min(0, since - until)

    def elapsed_seconds(self, now: int) -> int:
        """Run time as of `now`."""
        return max(0, now - self.clock) if self.clock > 0 else -self.clock


class JobUsage(Struct, frozen=True, kw_only=True, gc=False):
    """What a job used, from accounting; ``None`` where nothing was measured."""

    cpu_seconds: float | None = None
    """User plus system time of all steps."""
    max_memory_mib: float | None = None
    """Largest sum over nodes of resident memory that one step reached."""
    max_task_memory_mib: float | None = None
    """Largest resident memory of one task (MaxRSS)."""
    max_memory_node: str | None = None
    """Where that task ran."""
    tasks: int | None = None
    """Of the step that reached `max_memory_mib`."""
    gpu_utilization: float | None = None
    """0..1."""


class JobDetails(Struct, frozen=True, kw_only=True):
    """A job and what only a single look-up tells."""

    job: Job
    environment: dict[str, str] | None = None
    """``None`` where Slurm does not keep it or the caller may not see it."""
    usage: JobUsage | None = None


class Dependency(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One condition of a submission or a job: ``afterok`` of job 12344."""

    type: str
    job_id: str | None = None
    """``None`` for ``singleton``."""
    status: str | None = None
    """``unfulfilled`` or ``failed``, as Slurm reports it; ``None`` in a submission."""


class JobSubmission(Struct, frozen=True, kw_only=True):
    """A batch job to submit. ``None`` leaves the choice to the script's ``#SBATCH`` lines, then to Slurm."""

    script: str
    """The batch script's text; begins with ``#!``."""
    job_name: str | None = None
    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    nodes: int | None = None
    nodes_max: int | None = None
    tasks: int | None = None
    tasks_per_node: int | None = None
    cpus_per_task: int | None = None
    cpus_per_node: int | None = None
    """That many CPUs on each node, in one task per node."""
    memory_mib: int | None = None
    """Per node, as ``--mem``; 0 is all of a node's memory."""
    memory_per_cpu_mib: int | None = None
    gpus: int | None = None
    """Over the whole job, as ``--gpus``."""
    gpus_per_node: int | None = None
    gres: str | None = None
    """Per node, as ``--gres``."""
    time_limit_seconds: int | None = None
    time_min_seconds: int | None = None
    working_directory: str | None = None
    """Absolute; ``None`` is the user's home directory."""
    standard_input: str | None = None
    standard_output: str | None = None
    standard_error: str | None = None
    environment: dict[str, str] = {}
    dependency: str | None = None
    """Slurm's notation, ``afterok:1:2,afterany:3``."""
    array: str | None = None
    begin_time: int | None = None
    deadline: int | None = None
    constraint: str | None = None
    reservation: str | None = None
    nodelist: str | None = None
    exclude: str | None = None
    licenses: str | None = None
    nice: int | None = None
    priority: int | None = None
    hold: bool | None = None
    requeue: bool | None = None
    exclusive: bool | None = None
    comment: str | None = None
    mail_type: str | None = None
    mail_user: str | None = None
    open_mode: str | None = None
    """``append`` or ``truncate``."""
    signal: str | None = None
    """``[B:]SIG[@seconds]``, as ``--signal``."""


class Submitted(Struct, frozen=True, kw_only=True):
    """Slurm's answer to a submission."""

    job_id: str
    message: str | None = None
    """What Slurm remarked although it accepted, else ``None``."""


class JobUpdate(Struct, frozen=True, kw_only=True):
    """Changes to a job; ``None`` leaves a value as it is."""

    hold: bool | None = None
    """True holds, False releases."""
    priority: int | None = None
    time_limit_seconds: int | None = None
    partition: str | None = None
    qos: str | None = None
    account: str | None = None
    job_name: str | None = None
    nice: int | None = None
    comment: str | None = None
