"""The parsers on what the commands of each version really printed; see capture.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s9s.backends.command import Finished
from s9s.backends.slurmcli import sacct, sacctmgr, scontrol, scontrol_nodes, squeue, sshare
from s9s.backends.slurmcli.errors import Asked, error_of
from s9s.domain.accounting import AdminLevel
from s9s.domain.durations import UNLIMITED
from s9s.domain.errors import ValidationError
from s9s.domain.jobs import Job, JobState, JobSubmission
from s9s.domain.nodes import Node
from tests.backends.slurmcli.capture import COLUMN, DELIMITER, HOSTILE, RECORDINGS, ROW

VERSIONS = sorted(path.name for path in RECORDINGS.iterdir())


class Recording:
    """What one version printed."""

    def __init__(self, version: str) -> None:
        self.folder: Path = RECORDINGS / version
        self.facts: dict[str, Any] = json.loads((self.folder / "facts.json").read_text())

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def jobs(self) -> dict[str, list[Job]]:
        """By name, since ids differ between versions."""
        marks = squeue.Marks(COLUMN, ROW)
        found: dict[str, list[Job]] = {}
        for row, used in squeue.rows((self.folder / "squeue.txt").read_bytes(), marks):
            job = squeue.parse(row, used, marks, self.facts["now"], 0.0)
            found.setdefault(job.job_name, []).append(job)
        return found

    def nodes(self) -> dict[str, Node]:
        pieces = scontrol_nodes.split((self.folder / "nodes.txt").read_bytes())
        return {node.node_name: node for node in map(scontrol_nodes.parse, pieces)}

    def accounted(self, name: str) -> list[sacct.Record]:
        query = sacct.Query([], DELIMITER, tuple(self.facts["columns"]))
        return list(sacct.parse((self.folder / name).read_bytes(), query))


@pytest.fixture(params=VERSIONS)
def recording(request: pytest.FixtureRequest) -> Recording:
    return Recording(request.param)


def test_every_version_is_recorded() -> None:
    assert VERSIONS == ["22.05", "24.11", "26.05"]


def test_every_job_is_one_record(recording: Recording) -> None:
    counts = {name: len(jobs) for name, jobs in recording.jobs().items()}
    assert counts == dict.fromkeys(recording.facts["ids"], 1) | {"signalled": 2, "het": 2}
    for name, jobs in recording.jobs().items():
        for job in jobs:
            assert (job.user, job.account, job.working_directory) == ("alice", "research", "/tmp")
            assert job.submit_time > 1_700_000_000
            if name not in ("signalled", "het"):
                assert job.job_id == recording.facts["ids"][name]


def test_hostile_texts(recording: Recording) -> None:
    (job,) = recording.jobs()[HOSTILE]
    assert job.comment == HOSTILE
    assert (job.state, job.priority, job.reason) == (JobState.PENDING, 0, "JobHeldUser")


def test_a_failed_job(recording: Recording) -> None:
    (job,) = recording.jobs()["failed"]
    assert (job.state, job.exit_code, job.signal) == (JobState.FAILED, 3, None)
    assert (job.standard_output, job.standard_error) == ("/tmp/failed-%j.out", "/tmp/e")
    assert job.end_time is not None
    assert job.start_time is not None
    assert job.elapsed_seconds(0) == job.end_time - job.start_time <= 2


def test_tasks_ended_by_a_signal(recording: Recording) -> None:
    first, second = sorted(recording.jobs()["signalled"], key=lambda job: job.job_id)
    array = int(recording.facts["ids"]["signalled"])
    assert (first.job_id, second.job_id) == (f"{array}_1", f"{array}_2")
    assert (first.array_job_id, first.array_task_id) == (array, 1)
    assert (first.exit_code, first.signal) == (second.exit_code, second.signal) == (0, 9)
    # The last task to start keeps the array's own number.
    assert second.numeric_id == array
    assert first.numeric_id > array
    assert first.standard_output is None


def test_the_rest_of_an_array_is_listed_whole(recording: Recording) -> None:
    (job,) = recording.jobs()["array"]
    assert job.array_tasks == "0-198:2%4"
    assert job.array_task_id is None
    assert job.array_job_id == job.numeric_id == int(job.job_id)


def test_gpus_nodes_and_memory_of_a_running_job(recording: Recording) -> None:
    (job,) = recording.jobs()["gpus"]
    assert (job.state, job.gpus, job.nodes) == (JobState.RUNNING, 4, ("node001", "node002"))
    assert (job.node_count, job.cpu_count, job.memory_mib) == (2, 2, 128)
    assert job.features == "gpu&infiniband"
    assert (job.time_limit_seconds, job.end_time, job.exit_code, job.reason) == (600, None, None, None)
    assert job.suspended_seconds == 0
    assert (job.standard_output, job.standard_error, job.standard_input, job.command) == (
        None,
        None,
        None,
        None,
    )


def test_a_pending_job(recording: Recording) -> None:
    (job,) = recording.jobs()["pending"]
    assert (job.state, job.partition, job.qos, job.reason) == (
        JobState.PENDING,
        "gpu,normal",
        "high",
        "BeginTime",
    )
    assert (job.nodes, job.node_count, job.start_time, job.end_time) == ((), 2, None, None)
    assert job.expected_start_time == job.eligible_time
    assert job.elapsed_seconds(1 << 40) == 0


def test_time_limits(recording: Recording) -> None:
    jobs = recording.jobs()
    assert jobs["unlimited"][0].time_limit_seconds == UNLIMITED
    # squeue prints INVALID for more than a year.
    assert jobs["a thousand days"][0].time_limit_seconds is None


def test_cancelled_jobs_with_and_without_a_start(recording: Recording) -> None:
    jobs = recording.jobs()
    (never,), (cancelled,) = jobs["never ran"], jobs["cancelled"]
    assert never.state == cancelled.state == JobState.CANCELLED
    assert (never.start_time, never.elapsed_seconds(0)) == (None, 0)
    assert never.end_time is not None
    assert cancelled.start_time is not None
    assert len(cancelled.nodes) == 1


def test_suspended_time_does_not_count(recording: Recording) -> None:
    now = int(recording.facts["now"])
    (job,) = recording.jobs()["suspended"]
    assert job.state == JobState.SUSPENDED
    assert 0 < job.elapsed_seconds(now) == job.elapsed_seconds(now + 1000) < 9
    (job,) = recording.jobs()["resumed"]
    assert (job.state, job.suspend_time) == (JobState.RUNNING, None)
    assert job.suspended_seconds >= 7  # nine seconds, less what clocks and the scenario took
    assert job.start_time is not None
    assert job.elapsed_seconds(now) + job.suspended_seconds == now - job.start_time


def test_a_requeued_job_has_not_started(recording: Recording) -> None:
    (job,) = recording.jobs()["requeued"]
    assert (job.state, job.start_time, job.requeue_count) == (JobState.PENDING, None, 1)


def test_components_of_a_heterogeneous_job(recording: Recording) -> None:
    leader, second = sorted(recording.jobs()["het"], key=lambda job: job.numeric_id)
    number = int(recording.facts["ids"]["het"])
    assert (leader.job_id, leader.numeric_id) == (f"{number}+0", number)
    assert (second.job_id, second.numeric_id) == (f"{number}+1", number + 1)
    assert (second.het_job_id, second.het_job_offset) == (number, 1)
    assert (leader.cpu_count, second.cpu_count) == (1, 2)


def test_nodes(recording: Recording) -> None:
    nodes = recording.nodes()
    assert list(nodes) == ["node001", "node002", "node003", "node004"]
    busy = nodes["node001"]
    assert (busy.base_state, busy.state) == ("MIXED", "MIXED")
    assert (busy.gpus_total, busy.gpus_allocated, busy.gres) == (4, 2, "gpu:a100:4")
    assert busy.cpu_total == 32
    assert busy.cpu_allocated >= 1
    assert busy.memory_total_mib == 131072
    assert busy.memory_allocated_mib >= 64
    assert busy.features == ("gpu", "cuda", "infiniband")
    assert busy.partitions == ("normal", "gpu")
    assert (busy.architecture, busy.os) == ("x86_64", "Linux 6.1.0-18-amd64")
    assert busy.slurm_version is not None
    assert busy.slurm_version.startswith(recording.folder.name)
    assert busy.boot_time
    assert (busy.reason, busy.reason_user, busy.reason_time, busy.resume_after) == (None, None, None, None)


def test_reasons_of_nodes_are_no_fields(recording: Recording) -> None:
    nodes = recording.nodes()
    drained, down = nodes["node003"], nodes["node004"]
    assert (drained.state, drained.base_state, drained.flags) == ("DRAIN", "IDLE", ("DRAIN",))
    assert (drained.reason, drained.reason_user) == ("disk Model=X 100 [a@1]", "root")
    assert drained.reason_time is not None
    assert drained.reason_time > 1_700_000_000
    assert (down.state, down.reason) == ("DOWN", "fan")


def test_partitions(recording: Recording) -> None:
    partitions = {entry.name: entry for entry in scontrol.parse_partitions(recording.text("partitions.txt"))}
    assert list(partitions) == ["normal", "gpu", "debug"]
    normal, gpu, debug = partitions.values()
    assert (normal.is_default, gpu.is_default, debug.is_default) == (True, False, False)
    assert (normal.nodes_total, normal.cpus_total, normal.state) == (4, 128, "UP")
    assert normal.nodes == ("node001", "node002", "node003", "node004")
    assert (gpu.max_time_seconds, gpu.default_time_seconds, gpu.priority) == (7 * 86400, 4 * 3600, 2)
    assert (debug.max_time_seconds, debug.max_nodes, debug.qos, debug.allow_accounts) == (
        1800,
        None,
        None,
        None,
    )


def test_configuration(recording: Recording) -> None:
    config = scontrol.parse_config(recording.text("config.txt"))
    assert config["SLURM_VERSION"].startswith(recording.folder.name)
    assert config["PrivateData"] == "none"
    assert config["MinJobAge"] == "300 sec"


def test_users_and_what_they_used(recording: Recording) -> None:
    cluster = scontrol.parse_config(recording.text("config.txt"))["ClusterName"]
    users = {user.username: user for user in sacctmgr.parse_users(recording.text("users.txt"), cluster)}
    assert users["alice"].default_account == "research"
    assert [(entry.account, entry.qos) for entry in users["alice"].associations] == [
        ("research", ("high", "normal"))
    ]
    assert {entry.account for entry in users["bob"].associations} == {"research", "engineering"}
    assert users["carol"].admin_level is AdminLevel.OPERATOR
    assert users["dave"].admin_level is AdminLevel.ADMINISTRATOR
    usage = sshare.parse_usage(recording.text("usage.txt"))
    assert {"alice", "bob", "carol", "dave", "root"} == set(usage)
    assert not sacctmgr.parse_users(recording.text("users.txt"), "another")[0].associations


def test_finished_jobs(recording: Recording) -> None:
    jobs = {job.job_id: job for job in map(sacct.job, recording.accounted("finished.txt"))}
    ids = recording.facts["ids"]
    assert set(jobs) == {
        ids["failed"], f"{ids['signalled']}_1", f"{ids['signalled']}_2", ids["never ran"], ids["cancelled"],
    }  # fmt: skip
    failed, never, cancelled = (jobs[ids[name]] for name in ("failed", "never ran", "cancelled"))
    assert (failed.state, failed.exit_code, failed.signal) == (JobState.FAILED, 3, None)
    assert (failed.cpu_count, failed.memory_mib, failed.time_limit_seconds) == (1, 64, 600)
    assert (never.state, never.start_time, never.nodes, never.cpu_count) == (JobState.CANCELLED, None, (), 1)
    assert never.end_time is not None
    assert cancelled.start_time is not None
    task = jobs[f"{ids['signalled']}_1"]
    assert (task.signal, task.array_job_id, task.array_task_id) == (9, int(ids["signalled"]), 1)
    live = {job.job_id: job for jobs in recording.jobs().values() for job in jobs}
    for job_id, job in jobs.items():
        for attribute in (
            "numeric_id",
            "job_name",
            "user",
            "partition",
            "submit_time",
            "start_time",
            "end_time",
        ):
            assert getattr(job, attribute) == getattr(live[job_id], attribute), (job_id, attribute)


def test_steps_of_a_job(recording: Recording) -> None:
    record, *steps = recording.accounted("steps.txt")
    assert not record.is_step
    assert [step.values["JobIDRaw"] for step in steps] == [f"{record.job_id}.batch"]
    usage = sacct.usage(steps)
    assert usage is not None
    assert usage.cpu_seconds is not None
    assert 0 <= usage.cpu_seconds < 1
    assert sacct.usage([]) is None


def test_environment(recording: Recording) -> None:
    variables = sacct.parse_env_vars(recording.text("environment.txt"))
    assert variables is not None
    assert variables["PATH"] == "/usr/bin:/bin"
    assert variables["SLURM_JOB_NAME"] == "failed"


def test_refused_submissions_name_what_was_wrong(recording: Recording) -> None:
    refusals = json.loads(recording.text("refusals.json"))
    assert len(refusals) > 20
    for refusal in refusals:
        fields: dict[str, Any] = refusal["fields"]
        finished = Finished(returncode=refusal["returncode"], stdout=b"", stderr=refusal["stderr"])
        asked = Asked(action="submit the job", values=JobSubmission(**({"script": ""} | fields)))
        error = error_of(finished, asked)
        assert isinstance(error, ValidationError), (fields, error)
        (field,) = fields
        expected = {"gpus": "nodes"}
        if field == "script":
            assert error.details["parameter"] in ("script", "time_limit_seconds")
        elif refusal["fields"] == {"gres": "gpu:99"}:
            assert error.details["parameter"] == "nodes"
        else:
            assert error.details["parameter"] == expected.get(field, field)
            assert error.details["value"] == getattr(asked.values, expected.get(field, field))
        assert error.details["allowed"]
        assert error.details["slurm_error"]
