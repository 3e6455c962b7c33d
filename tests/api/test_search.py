"""The search route on a small simulated cluster."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from s9s.app.application import Application
from s9s.domain.credentials import Restrictions
from s9s.domain.history import FinishedJob
from s9s.services.access import Role
from s9s.storage.history import HistoryRecords
from tests.api.conftest import Client
from tests.snapshot.making import job


async def find(caller: Any, q: str, **more: Any) -> dict[str, Any]:
    answer = await caller.get("/v1/search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert all(0 < one["score"] <= 1 for one in found["results"])
    assert [one["score"] for one in found["results"]] == sorted(
        (one["score"] for one in found["results"]), reverse=True
    )
    assert 0 < found["query_time"] < 5
    return found


def ids(found: dict[str, Any], kind: str) -> list[str]:
    return [one["id"] for one in found["results"] if one["type"] == kind]


async def test_ids_and_names_come_first_and_can_be_followed(client: Client) -> None:
    alice = await client(user="alice", role=Role.USER)
    first = {
        "12345": "job",
        "gpu001": "node",
        "alice": "user",
        "gpu": "partition",
        "research": "account",
        "high": "qos",
    }
    for name, kind in first.items():
        found = (await find(alice, name))["results"]
        assert (found[0]["type"], found[0]["id"], found[0]["score"]) == (kind, name, 1.0), name
        assert (await alice.get(found[0]["url"])).status_code == 200
        assert found[0]["title"]
        assert found[0]["description"]


async def test_titles_are_for_people(client: Client) -> None:
    alice = await client(user="alice", role=Role.USER)
    (found,) = (await find(alice, "12345"))["results"]
    assert (found["title"], found["url"]) == ("alice's simulation_run", "/v1/jobs/12345")
    assert found["description"].startswith("Running on gpu partition, 32 CPUs, 4 GPUs")
    (found, *_) = (await find(alice, "gpu001"))["results"]
    assert found["title"] == "GPU node gpu001"
    assert found["description"].startswith("4x a100 GPUs, ")


async def test_every_word_counts(client: Client) -> None:
    alice = await client(user="alice", role=Role.USER)
    for one in (await find(alice, "alice running", type="jobs", limit=100))["results"]:
        job = (await alice.get(one["url"])).json()
        words = " ".join(str(job[name]) for name in ("job_name", "user", "account", "partition", "state"))
        assert "alice" in words.lower()
        assert "running" in words.lower()


async def recorded(application: Application) -> None:
    """All jobs that ended before are in the history: none joins what a search finds any more."""
    async with asyncio.timeout(20):
        while True:
            (cluster,) = application.services.health.clusters()
            if cluster.history is not None and cluster.history.fraction == 1.0:
                return
            await asyncio.sleep(0.05)


async def test_pages_and_types(application: Application, client: Client) -> None:
    await recorded(application)
    alice = await client(user="alice", role=Role.USER)
    whole = await find(alice, "gpu", limit=30)
    pages = [await find(alice, "gpu", limit=10, offset=offset) for offset in (0, 10, 20)]
    assert [one for page in pages for one in page["results"]] == whole["results"]
    assert {page["total"] for page in pages} == {whole["total"]}
    assert pages[0]["has_more"]
    nodes = await find(alice, "gpu", type="nodes,user", limit=100)
    assert {one["type"] for one in nodes["results"]} == {"node"}
    assert not nodes["has_more"] or nodes["total"] > 100


@pytest.mark.parametrize(
    ("parameters", "parameter"),
    [
        ({}, "q"), ({"q": ""}, "q"), ({"q": "  "}, "q"), ({"q": "a" * 501}, "q"),
        ({"q": "a", "type": "cats"}, "type"), ({"q": "a", "limit": 0}, "limit"),
        ({"q": "a", "limit": 101}, "limit"), ({"q": "a", "offset": 1001}, "offset"),
        ({"q": "a", "sort": "x"}, "sort"),
    ],
)  # fmt: skip
async def test_what_is_refused(client: Client, parameters: dict[str, Any], parameter: str) -> None:
    answer = await (await client(user="alice")).get("/v1/search", params=parameters)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["error"]["details"]["parameter"] == parameter


async def test_finished_jobs_of_long_ago_come_from_the_database(
    application: Application, client: Client
) -> None:
    database = application.services.search._records._database
    old = job(77, "FAILED", job_name="forgotten_run", user="bob", submit_time=1000, end_time=2000)
    await HistoryRecords(database).add("default", [FinishedJob(old, None)])
    async with asyncio.timeout(20):
        while await application.services.history.coverage() is None:
            await asyncio.sleep(0.05)
    alice = await client(user="alice", role=Role.USER)
    assert ids(await find(alice, "forgotten"), "job") == ["77"]
    found = await find(alice, "77")
    assert ids(found, "job")[0] == "77"
    assert found["results"][0]["description"].startswith("Failed on normal partition")
    # A job that is in memory and in the database is one result.
    done = await find(alice, "completed", type="jobs", limit=100)
    assert len(set(ids(done, "job"))) == len(ids(done, "job")) > 0


async def test_reservations(application: Application, client: Client) -> None:
    snapshot = application.cluster.snapshot
    alice = await client(user="alice", role=Role.USER)
    (found,) = (await find(alice, "maintenance"))["results"]
    assert (found["type"], found["title"]) == ("reservation", "Maintenance maintenance")
    assert found["description"].startswith(f"INACTIVE, {len(snapshot.nodes.all())} nodes, ")
    assert found["description"].endswith(", for users root")
    assert (await alice.get(found["url"])).json()["results"] == [found]
    assert ids(await find(alice, "gpu001"), "reservation") == [], "it is about no node more than another"
    assert snapshot.info is not None
    for hidden in ("reservations", "nodes"):
        snapshot.info = replace(snapshot.info, private_data=frozenset({hidden}))
        assert (await find(alice, "maintenance"))["results"] == []


class TestVisibility:
    async def test_scopes_narrow(self, client: Client) -> None:
        narrow = await client(user="alice", scopes=frozenset({"nodes:read"}))
        assert {one["type"] for one in (await find(narrow, "gpu", limit=100))["results"]} == {"node"}
        refused = await narrow.get("/v1/search", params={"q": "gpu", "type": "jobs"})
        assert refused.status_code == 403
        assert refused.json()["error"]["details"] == {"required_scope": "jobs:read"}

    async def test_private_data_hides(self, application: Application, client: Client) -> None:
        database = application.services.search._records._database
        old = job(77, "FAILED", job_name="simulation", user="bob", submit_time=1000, end_time=2000)
        await HistoryRecords(database).add("default", [FinishedJob(old, None)])
        snapshot = application.cluster.snapshot
        assert snapshot.info is not None
        words = frozenset({"jobs", "nodes", "users", "partitions", "accounts"})
        snapshot.info = replace(snapshot.info, private_data=words)
        alice = await client(user="alice", role=Role.USER)
        carol = await client(user="carol", role=Role.OPERATOR)
        for word in ("bob", "gpu", "gpu001", "normal", "77", "simulation", "running", "biology"):
            for one in (await find(alice, word, limit=100))["results"]:
                assert one["type"] in ("job", "user", "account", "qos")
                if one["type"] == "job":
                    assert (await alice.get(one["url"])).json()["user"] == "alice"
                elif one["type"] in ("user", "account"):
                    assert one["id"] in ("alice", "research")
        assert ids(await find(carol, "77"), "job")
        assert ids(await find(carol, "gpu001"), "node") == ["gpu001"]
        assert "bob" in ids(await find(carol, "bob"), "user")

    async def test_restrictions_hold(self, client: Client) -> None:
        own = await client(user="alice", restrictions=Restrictions(own_jobs_only=True))
        found = (await find(own, "running", type="jobs", limit=100))["results"]
        for one in found:
            assert (await own.get(one["url"])).json()["user"] == "alice"
