"""How long a million finished jobs take to become a file, and what the API notices of it."""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.results import Result, median, say

ROWS = 1_000_000
ROUNDS = 3
FIELDS = ("job_id", "job_name", "user", "state", "runtime")
_NOW = 1_700_000_000
_SPAN = 365 * 86_400

#: Seconds at most, for the contract's own fields.
_TARGETS = {"csv": 10, "parquet": 6}
_MEMORY_MB = 300


def exports() -> Iterator[Result]:
    """1,000,000 finished jobs to CSV and Parquet: seconds, and resident memory."""
    with tempfile.TemporaryDirectory(prefix="s9s-bench-") as directory:
        fill(Path(directory), ROWS)
        memory: dict[str, float] = {}
        for name, target in _TARGETS.items():
            found = [_export(directory, name, FIELDS) for _ in range(ROUNDS)]
            whole = _export(directory, name, None)
            memory[name] = max(one["resident_mb"] for one in (*found, whole))
            yield Result(
                f"export_{name}",
                f"{ROWS:,} finished jobs to {name}, the contract's fields",
                median(one["seconds"] for one in found),
                target,
                "s",
                data={"rows": ROWS, "fields": list(FIELDS)},
                figures={"rounds": found, "all_fields": whole},
            )
        yield Result(
            "export_memory",
            "most resident memory of these, all fields included",
            max(memory.values()),
            _MEMORY_MB,
            "MB",
            data={"rows": ROWS},
            figures=memory,
        )


def fill(directory: Path, rows: int) -> None:
    """A database with so many finished jobs of a year."""
    from s9s.storage.database import Database
    from s9s.storage.tables import finished_jobs, history_progress

    say(f"  {rows:,} rows ...")
    url = f"sqlite:///{directory}/s9s.db"

    async def create() -> None:
        async with await Database.open(url):
            pass

    asyncio.run(create())
    names = [column.name for column in finished_jobs.columns if column.name != "number"]
    marks = ",".join("?" for _ in names)
    columns = ",".join(f'"{name}"' for name in names)
    connection = sqlite3.connect(directory / "s9s.db")
    with connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            f"INSERT INTO finished_jobs ({columns}) VALUES ({marks})",
            (tuple(row[name] for name in names) for row in _rows(names, rows)),
        )
        connection.execute(
            f"INSERT INTO {history_progress.name} (cluster, since, until) VALUES ('default', ?, ?)",
            (_NOW - _SPAN, _NOW),
        )
    connection.close()


def _rows(names: list[str], rows: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    blank: dict[str, Any] = dict.fromkeys(names)
    states = ["COMPLETED"] * 17 + ["FAILED", "TIMEOUT", "CANCELLED"]
    for number in range(rows):
        user = f"user{chance.randrange(400):03}"
        submit = _NOW - _SPAN + number * _SPAN // rows
        start = submit + chance.randrange(7200)
        elapsed = chance.randrange(1, 86_400)
        first = chance.randrange(1, 990)
        job = 1_000_000 + number
        yield blank | {
            "cluster": "default",
            "numeric_id": job,
            "submit_time": submit,
            "end_time": start + elapsed,
            "job_id": str(job),
            "job_name": f"simulation-{chance.randrange(5000)}",
            "user": user,
            "state": chance.choice(states),
            "account": f"account{chance.randrange(40)}",
            "partition": chance.choice(("cpu", "gpu", "long")),
            "qos": "normal",
            "eligible_time": submit,
            "start_time": start,
            "suspended_seconds": 0,
            "elapsed_seconds": elapsed,
            "time_limit_seconds": 86_400,
            "nodes": f"node[{first:03}-{first + 3:03}]",
            "node_count": 4,
            "cpu_count": 128,
            "memory_mib": 262_144,
            "gpus": 0,
            "priority": chance.randrange(100_000),
            "working_directory": f"/home/{user}/project",
            "command": f"/home/{user}/project/run.sh",
            "standard_output": f"/home/{user}/project/out-%j.txt",
            "exit_code": 0,
            "requeue_count": 0,
            "cpu_seconds": elapsed * 100.0,
            "max_memory_mib": 200_000.0,
        }


def _export(directory: str, name: str, fields: tuple[str, ...] | None) -> dict[str, Any]:
    """One export in a process of its own, as a worker does it."""
    command = [sys.executable, "-m", "benchmarks.exports", directory, name, ",".join(fields or ())]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def _child(directory: Path, name: str, fields: tuple[str, ...] | None) -> None:
    import msgspec

    from s9s.app.handlers import register_handlers
    from s9s.app.queue import open_queue
    from s9s.config import Settings
    from s9s.domain.exports import ExportOptions, ExportPlan
    from s9s.domain.queries import JobQuery
    from s9s.domain.work import WorkItem
    from s9s.services.exports.fields import JOB_FIELDS, chosen
    from s9s.services.work.queue import Progress
    from s9s.storage.database import Database

    columns = chosen("jobs", JOB_FIELDS, fields)
    plan = ExportPlan(
        type="jobs",
        format=name,
        filename="jobs",
        columns=tuple((heading, field.kind.value) for heading, _, field in columns),
        fields=tuple(field for _, field, _ in columns),
        options=ExportOptions(),
        filter={},
        credential="",
        scope="jobs:read",
        asked_at=_NOW,
        source="history",
        query={"cluster": "default", "jobs": JobQuery(), "as_of": _NOW + _SPAN},
    )

    async def run() -> dict[str, Any]:
        settings = Settings.model_validate({"server": {"state_dir": directory}})
        async with await Database.open(settings.database_url) as database:
            queue = open_queue(settings, database)
            register_handlers(settings, database, queue)
            payload = msgspec.to_builtins(plan)
            item = WorkItem(
                item_id=queue.new_id("export"), kind="export", owner="a", payload=payload, created_at=0
            )
            run = queue.kinds["export"].run
            assert run is not None
            began, used = time.monotonic(), time.process_time()
            result = await run(item, Progress(item))
            seconds, cpu = time.monotonic() - began, time.process_time() - used
            await queue.artifacts.delete(result["artifact"])
            return {
                "seconds": round(seconds, 2),
                "cpu_seconds": round(cpu, 2),
                "rows": result["record_count"],
                "bytes": result["file_size"],
            }

    found = asyncio.run(run())
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found | {"resident_mb": round(resident, 1)}))


if __name__ == "__main__":
    _child(Path(sys.argv[1]), sys.argv[2], tuple(sys.argv[3].split(",")) if sys.argv[3] else None)
