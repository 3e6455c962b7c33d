"""Newest payloads to the domain: jobs of slurmctld, nodes, partitions. `parse_accounting` has the rest."""

from __future__ import annotations

from functools import lru_cache
from sys import intern
from typing import Final

from s9s.backends.slurmrestd import payloads
from s9s.domain.durations import UNLIMITED
from s9s.domain.hostlists import expand_hostlist
from s9s.domain.jobs import Job, JobState, job_state
from s9s.domain.nodes import Node
from s9s.domain.partitions import Partition
from s9s.domain.reservations import Reservation
from s9s.domain.tres import Tres, gres_gpus, parse_tres

#: The last is what slurmdbd calls the nodes of a job that never started.
_NOTHING: Final = frozenset({"", "None", "(null)", "N/A", "n/a", "Unknown", "none", "None assigned"})
#: NO_VAL and INFINITE of Slurm's, where a version forgets to say "unset".
_NO_VALUES: Final = frozenset({0, 4294967294, 4294967295})
_BASE_NODE_STATES: Final = ("DOWN", "IDLE", "MIXED", "ALLOCATED", "ERROR", "FUTURE", "UNKNOWN")


def text(value: str | None) -> str | None:
    """`value`, or ``None`` where Slurm has nothing to say."""
    return None if value is None or value in _NOTHING else value


def instant(value: payloads.Number | int | None) -> int | None:
    """Epoch seconds; ``None`` for Slurm's many ways to say never."""
    number = value.value if isinstance(value, payloads.Number) else value
    return None if number is None or number in _NO_VALUES or number < 0 else number


def minutes(value: payloads.Number) -> int | None:
    """Seconds of a limit in minutes."""
    if value.infinite:
        return UNLIMITED
    number = value.value
    return None if number is None else number * 60


@lru_cache(maxsize=8192)
def nodes_of(hostlist: str | None) -> tuple[str, ...]:
    """The names of a hostlist, each a shared string."""
    return () if text(hostlist) is None else tuple(map(intern, expand_hostlist(hostlist or "")))


@lru_cache(maxsize=8192)
def amounts(tres: str) -> Tres:
    """`parse_tres`, remembered, as most jobs ask for the same; without what makes no sense.

    Slurm writes an absurd request as ``mem=1?``: nobody must become invisible by asking for an exabyte.
    """
    try:
        return parse_tres(tres)
    except ValueError:
        return parse_tres(",".join(filter(_makes_sense, tres.split(","))))


def _makes_sense(item: str) -> bool:
    try:
        parse_tres(item)
    except ValueError:
        return False
    return bool(item)


def shared(value: str | None) -> str | None:
    """`text`, as a string that all jobs with the same value share."""
    return None if value is None or value in _NOTHING else intern(value)


def exit_of(code: payloads.ExitCode) -> tuple[int | None, int | None]:
    """Exit code and signal of something that has ended."""
    return code.return_code.value, code.signal.id.value or None


def job(payload: payloads.Job) -> Job:
    """One job of slurmctld's."""
    state, flags = job_state(payload.job_state)
    job_id, array_job_id, array_task_id = _address(payload)
    is_rest = array_job_id is not None and array_task_id is None
    start = instant(payload.start_time)
    has_started = state is not JobState.PENDING and start is not None
    end = instant(payload.end_time) if state.is_finished else None
    if state is JobState.CANCELLED and not payload.nodes:
        # Cancelled before it started: its start time is the moment of its end (22.05, 24.11, 26.05).
        has_started = False
    suspended = instant(payload.suspend_time)
    paused = 0
    if suspended is not None and has_started and start is not None:
        paused = max(0, suspended - start - (payload.pre_sus_time.value or 0))
    tres = amounts(payload.tres_alloc_str or payload.tres_req_str or "")
    node_count = payload.node_count.value or 0
    code, signal = exit_of(payload.exit_code) if state.is_finished else (None, None)
    het_job_id = payload.het_job_id.value or None
    standard_output = payload.standard_output or None
    return Job(
        job_id=job_id,
        numeric_id=payload.job_id,
        job_name=payload.name or "",
        user=intern(payload.user_name or str(payload.user_id)),
        state=state,
        flags=tuple(map(intern, flags)),
        account=shared(payload.account),
        partition=intern(payload.partition or ""),
        qos=shared(payload.qos),
        array_job_id=array_job_id,
        array_task_id=array_task_id,
        array_tasks=text(payload.array_task_string) if is_rest else None,
        het_job_id=het_job_id,
        het_job_offset=payload.het_job_offset.value if het_job_id else None,
        submit_time=instant(payload.submit_time) or 0,
        eligible_time=instant(payload.eligible_time),
        start_time=start if has_started else None,
        expected_start_time=start if state is JobState.PENDING else None,
        end_time=end,
        suspended_seconds=paused,
        suspend_time=suspended if state is JobState.SUSPENDED else None,
        time_limit_seconds=minutes(payload.time_limit),
        nodes=nodes_of(payload.nodes),
        node_count=node_count,
        cpu_count=payload.cpus.value or tres.cpus or 0,
        memory_mib=tres.memory_mib,
        gpus=tres.gpus or _requested_gpus(payload, node_count),
        priority=payload.priority.value,
        reason=shared(payload.state_reason),
        working_directory=text(payload.current_working_directory),
        command=text(payload.command),
        standard_input=payload.standard_input or None,
        standard_output=standard_output,
        standard_error=payload.standard_error
        if payload.standard_error not in ("", standard_output)
        else None,
        exit_code=code,
        signal=signal,
        dependency=text(payload.dependency),
        comment=payload.comment or None,
        features=text(payload.features),
        reservation=shared(payload.resv_name),
        requeue_count=payload.restart_cnt,
    )


def _address(payload: payloads.Job) -> tuple[str, int | None, int | None]:
    """How users name the record, and its array and task."""
    array, task = payload.array_job_id.value or None, payload.array_task_id.value
    if array is not None:
        # The last task to start keeps the array's own id, so the task number decides.
        return (str(array) if task is None else f"{array}_{task}"), array, task
    het = payload.het_job_id.value
    if het:
        return f"{het}+{payload.het_job_offset.value or 0}", None, None
    return str(payload.job_id), None, None


def _requested_gpus(payload: payloads.Job, node_count: int) -> int:
    """GPUs over all nodes, for sites that do not account for them (AccountingStorageTRES)."""
    if payload.tres_per_job:
        return gres_gpus(payload.tres_per_job)
    if payload.tres_per_node:
        return gres_gpus(payload.tres_per_node) * max(1, node_count)
    if payload.tres_per_task:
        return gres_gpus(payload.tres_per_task) * (payload.tasks.value or 1)
    return 0


def node(payload: payloads.Node) -> Node:
    """One node."""
    words = payload.state
    base = next((word for word in _BASE_NODE_STATES if word in words), "UNKNOWN")
    return Node(
        node_name=payload.name,
        base_state=base,
        flags=tuple(word for word in words if word != base),
        partitions=tuple(map(intern, payload.partitions)),
        cpu_total=payload.cpus,
        cpu_allocated=payload.alloc_cpus,
        cpu_load=None if payload.cpu_load in (4294967294, -2) else payload.cpu_load / 100,
        memory_total_mib=payload.real_memory,
        memory_allocated_mib=payload.alloc_memory,
        memory_free_mib=payload.free_mem.value,
        gpus_total=gres_gpus(payload.gres or ""),
        gpus_allocated=gres_gpus(payload.gres_used or ""),
        gres=text(payload.gres),
        features=tuple(map(intern, payload.features)),
        architecture=shared(payload.architecture),
        os=shared((payload.operating_system or "").partition(" #")[0]),
        boot_time=instant(payload.boot_time),
        last_busy=instant(payload.last_busy),
        reason=text(payload.reason),
        reason_user=text(payload.reason_set_by_user) if text(payload.reason) else None,
        reason_time=instant(payload.reason_changed_at) if text(payload.reason) else None,
        resume_after=instant(payload.resume_after),
        slurm_version=shared(payload.version),
    )


def _names(value: str | None) -> tuple[str, ...] | None:
    """A comma list of who is allowed; ``None`` means everybody."""
    return None if value is None or value in ("", "ALL") else tuple(value.split(","))


def partition(payload: payloads.Partition) -> Partition:
    """One partition."""
    return Partition(
        name=payload.name,
        state=next(iter(payload.partition.state), "UNKNOWN"),
        is_default="DEFAULT" in payload.flags,
        nodes=nodes_of(payload.nodes.configured),
        nodes_total=payload.nodes.total,
        cpus_total=payload.cpus.total,
        default_time_seconds=minutes(payload.defaults.time),
        max_time_seconds=minutes(payload.maximums.time),
        max_nodes=payload.maximums.nodes.value,
        priority=payload.priority.tier,
        qos=text(payload.qos.assigned),
        allow_accounts=_names(payload.accounts.allowed),
        allow_groups=_names(payload.groups.allowed),
        allow_qos=_names(payload.qos.allowed),
    )


def reservation(payload: payloads.Reservation, now: float) -> Reservation:
    """One reservation; whether it is active follows from its times."""
    start, end = instant(payload.start_time), instant(payload.end_time)
    is_active = start is not None and start <= now and (end is None or now < end)
    return Reservation(
        name=payload.name,
        state="ACTIVE" if is_active else "INACTIVE",
        start_time=start,
        end_time=end,
        nodes=nodes_of(payload.node_list),
        partition=text(payload.partition),
        users=tuple(filter(None, (text(payload.users) or "").split(","))),
        accounts=tuple(filter(None, (text(payload.accounts) or "").split(","))),
        flags=tuple(flag.upper() for flag in payload.flags),
    )
