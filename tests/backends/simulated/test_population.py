"""The synthetic population: what it looks like, and that it lives."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from s9s.domain.jobs import Job
from tests.backends.simulated.conftest import NOON, World


async def everything(world: World) -> dict[str, Job]:
    return {job.job_id: job for job in (await world.backend.jobs_feed().poll()).changed}


async def test_the_contracts_example_is_as_printed(make_world: Callable[..., World]) -> None:
    world = make_world(nodes=64, jobs=400)
    jobs = await everything(world)
    job = jobs["12345"]
    assert (job.job_name, job.user, job.account, job.partition, job.state, job.qos) == (
        "simulation_run", "alice", "research", "gpu", "RUNNING", "normal",
    )  # fmt: skip
    assert (job.nodes, job.node_count, job.cpu_count, job.memory_mib, job.gpus, job.priority) == (
        ("node001", "node002"), 2, 32, 128 * 1024, 4, 1000,
    )  # fmt: skip
    assert (job.elapsed_seconds(NOON), job.time_limit_seconds) == (8130, 4 * 3600)
    assert (job.working_directory, job.command) == (
        "/home/alice/simulations",
        "/home/alice/scripts/run_simulation.sh",
    )
    assert (jobs["12344"].state, jobs["12347"].state) == ("COMPLETED", "RUNNING")
    assert (jobs["12346"].state, jobs["12346"].reason) == ("PENDING", "Dependency")
    details = await world.backend.job("12345", "alice")
    assert details.usage is not None
    assert (details.usage.cpu_seconds or 0) / 8130 / 32 == pytest.approx(0.85)
    assert details.environment is not None
    assert details.environment["CUDA_VISIBLE_DEVICES"] == "0,1"
    node = await world.node("node001")
    assert (node.cpu_total, node.memory_total_mib, node.gpus_total) == (32, 128 * 1024, 4)
    assert (node.partitions, node.features) == (("gpu", "normal"), ("gpu", "cuda", "infiniband"))
    assert node.gpus_allocated >= 3
    users = {user.username: user for user in await world.backend.users()}
    assert (users["alice"].cpu_seconds_used or 0) >= 1247 * 3600
    assert ("research", "gpu") in {(entry.account, entry.partition) for entry in users["alice"].associations}
    assert users["root"].admin_level == "administrator"
    assert int(await world.submit()) > 12347


async def test_it_looks_like_a_working_cluster(make_world: Callable[..., World]) -> None:
    world = make_world(nodes=64, jobs=400)
    jobs = list((await everything(world)).values())
    states = Counter(job.state.value for job in jobs)
    assert 380 <= len(jobs) <= 420
    assert states["RUNNING"] > 150
    assert states["PENDING"] > 50
    reasons = Counter(job.reason for job in jobs if job.state == "PENDING")
    assert set(reasons) >= {"Resources", "Priority", "JobHeldUser", "Dependency"}
    nodes = (await world.backend.nodes_feed().poll()).changed
    assert Counter(node.state for node in nodes).keys() >= {"MIXED", "ALLOCATED", "DRAIN", "DOWN"}
    assert all(node.reason for node in nodes if node.state in ("DRAIN", "DOWN"))
    history = await world.backend.finished_jobs(NOON - 86400, NOON)
    assert len(history) > 1000
    assert Counter(job.state.value for job in history).keys() >= {
        "COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "OUT_OF_MEMORY",
    }  # fmt: skip
    assert len({job.numeric_id for job in [*jobs, *history]}) >= len(history) + states["RUNNING"]
    assert all(job.submit_time <= (job.start_time or 0) <= (job.end_time or 0) <= NOON for job in history)


async def test_the_same_seed_gives_the_same_life(make_world: Callable[..., World], tmp_path: Path) -> None:
    lives = []
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        world = make_world(state_dir=str(tmp_path / name), nodes=32, jobs=150, seed=seed)
        for _ in range(6):
            world.step(600)
        lives.append(await everything(world))
    assert lives[0] == lives[1]
    assert lives[0] != lives[2]


async def test_an_afternoon_goes_by(make_world: Callable[..., World]) -> None:
    """Jobs come and go, the cluster stays busy, and nodes stay honest."""
    world = make_world(nodes=64, jobs=400)
    first = await everything(world)
    world.step(4 * 3600)
    last = await everything(world)
    assert 250 < len(last) < 550
    assert sum(job.state == "RUNNING" for job in last.values()) > 80
    assert len(set(last) - set(first)) > 0.3 * len(last)
    ended = await world.backend.finished_jobs(NOON, NOON + 4 * 3600)
    assert len(ended) > 200
    assert any(job.array_task_id is not None for job in ended)
    nodes = (await world.backend.nodes_feed().poll()).changed
    load = sum(node.cpu_allocated for node in nodes) / sum(node.cpu_total for node in nodes)
    assert 0.4 < load < 1


async def test_ten_thousand_nodes_and_a_hundred_thousand_jobs(make_world: Callable[..., World]) -> None:
    began = time.process_time()
    world = make_world(nodes=10_000, jobs=100_000, churn=0.01)
    made = time.process_time() - began
    jobs, nodes = world.backend.jobs_feed(), world.backend.nodes_feed()
    assert len((await jobs.poll()).changed) == pytest.approx(100_000, rel=0.02)
    assert len((await nodes.poll()).changed) == 10_000
    world.step(3)
    await jobs.poll()
    began = time.process_time()
    changed = 0
    for _ in range(10):
        world.step(1)
        changes = await jobs.poll()
        assert not changes.complete
        changed += len(changes.changed)
        await nodes.poll()
    a_second = (time.process_time() - began) / 10
    # About one in a hundred changes each second, at a small part of a core: bounds that a busy machine keeps.
    assert 400 < changed / 10 < 2500
    assert a_second < 0.5
    assert made < 15


async def test_an_empty_cluster_stays_empty(world: World) -> None:
    world.step(86400)
    assert await everything(world) == {}
    assert await world.backend.finished_jobs(0, 2**33) == []
    assert {node.state for node in (await world.backend.nodes_feed().poll()).changed} == {"IDLE"}


async def test_ids_are_not_given_again(make_world: Callable[..., World]) -> None:
    first = make_world()
    given = [await first.submit() for _ in range(3)]
    assert given == ["12348", "12349", "12350"]
    killed = make_world()  # the first one is not closed: its block of ids is taken
    assert int(await killed.submit()) == 22348
    await killed.backend.close()
    last = make_world(jobs=50)
    assert {job.numeric_id for job in (await everything(last)).values()}.isdisjoint({*range(12348, 22349)})
    assert {"12344", "12345", "12346", "12347"} <= set(await everything(last))
