"""Lists of jobs that nobody has asked for before."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from urllib.parse import urlencode

from benchmarks.servers import Server

STATES = ("PENDING", "RUNNING", "COMPLETED", "RUNNING,PENDING", "PENDING,COMPLETING,FAILED")


def filters(server: Server, count: int, seed: int = 1) -> list[str]:
    """`count` distinct paths: pages of 50 under random combinations of user, state, partition and offset."""
    users = [one["username"] for one in json.loads(server.get("/v1/users?limit=1000"))["users"]]
    partitions = [one["name"] for one in json.loads(server.get("/v1/partitions"))["partitions"]]
    made = dict.fromkeys(_queries(random.Random(seed), users, partitions, count * 2))
    return list(made)[:count]


def walk(server: Server) -> int:
    """Read every job once, as a server that has been up for a while has done; how many there are."""
    offset = 0
    while True:
        page = json.loads(server.get(f"/v1/jobs?limit=1000&offset={offset}"))
        offset += 1000
        if not page["has_more"]:
            return int(page["total"])


def _queries(dice: random.Random, users: list[str], partitions: list[str], count: int) -> Iterator[str]:
    for _ in range(count):
        query: dict[str, object] = {"limit": 50, "offset": dice.randrange(100)}
        if dice.random() < 0.75:
            query["user"] = ",".join(dice.sample(users, dice.randint(1, 4)))
        else:
            query["offset"] = dice.randrange(10_000)
        if dice.random() < 0.75:
            query["state"] = dice.choice(STATES)
        if dice.random() < 0.5:
            query["partition"] = ",".join(dice.sample(partitions, dice.randint(1, 2)))
        yield f"/v1/jobs?{urlencode(query)}"
