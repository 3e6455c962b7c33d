"""The cluster's part of `s9s check`, on a scripted backend and on real clusters."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest

from lab import Lab
from s9s.app.clusters import Found
from s9s.cli.checks import cluster as module
from s9s.cli.checks.cluster import check_cluster
from s9s.cli.checks.findings import Finding, Level
from s9s.config import Settings
from s9s.domain.accounting import User
from s9s.domain.changes import Changes
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import PermissionDenied, ResourceNotFound, SlurmUnavailable
from s9s.domain.jobs import Job
from tests.snapshot.making import job

INFO = ClusterInfo(name="lab", slurm_version="24.11.5", routes={"list jobs": "squeue"})


class Feed:
    async def poll(self) -> Changes[Any]:
        return Changes(asked_at=0, changed=["a", "b"], removed=[], complete=True)


class Backend:
    """Answers as the test says; everything else is well."""

    def __init__(self, info: ClusterInfo | Exception = INFO, **failures: Exception) -> None:
        self.info = info
        self.failures = failures
        self.is_closed = False

    def _fail(self, name: str) -> None:
        if name in self.failures:
            raise self.failures[name]

    async def discover(self) -> ClusterInfo:
        if isinstance(self.info, Exception):
            raise self.info
        return self.info

    async def close(self) -> None:
        self.is_closed = True

    def jobs_feed(self) -> Feed:
        self._fail("jobs")
        return Feed()

    def nodes_feed(self) -> Feed:
        return Feed()

    async def partitions(self) -> list[str]:
        self._fail("partitions")
        return ["normal"]

    async def users(self) -> list[User]:
        return [User(username="alice"), User(username="bob")]

    async def finished_jobs(self, start: int, end: int) -> list[str]:
        self._fail("finished_jobs")
        return []

    async def job(self, job_id: str, actor: str) -> None:
        self._fail(actor)
        raise ResourceNotFound.of("job", job_id)


class Processes:
    """Of a host that knows everybody but `strangers`."""

    strangers: frozenset[str] = frozenset()

    def __init__(self, **_: object) -> None:
        pass

    def can_act_as(self, user: str) -> bool:
        return user not in self.strangers

    def close(self) -> None:
        pass


SETTINGS = Settings.model_validate({"cluster": {"mode": "cli", "timeout_seconds": 5}})


async def collect(settings: Settings, users: Sequence[str] = ()) -> list[Finding]:
    return [finding async for finding in check_cluster(settings, users)]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a backend in the place of a real one and checks it."""

    async def find(*_: object) -> Found:
        return Found(has_commands=True, slurmrestd_url=None, jwt_key=None)

    async def check(backend: Backend, users: Sequence[str] = ()) -> list[Finding]:
        async def open_backend(*_: object) -> Backend:
            return backend

        monkeypatch.setattr(module, "open_backend", open_backend)
        findings = await collect(SETTINGS, users)
        assert backend.is_closed
        return [finding for finding in findings if finding.subject != "commands"]

    monkeypatch.setattr(module, "find_slurm", find)
    monkeypatch.setattr(module, "Processes", Processes)
    return check


def texts(findings: list[Finding], level: Level) -> list[str]:
    return [f"{finding.subject}: {finding.text}" for finding in findings if finding.level is level]


async def test_a_healthy_cluster(given: Any) -> None:
    findings = await given(Backend(), ["alice"])
    assert [finding.level for finding in findings] == [Level.OK] * len(findings)
    told = texts(findings, Level.OK)
    assert told[:4] == [
        "cluster: lab, Slurm 24.11.5",
        "identity: acts in Slurm as whoever calls",
        "route: list jobs: squeue",
        "identity: a look-up as alice works",
    ]
    assert [line.split(" in ")[0] for line in told[4:]] == [
        "jobs: 2", "nodes: 2", "partitions: 1", "users: 2", "finished jobs: 0",
    ]  # fmt: skip


async def test_a_cluster_out_of_reach(given: Any) -> None:
    findings = await given(Backend(SlurmUnavailable("slurmctld does not answer")))
    assert texts(findings, Level.FAIL) == ["cluster: slurmctld does not answer"]


async def test_a_cluster_that_never_answers(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Backend):
        async def discover(self) -> ClusterInfo:
            await asyncio.Event().wait()
            return INFO

    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.01)
    assert texts(await given(Silent()), Level.FAIL) == ["cluster: Slurm did not answer in time"]


@pytest.mark.parametrize("version", ["21.08.8", "26.11.0", "devel"])
async def test_versions_that_were_never_tested_are_told(given: Any, version: str) -> None:
    info = ClusterInfo(name="lab", slurm_version=version, routes={})
    [line] = texts(await given(Backend(info)), Level.WARN)
    assert line.startswith("version: ")
    assert version in line


@pytest.mark.parametrize("version", ["22.05.8", "23.11.10", "25.05.0-rc1", "26.05.5"])
async def test_versions_between_those_tested_are_well(given: Any, version: str) -> None:
    info = ClusterInfo(name="lab", slurm_version=version, routes={})
    assert texts(await given(Backend(info)), Level.WARN) == []


async def test_a_personal_server_and_tokens_of_others(given: Any) -> None:
    info = ClusterInfo(name="lab", slurm_version="24.11.5", routes={}, acts_as="alice")
    findings = await given(Backend(info, bob=AssertionError()), ["alice", "bob"])
    assert "identity: the personal server of alice: acts in Slurm as alice only" in texts(findings, Level.OK)
    assert texts(findings, Level.WARN) == ["tokens: there are tokens for bob, as whom it cannot act"]


async def test_a_server_that_can_act_as_nobody(given: Any) -> None:
    info = ClusterInfo(name="lab", slurm_version="24.11.5", routes={}, acts_as="nobody")
    [finding] = [one for one in await given(Backend(info)) if one.level is Level.WARN]
    assert finding.text == "can act as nobody in Slurm: every change is refused"
    assert finding.mend


async def test_a_user_as_whom_nothing_works(given: Any) -> None:
    backend = Backend(alice=PermissionDenied("sudo: a password is required"))
    assert texts(await given(backend, ["alice", "bob"]), Level.FAIL) == [
        "identity: a look-up as alice fails: sudo: a password is required"
    ]


async def test_users_whom_the_host_does_not_know(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Processes, "strangers", frozenset({"bob"}))
    assert texts(await given(Backend(), ["alice", "bob"]), Level.WARN) == [
        "files: cannot open files as bob: no script paths, no job output for them"
    ]


async def test_a_token_of_nobody_whom_slurm_knows(given: Any) -> None:
    assert texts(await given(Backend(), ["alice", "mallory"]), Level.WARN) == [
        "tokens: there are tokens for mallory, whom Slurm does not know"
    ]


async def test_each_read_fails_by_itself(given: Any) -> None:
    backend = Backend(jobs=SlurmUnavailable("no jobs"), finished_jobs=SlurmUnavailable("slurmdbd is down"))
    findings = await given(backend)
    assert texts(findings, Level.FAIL) == ["jobs: no jobs", "finished jobs: slurmdbd is down"]
    assert any(line.startswith("partitions: 1") for line in texts(findings, Level.OK))


async def test_notes_and_a_lack_of_accounting_are_passed_on(given: Any) -> None:
    info = ClusterInfo(
        name="lab", slurm_version="24.11.5", routes={}, has_accounting=False, notes=("mind the gap",)
    )
    findings = await given(Backend(info, finished_jobs=AssertionError()))
    assert texts(findings, Level.WARN) == [
        "note: mind the gap",
        "accounting: none: jobs are forgotten with slurmctld, and no users are known",
    ]


async def test_auto_without_a_slurm_leaves_the_simulated_cluster_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def find(*_: object) -> Found:
        return Found(has_commands=False, slurmrestd_url=None, jwt_key=None)

    monkeypatch.setattr(module, "find_slurm", find)
    monkeypatch.delattr(module, "open_backend")
    [finding] = await collect(Settings())
    assert finding.text == "the embedded simulated cluster: there is no Slurm on this host"
    outside = Settings.model_validate({"server": {"host": "0.0.0.0"}})
    assert [one.level for one in await collect(outside)] == [Level.OK, Level.WARN]


def of_lab(lab: Lab, mode: str) -> Settings:
    cluster = {"mode": mode, "slurmrestd_url": lab.slurmrestd_url, "jwt_key": lab.jwt_key}
    if mode != "slurmrestd":
        cluster |= {"bin_dir": lab.bin_dir, "slurm_conf": lab.slurm_conf}
    return Settings.model_validate({"cluster": cluster})


async def check_lab(lab: Lab, mode: str) -> None:
    findings = await collect(of_lab(lab, mode), ["alice", "dave"])
    assert texts(findings, Level.FAIL) == []
    told = texts(findings, Level.OK)
    assert f"cluster: {lab.cluster_name}, Slurm {lab.version}" in [line.rpartition(".")[0] for line in told]
    for line in (
        "identity: acts in Slurm as whoever calls",
        "identity: a look-up as alice works",
        "identity: a look-up as dave works",
    ):
        assert line in told
    assert any(line.startswith("nodes: 4 in ") for line in told)
    assert any(line.startswith("users: ") for line in told)
    assert not [line for line in texts(findings, Level.WARN) if line.startswith("tokens:")]


@pytest.mark.parametrize("mode", ["cli", "slurmrestd", "auto"])
async def test_a_real_slurm_22_05(lab22: Lab, mode: str) -> None:
    await check_lab(lab22, mode)


@pytest.mark.parametrize("mode", ["cli", "slurmrestd", "auto"])
async def test_a_real_slurm_24_11(lab24: Lab, mode: str) -> None:
    await check_lab(lab24, mode)


@pytest.mark.parametrize("mode", ["cli", "slurmrestd", "auto"])
async def test_a_real_slurm_26_05(lab26: Lab, mode: str) -> None:
    await check_lab(lab26, mode)


async def test_jobs_that_never_end_for_accounting_are_told(given: Any) -> None:
    began = int(time.time()) - 3600

    class Runaway(Backend):
        async def unended_jobs(self) -> list[Job]:
            self._fail("unended")
            return [job(number, submit_time=began, start_time=began) for number in (7, 8)]

    [line] = texts(await given(Runaway()), Level.WARN)
    assert line.startswith("accounting: 2 jobs run there")
    assert "(7, 8)" in line
    assert not texts(await given(Runaway(unended=SlurmUnavailable("slurmdbd is down"))), Level.WARN)
