"""Reports while everything that makes them is killed: each is made once, on schedule too."""

from __future__ import annotations

import hashlib
import io
import os
import random
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx2
import pypdf
import pytest

from tests.api.test_export_kill import SETTINGS, children
from tests.contract.serving import Server, until

REPORT = {"type": "usage", "format": "pdf"}


def kill_workers(server: Server) -> int:
    """Kill the worker processes of a server with SIGKILL; how many there were."""
    assert server._process is not None
    found = children(server._process.pid)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it has ended by itself
            continue
    return len(found)


@pytest.mark.timeout(400)
def test_a_pdf_is_made_once_whatever_is_killed_meanwhile(tmp_path: Path) -> None:
    server = Server(tmp_path, SETTINGS)
    server.start()
    headers = {"authorization": f"Bearer {server.token('alice')}"}
    try:
        with httpx2.Client(base_url=server.base_url, headers=headers, timeout=90) as client:
            asked = [client.post("/v1/reports", json=REPORT).json()["report_id"] for _ in range(12)]
            # A worker dies while reports are being made, and the server with its next worker soon after.
            until(
                lambda: any(client.get(f"/v1/reports/{one}").json()["progress"] > 0 for one in asked), pause=0
            )
            assert kill_workers(server) == 1
            # What it held waits for the end of its lease, so there is work for another one.
            workers = until(lambda: children(_pid(server)), pause=0)
            time.sleep(random.Random(7).uniform(0.2, 1.5))
    finally:
        server.kill()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    with server, httpx2.Client(base_url=server.base_url, headers=headers, timeout=90) as client:
        for report_id in asked:
            until(lambda one=report_id: _is_done(client, one), 120)
            document = client.get(f"/v1/reports/{report_id}").json()
            content = client.get(f"/v1/reports/{report_id}/download").content
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == document["checksum"]
            assert len(pypdf.PdfReader(io.BytesIO(content)).pages) >= 1
            # Once there, it stays as it is.
            assert client.get(f"/v1/reports/{report_id}").json() == document
        assert client.get("/v1/reports").json()["total"] == len(asked)


def _pid(server: Server) -> int:
    assert server._process is not None
    return server._process.pid


def _is_done(client: httpx2.Client, report_id: str) -> bool:
    document = client.get(f"/v1/reports/{report_id}").json()
    assert document["status"] in ("processing", "completed"), document
    return bool(document["status"] == "completed")


@pytest.mark.timeout(400)
def test_every_due_schedule_is_run_once_by_two_servers_that_are_killed(tmp_path: Path) -> None:
    """Twelve schedules are due while no server runs; of two servers one is killed again and again."""
    (tmp_path / "shared").mkdir()
    database = tmp_path / "shared" / "s9s.db"
    environment = {**SETTINGS, "S9S_DATABASE__URL": f"sqlite:///{database}"}
    servers = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        servers.append(Server(tmp_path / name, environment))
    first, second = servers
    first.start()
    headers = {"authorization": f"Bearer {first.token('alice')}"}
    with httpx2.Client(base_url=first.base_url, headers=headers, timeout=60) as client:
        body: dict[str, Any] = {"name": "use", "cron": "@yearly", "type": "usage", "format": "csv"}
        made = [client.post("/v1/reports/schedules", json=body).json()["schedule_id"] for _ in range(12)]
    first.stop()
    due = int(time.time()) - 3 * 3600
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute("UPDATE schedules SET next_run_at = ?", (due,))
    connection.close()
    chance = random.Random(3)
    try:
        first.start()
        second.start()
        for _ in range(2):
            time.sleep(chance.uniform(0.5, 3))
            kill_workers(first)
            first.kill()
            first.start()
        with httpx2.Client(base_url=second.base_url, headers=headers, timeout=60) as client:

            def reports() -> list[dict[str, Any]]:
                found: list[dict[str, Any]] = client.get("/v1/reports").json()["reports"]
                return found

            until(lambda: {one["schedule_id"] for one in reports()} == set(made))
            until(lambda: all(one["status"] == "completed" for one in reports()), 120)
            counts = Counter(one["schedule_id"] for one in reports())
            assert counts == dict.fromkeys(made, 1)
            for one in client.get("/v1/reports/schedules").json()["schedules"]:
                assert one["last_status"] == "completed"
                assert one["last_error"] is None
    finally:
        first.stop()
        second.stop()
