"""What holds whatever users, administrators and time do, in whatever order."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from s9s.backends.simulated import Clock, SimulatedBackend
from s9s.backends.simulated.records import Record
from s9s.domain.dependencies import parse_dependency
from s9s.domain.errors import ResourceConflict, SlurmError, ValidationError
from s9s.domain.jobs import Job, JobState, JobSubmission, JobUpdate
from s9s.domain.nodes import NodeAction, NodeUpdate
from tests.backends.simulated.conftest import NOON

T = TypeVar("T")

HOLDING = (JobState.RUNNING, JobState.SUSPENDED, JobState.COMPLETING)
NODES = [f"node{number:03d}" for number in range(1, 7)] + ["gpu001", "gpu002"]
ACTIONS = [
    "cancel", "force", "signal", "hold", "release", "requeue", "suspend", "resume", "priority", "limit",
    "partition",
]  # fmt: skip
EXPECTED = (ResourceConflict, ValidationError, SlurmError)

numbers = st.integers(0, 10**6)


def done(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that does not wait for anything."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    raise AssertionError("it waits")


class Simulation(RuleBasedStateMachine):
    @initialize(seed=numbers)
    def begin(self, seed: int) -> None:
        self.directory = tempfile.TemporaryDirectory()
        self.clock = Clock(NOON, speed=0)
        self.backend = SimulatedBackend(
            state_dir=self.directory.name,
            user="root",
            seed=seed,
            nodes=8,
            jobs=0,
            run_jobs=False,
            clock=self.clock,
        )
        self.cluster = self.backend._cluster
        self.submitted: dict[str, frozenset[int] | None] = {}
        self.dependencies: dict[str, str] = {}
        self.started: set[tuple[str, int]] = set()
        self.feed, self.seen = self.backend.jobs_feed(), dict[int, Job]()

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            self.directory.cleanup()

    # -- what may happen -------------------------------------------------------------------------------------

    @rule(
        where=st.sampled_from(
            [("normal", 0), ("cpu", 0), ("normal,cpu", 0), ("debug", 0), ("gpu", 0), ("gpu", 3)]
        ),
        size=st.tuples(st.sampled_from([1, 1, 1, 2, 4]), st.sampled_from([1, 2, 8, 31, 32, 64])),
        memory=st.sampled_from([None, None, 0, 1024, 64 * 1024]),
        script=st.tuples(st.sampled_from([0, 1, 60, 600]), st.sampled_from([0, 0, 1])),
        limit=st.sampled_from([30, 300, 1500, 3600]),
        array=st.sampled_from([None, None, None, "0-5%2", "3,7,9", "1"]),
        qos=st.sampled_from(["normal", "normal", "high", "debug"]),
        user=st.sampled_from(["alice", "bob"]),
        kind=st.sampled_from([None, None, None, "afterok", "afterany", "afternotok", "after", "singleton"]),
        other=numbers,
        waits=st.sampled_from(["", "", "", "", "", "hold", "begin"]),
    )
    def submit(
        self,
        where: tuple[str, int],
        size: tuple[int, int],
        memory: int | None,
        script: tuple[int, int],
        limit: int,
        array: str | None,
        qos: str,
        user: str,
        kind: str | None,
        other: int,
        waits: str,
    ) -> None:
        dependency = None
        if kind == "singleton":
            dependency = kind
        elif kind and self.submitted:
            dependency = f"{kind}:{self.pick(other)}"
        submission = JobSubmission(
            script=f"#!/bin/sh\nsleep {script[0]}\nexit {script[1]}\n",
            job_name=f"name{other % 3}",
            partition=where[0],
            nodes=size[0],
            cpus_per_node=size[1],
            gpus=where[1] or None,
            memory_mib=memory,
            time_limit_seconds=limit,
            array=array,
            qos=qos,
            dependency=dependency,
            hold=waits == "hold",
            begin_time=self.cluster.instant + 100 if waits == "begin" else None,
        )
        with suppress(*EXPECTED):
            job_id = done(self.backend.submit(submission, user)).job_id
            tasks = self.cluster.arrays.get(int(job_id))
            self.submitted[job_id] = frozenset(tasks.waiting) | frozenset(tasks.records) if tasks else None
            if dependency:
                self.dependencies[job_id] = dependency

    @rule(seconds=st.sampled_from([0, 0.3, 1, 5]))
    def let_a_moment_pass(self, seconds: float) -> None:
        self.clock.step(seconds)
        self.backend.catch_up()

    @rule(seconds=st.sampled_from([60, 200, 1000]))
    def let_time_pass(self, seconds: float) -> None:
        self.let_a_moment_pass(seconds)

    @precondition(lambda self: self.submitted)
    @rule(which=numbers, action=st.sampled_from(ACTIONS))
    def touch(self, which: int, action: str) -> None:
        job_id, backend = self.pick(which), self.backend
        tasks = self.submitted[job_id]
        if tasks and which % 2:
            job_id = f"{job_id}_{sorted(tasks)[which % len(tasks)]}"
        if action == "requeue" and tasks:
            return  # would start over tasks that others were told have ended
        calls = {
            "cancel": lambda: backend.cancel(job_id, "carol"),
            "force": lambda: backend.cancel(job_id, "carol", force=True),
            "signal": lambda: backend.cancel(job_id, "carol", signal=15),
            "hold": lambda: backend.update_job(job_id, JobUpdate(hold=True), "carol"),
            "release": lambda: backend.update_job(job_id, JobUpdate(hold=False), "carol"),
            "requeue": lambda: backend.requeue(job_id, "carol"),
            "suspend": lambda: backend.suspend(job_id, "carol"),
            "resume": lambda: backend.resume(job_id, "carol"),
            "priority": lambda: backend.update_job(job_id, JobUpdate(priority=which + 1), "carol"),
            "limit": lambda: backend.update_job(job_id, JobUpdate(time_limit_seconds=which % 500), "carol"),
            "partition": lambda: backend.update_job(job_id, JobUpdate(partition="cpu,normal"), "carol"),
        }
        with suppress(*EXPECTED):
            done(calls[action]())

    @rule(
        name=st.sampled_from(NODES),
        action=st.sampled_from(list(NodeAction)),
        after=st.sampled_from([None, 30]),
    )
    def touch_node(self, name: str, action: NodeAction, after: int | None) -> None:
        update = NodeUpdate(action=action, reason="test", resume_after_seconds=after)
        with suppress(ResourceConflict):
            done(self.backend.update_nodes([name], update, "dave"))

    def pick(self, number: int) -> str:
        return list(self.submitted)[number % len(self.submitted)]

    # -- what must hold --------------------------------------------------------------------------------------

    @invariant()
    def nodes_hold_what_their_jobs_have(self) -> None:
        pool, used = self.cluster.pool, Counter[tuple[int, str]]()
        for record in self.cluster.records.values():
            assert bool(record.shares) == (record.job.state in HOLDING), record.job
            assert tuple(pool.names[share.node] for share in record.shares) == (
                record.job.nodes if record.shares else ()
            )
            for share in record.shares:
                used[share.node, "cpus"] += share.cpus
                used[share.node, "memory"] += share.memory_mib
                used[share.node, "gpus"] += share.gpus
            if record.shares:
                assert record.job.cpu_count == sum(share.cpus for share in record.shares)
                assert record.job.gpus == sum(share.gpus for share in record.shares)
                assert all(pool.in_partition[record.job.partition][share.node] for share in record.shares)
        for node in range(len(pool)):
            assert used[node, "cpus"] == pool.total_cpus[node] - pool.free_cpus[node]
            assert used[node, "memory"] == pool.total_memory[node] - pool.free_memory[node]
            assert used[node, "gpus"] == pool.total_gpus[node] - pool.free_gpus[node]
            assert min(pool.free_cpus[node], pool.free_memory[node], pool.free_gpus[node]) >= 0
            completing = [
                record
                for record in self.cluster.records.values()
                if record.job.state == JobState.COMPLETING
                and any(share.node == node for share in record.shares)
            ]
            assert pool.states[node].completing == len(completing)
            if pool.states[node].base == "DOWN":
                assert len(pool.states[node].expected_ends) == len(completing)

    @invariant()
    def no_job_is_lost_and_no_task_is_doubled(self) -> None:
        ids = Counter(record.job.numeric_id for record in self.cluster.records.values())
        assert all(count == 1 for count in ids.values())
        for job_id, tasks in self.submitted.items():
            if tasks is None:
                job = done(self.backend.job(job_id)).job
                assert job.job_id == job_id
                continue
            book = self.cluster.arrays.get(int(job_id))
            if book is not None:
                assert not set(book.waiting) & set(book.records)
                assert set(book.waiting) | set(book.records) <= tasks
                running = [
                    record
                    for record in self.cluster.records.values()
                    if record.job.array_job_id == int(job_id) and record.job.state in HOLDING
                ]
                assert book.running == len(running)
                assert book.limit is None or len(running) <= book.limit
            rest = self.cluster.accounting.get(int(job_id))
            covered = set(book.waiting) | set(book.records) if book is not None else set()
            covered |= {job.array_task_id or 0 for job in self.cluster.accounting.tasks(int(job_id))}
            # What was cancelled before any of it started has one record for all.
            assert covered == tasks or (rest is not None and rest.array_tasks is not None)

    @invariant()
    def what_has_started_was_free_to(self) -> None:
        for record in self.cluster.records.values():
            job = record.job
            base = str(job.array_job_id or job.numeric_id)
            if job.start_time is None or (job.job_id, job.start_time) in self.started:
                continue
            self.started.add((job.job_id, job.start_time))
            for condition in parse_dependency(self.dependencies.get(base, "")):
                if condition.job_id is None or job.requeue_count:
                    continue
                for other in self.cluster.meant_by(condition.job_id):
                    if other.requeue_count:
                        continue
                    if condition.type == "after":
                        assert (other.start_time or other.end_time or 2**40) <= job.start_time
                        continue
                    assert other.end_time is not None
                    assert other.end_time <= job.start_time
                    assert condition.type != "afterok" or other.state == JobState.COMPLETED
                    assert condition.type != "afternotok" or other.state != JobState.COMPLETED

    @invariant()
    def the_feed_leads_to_what_there_is(self) -> None:
        changes = done(self.feed.poll())
        if changes.complete:
            self.seen.clear()
        for key in changes.removed:
            self.seen.pop(int(key), None)
        self.seen.update((job.numeric_id, job) for job in changes.changed)
        assert self.seen == {job.numeric_id: job for job in done(self.backend.jobs_feed().poll()).changed}

    @invariant()
    def a_record_is_what_its_state_says(self) -> None:
        now = self.cluster.instant
        for record in self.cluster.records.values():
            job = record.job
            assert (job.end_time is not None) == job.state.is_finished, job
            assert (job.exit_code is not None) == job.state.is_finished, job
            assert (job.suspend_time is not None) == (job.state == JobState.SUSPENDED), job
            assert (job.priority == 0) == (record.held_by is not None) or job.state != JobState.PENDING, job
            if job.state == JobState.PENDING:
                assert job.start_time is None
                assert job.reason, job
                assert job.nodes == ()
            if job.state == JobState.RUNNING:
                assert job.reason is None
                assert job.elapsed_seconds(now) <= (job.time_limit_seconds or 0) + 1, job
            if job.state.is_finished:
                assert self.cluster.accounting.get(job.numeric_id) == job

    @invariant()
    def the_books_agree(self) -> None:
        queued = [record for record in self.cluster.records.values() if record.place is not None]
        assert len(queued) == len(self.cluster.queue)
        assert all(record.job.state == JobState.PENDING and record.held_by is None for record in queued)
        counted: Counter[tuple[str, str]] = Counter()
        for record in self.cluster.records.values():
            if record.job.state in HOLDING:
                counted[record.job.user, record.job.qos or ""] += record.job.cpu_count
        for key, (jobs, cpus, gpus) in self.cluster.limits._running.items():
            assert cpus == counted[key]
            assert min(jobs, cpus, gpus) >= 0
        living: Counter[tuple[str, str]] = Counter()
        for record in self.cluster.records.values():
            if not record.job.state.is_finished:
                living[record.job.user, record.job.qos or ""] += _jobs_in(record)
        assert {key: count for key, count in self.cluster.limits._submitted.items() if count} == dict(living)


def _jobs_in(record: Record) -> int:
    if record.tasks is None or record.job.array_task_id is not None:
        return 1
    return len(record.tasks.waiting)


TestSimulation = Simulation.TestCase
TestSimulation.settings = settings(
    max_examples=120,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
