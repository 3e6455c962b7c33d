"""A server that is killed again and again while it posts: nothing is lost, and nothing is out of order."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from s9s.domain.events import Channel
from s9s.storage.database import Database
from s9s.storage.events import EventRecords
from tests.contract.serving import Server, until
from tests.delivery.servers import Hook, http_server

KILLS = 3
TOGETHER = 4


@pytest.mark.timeout(180)
def test_a_kill_loses_nothing_and_what_comes_twice_is_known_again(tmp_path: Path) -> None:
    taken = Hook()
    with http_server(taken) as port:
        server = Server(
            tmp_path,
            {
                "S9S_CLUSTER": "simulated",
                "S9S_SIMULATED__JOBS": "20",
                "S9S_OUTGOING__ALLOWED": "127.0.0.0/8",
                "S9S_WEBHOOKS__FIRST_RETRY_SECONDS": "0.2",
            },
        )
        server.start()
        body = {"url": f"http://127.0.0.1:{port}/", "subscriptions": [{"channel": "jobs"}]}
        made = server.as_user("alice").post("/v1/webhooks", json=body).json()
        for _ in range(KILLS):
            before = len(taken.requests)
            # Some arrive without the server getting to know.
            taken.answers = [500, 200, 500]
            for _ in range(TOGETHER):
                answer = server.as_user("alice").post("/v1/jobs", json={"script": "true"})
                assert answer.status_code == 201, answer.text
            until(lambda seen=before: len(taken.requests) > seen, pause=0.005)
            server.kill()
            server.start()
        job_id = server.as_user("alice").post("/v1/jobs", json={"script": "true"}).json()["job_id"]
        server.as_user("alice").reach(job_id, "COMPLETED")
        path = f"/v1/webhooks/{made['webhook_id']}"
        until(lambda: _has(taken, job_id, "COMPLETED"))
        document = server.as_user("alice").read(path)
        assert document["state"] == "active"
        server.stop()

    told = _events(tmp_path / "s9s.db", made["sequence"])
    posts = [json.loads(raw) for _, _, raw in taken.requests]
    last = max(one["sequence"] for post in posts for one in post["events"])
    assert {one["sequence"] for post in posts for one in post["events"]} == {
        sequence for sequence in told if sequence <= last
    }
    first_time: dict[str, bytes] = {}
    order: list[int] = []
    for (_, headers, raw), post in zip(taken.requests, posts, strict=True):
        known = first_time.setdefault(headers["x-s9s-delivery"], raw)
        assert known == raw  # whoever leaves out what came before leaves out nothing else
        if known is raw:  # the first time
            order += [one["sequence"] for one in post["events"]]
    assert order == sorted(set(order))


def _has(taken: Hook, job_id: str, state: str) -> bool:
    return any(
        one["resource_id"] == job_id and one["data"].get("state") == state
        for _, _, raw in tuple(taken.requests)
        for one in json.loads(raw)["events"]
    )


def _events(path: Path, since: int) -> list[int]:
    """Numbers of all events of jobs in the log."""

    async def read() -> list[int]:
        async with await Database.open(f"sqlite:///{path}") as database:
            return [
                one.sequence
                async for events in EventRecords(database).walk(since)
                for one in events
                if one.channel is Channel.JOBS
            ]

    return asyncio.run(read())
