"""A server that is killed in the middle of its work, as a process of its own."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import httpx2

from tests.contract.serving import Server

JOB = {"job_name": "a", "script": "#!/bin/sh\ntrue\n"}


def test_every_write_that_was_answered_is_in_the_log_after_a_kill(tmp_path: Path) -> None:
    server = Server(tmp_path, {"S9S_CLUSTER": "simulated", "S9S_SIMULATED__JOBS": "5"})
    server.start()
    headers = {"authorization": f"Bearer {server.token('alice')}"}
    answered: list[str] = []
    remaining: list[int] = []

    def submit() -> None:
        with httpx2.Client(base_url=server.base_url, headers=headers, timeout=30) as client:
            while True:
                try:
                    response = client.post("/v1/jobs", json=JOB)
                except httpx2.TransportError:
                    return
                assert response.status_code == 201, response.text
                answered.append(response.json()["job_id"])
                remaining.append(int(response.headers["x-ratelimit-remaining"]))
                if len(answered) == 40:
                    assert server._process is not None
                    server._process.send_signal(signal.SIGKILL)

    threads = [threading.Thread(target=submit) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert server._process is not None
    assert server._process.wait(10) == -signal.SIGKILL
    assert len(answered) >= 40

    assert "flaws: 0" in server.s9s("audit", "verify")
    found = json.loads(server.s9s("audit", "list", "--user", "alice", "--limit", "1000", "--json"))
    by_resource = {record["resource"]: record for record in found if record["action"] == "submit_job"}
    for job_id in answered:
        assert by_resource[f"jobs/{job_id}"]["result"] == "SUCCESS"
    # What had begun and was not answered is there too, and says that nobody knows.
    assert sum(record["result"] == "UNKNOWN" for record in found) <= 6

    with server, httpx2.Client(base_url=server.base_url, headers=headers, timeout=30) as client:
        after = int(client.get("/v1/status").headers["x-ratelimit-remaining"])
    # At most the lease that the process held is lost; nothing is given twice.
    assert 15 / 16 * min(remaining) - 2 <= after < min(remaining)
