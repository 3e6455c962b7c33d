"""Newest payloads to the domain: what slurmdbd tells of jobs and users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from sys import intern
from typing import Final

from s9s.backends.slurmrestd import accounted
from s9s.backends.slurmrestd.parse import exit_of, instant, minutes, nodes_of, shared, text
from s9s.domain.accounting import AdminLevel, Association, User
from s9s.domain.hostlists import fold_hostlist
from s9s.domain.jobs import Job, JobState, JobUsage, job_state
from s9s.domain.usage import StepUsage, usage_of_steps

_MIB: Final = 1024 * 1024
_ADMIN_LEVELS: Final = {
    "operator": AdminLevel.OPERATOR,
    "administrator": AdminLevel.ADMINISTRATOR,
    "admin": AdminLevel.ADMINISTRATOR,
}


def job(payload: accounted.Job) -> Job:
    """One job of slurmdbd's."""
    state, flags = job_state(payload.state.current)
    job_id, array_job_id, array_task_id = _address(payload)
    start = instant(payload.time.start)
    allocated, requested = payload.tres.allocated, payload.tres.requested
    nodes = nodes_of(payload.nodes)
    if not nodes:
        start = None  # it never started: 22.05 and 24.11 give the end as its start
    code, signal = exit_of(payload.exit_code) if state.is_finished else (None, None)
    het_job_id = payload.het.job_id or None
    reservation = payload.reservation.name
    return Job(
        job_id=job_id,
        numeric_id=payload.job_id,
        job_name=payload.name or "",
        user=intern(payload.user or ""),
        state=state,
        flags=tuple(map(intern, flags)),
        account=shared(payload.account),
        partition=intern(payload.partition or ""),
        qos=shared(payload.qos),
        array_job_id=array_job_id,
        array_task_id=array_task_id,
        array_tasks=_tasks(payload.array.task)
        if array_job_id is not None and array_task_id is None
        else None,
        het_job_id=het_job_id,
        het_job_offset=payload.het.job_offset.value if het_job_id else None,
        submit_time=instant(payload.time.submission) or 0,
        eligible_time=instant(payload.time.eligible),
        start_time=start if state is not JobState.PENDING else None,
        # 22.05 gives running jobs the present as their end.
        end_time=instant(payload.time.end) if state.is_finished else None,
        suspended_seconds=payload.time.suspended,
        time_limit_seconds=minutes(payload.time.limit),
        nodes=nodes,
        node_count=_count(allocated, "node") or _count(requested, "node") or payload.allocation_nodes,
        cpu_count=_count(allocated, "cpu") or _count(requested, "cpu") or 0,
        memory_mib=_count(allocated, "mem") or _count(requested, "mem"),
        gpus=_gpus(allocated) or _gpus(requested),
        priority=payload.priority.value,
        reason=shared(payload.state.reason),
        working_directory=text(payload.working_directory),
        standard_input=payload.stdin or None,
        standard_output=payload.stdout or None,
        standard_error=payload.stderr if payload.stderr and payload.stderr != payload.stdout else None,
        exit_code=code,
        signal=signal,
        comment=payload.comment.job or None,
        features=text(payload.constraints),
        reservation=shared(reservation) if isinstance(reservation, str) else None,
        requeue_count=payload.restart_cnt,
    )


def _address(payload: accounted.Job) -> tuple[str, int | None, int | None]:
    array, task = payload.array.job_id or None, payload.array.task_id.value
    if array is not None:
        return (str(array) if task is None else f"{array}_{task}"), array, task
    if payload.het.job_id:
        return f"{payload.het.job_id}+{payload.het.job_offset.value or 0}", None, None
    return str(payload.job_id), None, None


def _tasks(mask: str | None) -> str | None:
    """``2-5`` of ``0x3C``: slurmdbd tells the tasks without a record of their own as bits."""
    if not mask or not mask.startswith("0x"):
        return text(mask)
    try:
        bits = int(mask, 16)
    except ValueError:  # shortened with "..." (SLURM_BITSTR_LEN)
        return None
    tasks = [f"{number}" for number in range(bits.bit_length()) if bits >> number & 1]
    return fold_hostlist(tasks).strip("[]") or None


def _count(tres: Iterable[accounted.TRES], kind: str) -> int | None:
    for entry in tres:
        if entry.type == kind:
            return entry.count if entry.count is not None and entry.count >= 0 else None
    return None


def _gpus(tres: Iterable[accounted.TRES]) -> int:
    counts = {entry.name or "": entry.count or 0 for entry in tres if entry.type == "gres"}
    # "gpu" counts all of them; types ("gpu:a100") count once more where a site accounts for them too.
    typed = sum(count for name, count in counts.items() if name.startswith("gpu:"))
    return max(0, counts.get("gpu", typed))


def usage(payload: accounted.Job) -> JobUsage | None:
    """What the job used so far; ``None`` where accounting has measured nothing.

    The job's own ``time.total`` is 0 on all versions, so the steps are added up. Steps that still run
    have used nothing yet as far as accounting knows.
    """
    used = usage_of_steps([_step(step) for step in payload.steps])
    return None if used is None or not (used.cpu_seconds or used.max_memory_mib) else used


def _step(step: accounted.Step) -> StepUsage:
    used = step.tres.requested
    largest = next((entry for entry in used.max if entry.type == "mem"), None)
    total, gpus = _count(used.total, "mem"), _gpu_percent(used.average)
    return StepUsage(
        cpu_seconds=step.time.total.seconds + step.time.total.microseconds / 1e6,
        memory_mib=None if total is None else total / _MIB,
        task_memory_mib=None if largest is None else max(0, largest.count or 0) / _MIB or None,
        memory_node=None if largest is None else text(largest.node),
        tasks=step.tasks.count or None,
        gpu_utilization=None if gpus is None else gpus / 100,
    )


def _gpu_percent(average: Iterable[accounted.TRES]) -> int | None:
    return next((one.count for one in average if (one.type, one.name) == ("gres", "gpuutil")), None)


def users(
    people: Iterable[accounted.User],
    associations: Iterable[accounted.Association],
    shares: Iterable[accounted.Share] | None,
    cluster: str | None,
) -> list[User]:
    """Users with their associations on one cluster.

    Args:
        people: All users.
        associations: All associations, of any cluster.
        shares: Fair shares with raw usage; ``None`` where slurmrestd has no such route (22.05).
        cluster: Whose associations count; ``None``: all, where the name is not known.
    """
    places: dict[str, list[Association]] = defaultdict(list)
    for entry in associations:
        if entry.user and (cluster is None or entry.cluster == cluster):
            place = Association(
                account=entry.account or "",
                partition=text(entry.partition),
                qos=tuple(entry.qos),
                default_qos=text(entry.default.qos),
            )
            places[entry.user].append(place)
    used: dict[str, int] = defaultdict(int)
    for share in shares or ():
        if "USER" in share.type and share.name:
            used[share.name] += share.usage
    return [
        User(
            username=person.name,
            default_account=text(person.default.account),
            admin_level=_admin_level(person.administrator_level),
            associations=tuple(places[person.name]),
            coordinator_of=tuple(coordinator.name for coordinator in person.coordinators),
            cpu_seconds_used=None if shares is None else used[person.name],
        )
        for person in people
    ]


def _admin_level(words: list[str]) -> AdminLevel:
    return next((level for word in words if (level := _ADMIN_LEVELS.get(word.lower()))), AdminLevel.NONE)
