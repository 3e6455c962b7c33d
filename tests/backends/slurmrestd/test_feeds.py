"""Jobs and nodes as changes."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from s9s.backends.slurmrestd.feeds import CLOCK_SECONDS, COMPLETE_SECONDS, JobsFeed, NodesFeed
from s9s.domain.errors import SlurmError, SlurmUnavailable
from s9s.domain.jobs import JobState
from tests.backends.slurmrestd.recorded import NATIVE, Slurmrestd, body
from tests.backends.slurmrestd.test_client import client_of

JOBS, NODES = ("GET", "slurm/jobs"), ("GET", "slurm/nodes")


def with_one(key: str, value: object, **fields: object) -> Any:
    """Records of which one, found by a key, has other fields."""
    return lambda records: [record | (fields if record[key] == value else {}) for record in records]


def edited(where: str, name: str, change: Any) -> Any:
    """A recording with something done to its records."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        content = json.loads(body(where, name))
        content[name] = change(content[name])
        return httpx2.Response(200, json=content)

    return answer


def jobs_feed(where: str, *answers: Any) -> tuple[JobsFeed, Slurmrestd, list[float]]:
    slurmrestd, now = Slurmrestd(where, {JOBS: list(answers)}), [1_800_000_000.0]
    return JobsFeed(client_of(slurmrestd), lambda: now[0]), slurmrestd, now


@pytest.mark.parametrize("where", NATIVE)
async def test_only_changes_are_told(where: str) -> None:
    feed, slurmrestd, now = jobs_feed(where, "jobs", "jobs", "jobs_unchanged", "jobs")
    first = await feed.poll()
    assert first.complete
    assert first.asked_at == now[0]
    assert len(first.changed) == 17
    for _ in range(3):
        again = await feed.poll()
        assert (again.changed, again.removed, again.complete) == ([], [], False)
    asked = slurmrestd.asked(*JOBS)
    assert "update_time" not in asked[0].url.params
    since = int(asked[1].url.params["update_time"])
    answered_at = json.loads(body(where, "jobs")).get("last_update", {}).get("number")
    assert since == (answered_at or now[0] - CLOCK_SECONDS)  # 22.05 does not say
    assert ("flags" in asked[0].url.params) == (not where.startswith("22.05"))


@pytest.mark.parametrize("where", NATIVE)
async def test_what_differs_is_told(where: str) -> None:
    def change(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        changed = [job for job in jobs if job["job_id"] != 13]
        for job in changed:
            if job["job_id"] == 1:
                job["job_state"] = "COMPLETING" if where.startswith("22.05") else ["COMPLETED", "COMPLETING"]
        return [*changed, changed[1] | {"job_id": 99}]

    feed, _, _ = jobs_feed(where, "jobs", edited(where, "jobs", change))
    await feed.poll()
    changes = await feed.poll()
    assert {(job.numeric_id, job.state) for job in changes.changed} == {
        (1, JobState.COMPLETING),
        (99, JobState.RUNNING),
    }
    assert changes.removed == [13]
    assert not changes.complete


async def test_an_empty_list_may_mean_no_jobs() -> None:
    where = "24.11/v0.0.42"
    feed, _, _ = jobs_feed(where, "jobs", edited(where, "jobs", lambda jobs: []))
    await feed.poll()
    assert len((await feed.poll()).removed) == 17


@pytest.mark.parametrize("where", NATIVE)
async def test_what_is_forgotten_is_told_again(where: str) -> None:
    without = edited(where, "jobs", lambda jobs: [job for job in jobs if job["job_id"] != 2])
    feed, slurmrestd, _ = jobs_feed(where, "jobs", "jobs", "jobs", without)
    await feed.poll()
    feed.forget([1, 12345])
    changes = await feed.poll()
    assert [job.numeric_id for job in changes.changed] == [1]
    assert "update_time" not in slurmrestd.asked(*JOBS)[1].url.params
    assert (await feed.poll()).changed == []
    feed.forget([2])
    assert (await feed.poll()).removed == [2]


async def test_a_complete_listing_is_due_now_and_then() -> None:
    feed, slurmrestd, now = jobs_feed("26.05/v0.0.45", "jobs")
    for step in (0.0, 1.0, COMPLETE_SECONDS, 1.0):
        now[0] += step
        await feed.poll()
    asked = ["update_time" in request.url.params for request in slurmrestd.asked(*JOBS)]
    assert asked == [False, True, False, True]


async def test_a_failed_poll_changes_nothing() -> None:
    where = "26.05/v0.0.45"
    feed, _, _ = jobs_feed(where, "jobs", "jobs_without_slurmctld", "jobs")
    await feed.poll()
    feed.forget([1])
    with pytest.raises(SlurmUnavailable):
        await feed.poll()
    feed._client._breakers["slurm"].close()
    changes = await feed.poll()
    assert [job.numeric_id for job in changes.changed] == [1]
    assert changes.removed == []


async def test_one_senseless_record_does_not_hide_the_others() -> None:
    where = "26.05/v0.0.45"
    broken = edited(where, "jobs", with_one("job_id", 2, job_state=["WHAT"]))
    feed, _, _ = jobs_feed(where, broken)
    assert len((await feed.poll()).changed) == 16


@pytest.mark.parametrize("where", NATIVE)
async def test_nodes(where: str) -> None:
    slurmrestd = Slurmrestd(where, {NODES: ["nodes", "nodes_unchanged", "nodes"]})
    feed = NodesFeed(client_of(slurmrestd))
    assert [node.node_name for node in (await feed.poll()).changed] == [f"node00{n}" for n in (1, 2, 3, 4)]
    for _ in range(2):
        assert (await feed.poll()).changed == []
    assert "flags" not in slurmrestd.asked(*NODES)[0].url.params  # they would hide MIXED or the GRES in use


@pytest.mark.parametrize("where", NATIVE[:2])
async def test_nodes_are_read_again_when_only_they_have_changed(where: str) -> None:
    drained = edited(where, "nodes", with_one("name", "node003", reason="new"))
    # The second is 500, "Unable to query partitions".
    slurmrestd = Slurmrestd(where, {NODES: ["nodes", "nodes_changed", drained]})
    feed = NodesFeed(client_of(slurmrestd))
    await feed.poll()
    assert [node.reason for node in (await feed.poll()).changed] == ["new"]
    assert ["update_time" in request.url.params for request in slurmrestd.asked(*NODES)] == [
        False,
        True,
        False,
    ]


async def test_a_refused_listing_of_nodes_is_not_hidden() -> None:
    feed = NodesFeed(client_of(Slurmrestd("24.11/v0.0.42", {NODES: "nodes_changed"})))
    with pytest.raises(SlurmError):
        await feed.poll()
