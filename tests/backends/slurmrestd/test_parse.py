"""Every recorded answer of every version comes out as the same cluster."""

from __future__ import annotations

from typing import Any

import pytest

from s9s.backends.slurmrestd import accounted, parse, parse_accounting, payloads, versions
from s9s.backends.slurmrestd.payloads import Number
from s9s.domain.accounting import AdminLevel
from s9s.domain.durations import UNLIMITED
from s9s.domain.jobs import Job, JobState
from s9s.domain.nodes import Node
from s9s.domain.output_paths import output_paths
from tests.backends.slurmrestd.recorded import ALL, NATIVE, body

every = pytest.mark.parametrize("where", ALL)


def read(where: str, name: str, kind: type[Any]) -> Any:
    return versions.dialect(where.partition("/")[2]).answer(kind, body(where, name))


def jobs(where: str) -> dict[str, Job]:
    return {job.job_id: job for job in map(parse.job, read(where, "jobs", payloads.Jobs).jobs)}


@every
def test_a_running_job(where: str) -> None:
    job = next(job for job in jobs(where).values() if job.job_name == "running | one")
    assert job.state == JobState.RUNNING
    assert (job.user, job.account, job.partition, job.qos) == ("alice", "research", "normal", "normal")
    assert job.nodes == ("node001", "node002")
    assert (job.node_count, job.cpu_count, job.memory_mib, job.gpus) == (2, 4, 256, 0)
    assert job.time_limit_seconds == 135 * 60
    assert job.start_time is not None
    assert job.submit_time <= job.start_time < job.submit_time + 60
    assert (job.end_time, job.expected_start_time, job.exit_code, job.signal, job.reason) == (None,) * 5
    assert (job.comment, job.working_directory, job.command) == ("a comment", "/recording", None)
    assert output_paths(job) == (f"/recording/out-{job.job_id}.txt", "/dev/null")
    assert job.elapsed_seconds(job.start_time + 100) == 100


@every
def test_pending_jobs(where: str) -> None:
    by_name = {job.job_name: job for job in jobs(where).values() if job.state == JobState.PENDING}
    held = by_name["held"]
    assert (held.priority, held.reason, held.time_limit_seconds) == (0, "JobHeldUser", UNLIMITED)
    assert (held.start_time, held.expected_start_time, held.end_time, held.nodes) == (None, None, None, ())
    assert held.features == "gpu"
    later = by_name["later"]
    assert later.partition == "gpu,normal"
    assert later.start_time is None
    assert later.expected_start_time is not None
    assert later.expected_start_time > later.submit_time + 3000
    assert by_name["dependent"].dependency == "afterok:1(unfulfilled)"
    requeued = by_name["requeued"]
    assert (requeued.requeue_count, requeued.start_time, requeued.end_time) == (1, None, None)


@every
def test_ended_jobs(where: str) -> None:
    by_name = {job.job_name: job for job in jobs(where).values()}
    failed, killed, cancelled = by_name["failed"], by_name["killed"], by_name["cancelled"]
    assert (failed.state, failed.exit_code, failed.signal) == (JobState.FAILED, 3, None)
    assert (killed.state, killed.exit_code, killed.signal) == (JobState.FAILED, None, 9)
    assert (cancelled.state, cancelled.start_time, cancelled.nodes) == (JobState.CANCELLED, None, ())
    assert failed.end_time
    assert killed.end_time
    assert cancelled.end_time


@every
def test_a_suspended_job_stands_still(where: str) -> None:
    job = next(job for job in jobs(where).values() if job.job_name == "suspended")
    assert job.state == JobState.SUSPENDED
    assert job.start_time is not None
    assert job.suspend_time is not None
    assert job.elapsed_seconds(job.suspend_time) == job.elapsed_seconds(job.suspend_time + 1000)


@every
def test_an_array_is_its_tasks_and_its_rest(where: str) -> None:
    array = {job.job_id: job for job in jobs(where).values() if job.array_job_id == 3}
    assert set(array) == {"3", "3_0", "3_1"}
    assert [array[name].array_task_id for name in ("3", "3_0", "3_1")] == [None, 0, 1]
    assert [array[name].array_tasks for name in ("3", "3_0", "3_1")] == ["2-5%2", None, None]
    assert len({job.numeric_id for job in array.values()}) == 3
    assert output_paths(array["3_1"])[0] == "/recording/3_1.txt"
    assert output_paths(array["3"])[0] == "/recording/3_%a.txt"


@every
def test_a_heterogeneous_job_is_its_components(where: str) -> None:
    components = [job for job in jobs(where).values() if job.het_job_id]
    assert sorted((job.job_id, job.het_job_offset) for job in components) == [("16+0", 0), ("16+1", 1)]


@every
def test_gpus_of_jobs_and_nodes(where: str) -> None:
    assert next(job for job in jobs(where).values() if job.job_name == "gpus").gpus == 2
    first, _, third, _ = nodes(where)
    assert (first.gpus_total, first.gpus_allocated, third.gpus_total) == (4, 2, 0)


def nodes(where: str) -> list[Node]:
    return [parse.node(node) for node in read(where, "nodes", payloads.Nodes).nodes]


@every
def test_nodes(where: str) -> None:
    first, second, third, fourth = nodes(where)
    assert [node.node_name for node in (first, second, third, fourth)] == [f"node00{n}" for n in (1, 2, 3, 4)]
    assert (first.state, third.state, fourth.state) == ("MIXED", "IDLE", "DRAIN")
    assert "DRAINED" in fourth.state_names
    assert (fourth.reason, fourth.reason_user) == ("disk | failing", "root")
    assert fourth.reason_time is not None
    assert (first.reason, first.reason_user, first.reason_time, first.resume_after) == (None,) * 4
    assert (first.cpu_total, first.cpu_allocated, first.memory_total_mib) == (32, 7, 131072)
    assert first.memory_allocated_mib == 512
    assert first.partitions == ("normal", "gpu")
    assert first.features == ("gpu", "cuda", "infiniband")
    assert first.cpu_load is not None
    assert 0 <= first.cpu_load < 100
    assert first.os is not None
    assert first.os.startswith("Linux")
    assert "#" not in first.os
    assert first.architecture == "x86_64"
    assert first.slurm_version is not None
    assert first.slurm_version.startswith(where.partition("/")[0])


@every
def test_partitions(where: str) -> None:
    listed = [parse.partition(entry) for entry in read(where, "partitions", payloads.Partitions).partitions]
    normal, gpu, debug = listed
    assert [entry.name for entry in listed] == ["normal", "gpu", "debug"]
    assert normal.nodes == ("node001", "node002", "node003", "node004")
    assert (normal.state, normal.nodes_total, normal.cpus_total, normal.max_nodes) == ("UP", 4, 128, None)
    assert (normal.default_time_seconds, normal.max_time_seconds) == (7200, 2 * 86400)
    assert (debug.max_time_seconds, gpu.priority) == (1800, 2)
    assert (normal.allow_accounts, normal.allow_groups, normal.allow_qos, normal.qos) == (None,) * 4
    # Only v0.0.38 and v0.0.45 tell which partition is the default.
    tells = where.endswith(("v0.0.38", "v0.0.45"))
    assert [entry.is_default for entry in listed] == [tells, False, False]


@every
def test_users(where: str) -> None:
    people = read(where, "users", accounted.Users).users
    associations = read(where, "associations", accounted.Associations).associations
    users = {user.username: user for user in parse_accounting.users(people, associations, None, None)}
    alice, bob = users["alice"], users["bob"]
    assert alice.default_account == "research"
    (place,) = alice.associations
    assert (place.account, place.partition, set(place.qos)) == ("research", None, {"normal", "high"})
    assert {entry.account for entry in bob.associations} == {"research", "engineering"}
    assert (alice.coordinator_of, bob.coordinator_of) == ((), ("research",))
    levels = [users[name].admin_level for name in ("alice", "carol", "dave")]
    assert levels == [AdminLevel.NONE, AdminLevel.OPERATOR, AdminLevel.ADMINISTRATOR]
    assert alice.cpu_seconds_used is None
    assert not parse_accounting.users(people, associations, None, "elsewhere")[0].associations


@pytest.mark.parametrize("where", NATIVE[1:])
def test_usage_of_users(where: str) -> None:
    people = read(where, "users", accounted.Users).users
    shares = read(where, "shares", accounted.Shares).shares.shares
    users = {user.username: user for user in parse_accounting.users(people, [], shares, None)}
    assert users["alice"].cpu_seconds_used
    assert users["dave"].cpu_seconds_used == 0


@every
def test_accounted_jobs(where: str) -> None:
    found = {
        job.job_name: job
        for job in map(parse_accounting.job, read(where, "accounted_jobs", accounted.Jobs).jobs)
    }
    assert {"failed", "killed", "cancelled", "busy"} <= set(found)
    assert all(job.state.is_finished for job in found.values())
    busy, cancelled = found["busy"], found["cancelled"]
    assert (busy.user, busy.account, busy.partition, busy.nodes) == (
        "alice",
        "research",
        "normal",
        ("node001",),
    )
    assert (busy.cpu_count, busy.node_count, busy.memory_mib, busy.time_limit_seconds) == (1, 1, 300, 600)
    assert (busy.state, busy.exit_code, busy.working_directory) == (JobState.COMPLETED, 0, "/recording")
    assert busy.start_time is not None
    assert busy.end_time is not None
    assert 10 <= busy.elapsed_seconds(0) <= 15
    assert (cancelled.start_time, cancelled.nodes) == (None, ())
    assert cancelled.end_time is not None
    # 22.05 gives the exit code 0 for a job that ended with 3: better none than a wrong one.
    assert found["failed"].exit_code == (None if where.startswith("22.05") else 3)
    assert (found["killed"].exit_code, found["killed"].signal) == (None, 9)


@every
def test_an_accounted_array(where: str) -> None:
    records = [parse_accounting.job(job) for job in read(where, "accounted_array", accounted.Jobs).jobs]
    assert [(job.job_id, job.array_task_id, job.array_tasks) for job in records] == [
        ("3", None, "2-5"),
        ("3_0", 0, None),
        ("3_1", 1, None),
    ]


@every
def test_usage_of_a_job(where: str) -> None:
    (record,) = read(where, "accounted_job", accounted.Jobs).jobs
    usage = parse_accounting.usage(record)
    assert usage is not None
    assert usage.cpu_seconds is not None
    assert 2 < usage.cpu_seconds < 15
    assert usage.max_memory_mib is not None
    assert 100 <= usage.max_memory_mib < 300
    assert usage.gpu_utilization is None
    unused = accounted.Job(job_id=1, state=accounted.State(current=["RUNNING"]))
    assert parse_accounting.usage(unused) is None


def job(**fields: Any) -> Job:
    return parse.job(payloads.Job(**{"job_id": 9, "job_state": ["RUNNING"], **fields}))


def at(epoch: int) -> Number:
    return Number(set=True, number=epoch)


def test_time_spent_suspended_does_not_count() -> None:
    # Started at 1000, ran 50 s, stood from 1050 to 1100, runs on: pre_sus_time 50, suspend_time 1100.
    resumed = job(start_time=at(1000), pre_sus_time=at(50), suspend_time=at(1100))
    assert resumed.suspend_time is None
    assert resumed.elapsed_seconds(1130) == 80


def test_the_last_task_of_an_array_keeps_the_arrays_id() -> None:
    last = job(job_id=7, array_job_id=at(7), array_task_id=at(3))
    assert (last.job_id, last.numeric_id, last.array_tasks) == ("7_3", 7, None)


@pytest.mark.parametrize(
    ("fields", "gpus"),
    [
        ({"tres_alloc_str": "cpu=1,gres/gpu=3", "tres_per_job": "gres/gpu:1"}, 3),
        ({"tres_req_str": "cpu=1", "tres_per_job": "gres/gpu:a100:2"}, 2),
        ({"tres_req_str": "cpu=1", "tres_per_node": "gres:gpu:a100:2", "node_count": at(3)}, 6),
        ({"tres_req_str": "cpu=1", "tres_per_task": "gres/gpu:1", "tasks": at(4)}, 4),
        ({"tres_req_str": "cpu=1"}, 0),
    ],
)
def test_gpus_where_they_are_not_accounted_for(fields: dict[str, Any], gpus: int) -> None:
    assert job(**fields).gpus == gpus


def test_an_absurd_request_hides_nobody() -> None:
    absurd = job(tres_req_str="cpu=1,mem=1?,node=1,,billing=1,gres/gpu=2", node_count=at(1))
    assert (absurd.cpu_count, absurd.memory_mib, absurd.gpus) == (1, None, 2)


@pytest.mark.parametrize(
    "never", [Number(), at(0), at(4294967294), Number(set=True, infinite=True), None, 0, -2]
)
def test_slurm_has_many_words_for_never(never: Number | int | None) -> None:
    assert parse.instant(never) is None


@pytest.mark.parametrize(
    ("mask", "tasks"),
    [
        ("0x3C", "2-5"),
        ("0x1", "0"),
        ("0x15", "0,2,4"),
        ("", None),
        (None, None),
        ("0x12...", None),
        ("2-4%1", "2-4%1"),
    ],
)
def test_tasks_of_an_accounted_rest(mask: str | None, tasks: str | None) -> None:
    record = accounted.Job(
        job_id=5, state=accounted.State(current=["PENDING"]), array=accounted.Array(job_id=5, task=mask)
    )
    assert parse_accounting.job(record).array_tasks == tasks
