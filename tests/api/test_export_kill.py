"""A server that is killed while exports are made, with the worker that it has started."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import httpx2

from tests.contract.serving import Server

SETTINGS = {"S9S_CLUSTER": "simulated", "S9S_SIMULATED__JOBS": "300", "S9S_SIMULATED__SPEED": "0"}


def children(pid: int) -> list[int]:
    """Processes that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == pid:
                found.append(int(entry.name))
    return found


def test_every_export_that_was_answered_is_made_once_after_a_kill(tmp_path: Path) -> None:
    server = Server(tmp_path, SETTINGS)
    server.start()
    headers = {"authorization": f"Bearer {server.token('alice')}"}
    answered: list[str] = []
    with httpx2.Client(base_url=server.base_url, headers=headers, timeout=60) as client:
        for number in range(6):
            wait = "?wait=60" if number == 0 else ""  # the worker runs when the server is killed
            response = client.post(f"/v1/export{wait}", json={"type": "jobs", "format": "csv"})
            assert response.status_code == 201, response.text
            answered.append(response.json()["export_id"])
    assert server._process is not None
    workers = children(server._process.pid)
    assert workers
    server._process.send_signal(signal.SIGKILL)
    server._process.wait(10)
    # Who is left alone ends by itself.
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)

    with server, httpx2.Client(base_url=server.base_url, headers=headers, timeout=90) as client:
        contents = set()
        for export_id in answered:
            document = client.get(f"/v1/exports/{export_id}?wait=60").json()
            assert document["status"] == "completed", document
            content = client.get(f"/v1/exports/{export_id}/download").content
            assert content.count(b"\r\n") == document["record_count"] + 1
            contents.add(content)
        assert client.get("/v1/exports").json()["total"] == len(answered)
    files = list((tmp_path / "state" / "files").iterdir()) if (tmp_path / "state").exists() else None
    if files is not None:
        assert len(files) == len(answered)
