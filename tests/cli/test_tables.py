"""Tables on terminals of every width, and what others have written in them."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest
from rich.cells import cell_len

from s9s.cli.remote.jobs import COLUMNS
from s9s.cli.remote.nodes import COLUMNS as NODE_COLUMNS
from s9s.cli.remote.readings import Reading, Wanted
from s9s.cli.remote.screen import lines
from s9s.cli.remote.tables import table
from tests.cli.conftest import Run
from tests.cli.terminals import Terminal, without_escapes

JOB: dict[str, Any] = {
    "job_id": "12345678_1024", "job_name": "模拟运行-with-a-very-long-name-\x1b[31m-and-escapes",
    "user": "àlice", "account": "research", "partition": "normal,gpu,debug", "state": "OUT_OF_MEMORY",
    "elapsed_time": "7-12:15:30", "time_limit": "UNLIMITED", "node_count": 128, "cpu_count": 16384,
    "gpus": 512, "memory": "128GB",
    "reason": "ReqNodeNotAvail, Reserved for maintenance",
}  # fmt: skip
SMALL = {**JOB, "job_id": "7", "job_name": "a", "state": "RUNNING", "elapsed_time": "0:01", "reason": None}


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 132, 200])
def test_no_line_is_wider_than_the_terminal_and_ids_are_whole(width: int) -> None:
    head, *rows = table([JOB, SMALL], COLUMNS, width)
    assert all(line.cell_len <= width for line in (head, *rows))
    assert rows[0].plain.startswith(JOB["job_id"])
    if width >= 40:
        assert "OUT_OF_MEMORY" in rows[0].plain
    assert "\x1b" not in rows[0].plain


def test_columns_stand_below_each_other_whatever_is_in_them() -> None:
    head, *rows = table([JOB, SMALL], COLUMNS, 100)
    at = head.plain.index("STATE")
    for row, state in zip(rows, ("OUT_OF_MEMORY", "RUNNING"), strict=True):
        before = row.plain[: row.plain.index(state)]
        assert cell_len(before) == at


def test_the_least_important_goes_first_and_what_is_cut_says_so() -> None:
    heads = {width: table([JOB], COLUMNS, width)[0].plain.split() for width in (60, 80, 200)}
    assert heads[200] == [column.head for column in COLUMNS]
    assert "LIMIT" not in heads[80]
    assert set(heads[60]) < set(heads[80])
    assert "…" in table([JOB], COLUMNS, 80)[1].plain
    assert "…" not in table([SMALL], COLUMNS, 200)[1].plain
    # What says nothing in any row is the first to go.
    assert "REASON" not in table([SMALL], COLUMNS, 74)[0].plain.split()


def test_nodes_at_80() -> None:
    node = {
        "node_name": "node001", "state": "ALLOCATED", "partitions": ["normal", "gpu"], "cpu_total": 128,
        "cpu_allocated": 128, "memory_total": "1024GB", "memory_free": "1048576MB", "gpus_total": 8,
        "gpus_allocated": 8, "reason": None,
    }  # fmt: skip
    head, row = table([node], NODE_COLUMNS, 80)
    assert head.plain.split() == [one.head for one in NODE_COLUMNS if one.head != "REASON"]
    assert row.plain.split()[:3] == ["node001", "ALLOCATED", "normal,gpu"]


@pytest.mark.parametrize("height", [3, 10, 16, 24, 50, 120])
@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_a_screen_is_as_big_as_the_terminal(width: int, height: int) -> None:
    cluster = {
        "cluster_utilization": {"cpu_percent": 99.9, "memory_percent": 0.0, "gpu_percent": None},
        "job_counts": {"RUNNING": 123456, "PENDING": 1},
        "node_counts": dict.fromkeys(("DOWN", "IDLE", "MIXED"), 10),
        "queue_stats": {"avg_wait_time": None, "max_wait_time": None, "throughput": 0.0},
    }  # fmt: skip
    partition = {"state": "UP", "nodes_total": 10, "nodes_idle": 0, "cpus_total": 0, "cpus_allocated": 0}
    partitions = [{"name": f"partition-{number}", **partition} for number in range(60)]
    users = [{"username": f"user{number}", "jobs_running": 1, "jobs_pending": 2} for number in range(60)]
    reading = Reading(cluster, partitions, users, [JOB] * 200, 100_000, 0.0)
    made = lines(reading, Wanted({"user": "a" * 300}), width, height, "12:00:00", "q quit")
    assert len(made) == height
    assert all(line.cell_len <= width for line in made)
    assert made[-1].plain.startswith("q")
    if height >= 10:
        assert any(line.plain.startswith(JOB["job_id"]) for line in made)
    assert lines(Reading(None, [], [], [], 0, 0.0), Wanted(), width, height, "", "")


async def test_colours_only_on_a_terminal_that_wants_them(s9s: Run, environment: dict[str, str]) -> None:
    piped = await s9s("nodes", "--limit", "2")
    assert "\x1b" not in piped.stdout
    assert "\t" in piped.stdout
    command = [sys.executable, "-m", "s9s", "nodes", "--limit", "2"]

    def said(command: list[str], **more: str) -> str:
        with Terminal(command, environment | more, columns=40) as terminal:
            assert terminal.ended() == 0
            return terminal.said

    for more, is_coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        printed = await asyncio.to_thread(said, command, **more)
        assert ("\x1b[32m" in printed) is is_coloured, more
        if "TERM" not in more:  # a dumb one does not tell its size
            assert max(map(len, without_escapes(printed).splitlines())) <= 40, printed
        assert "2 of 64; --limit shows more." in printed
    assert len(json.loads(await asyncio.to_thread(said, [*command, "--json"]))) == 2
