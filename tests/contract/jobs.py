"""Jobs that a test needs, submitted through the API like any other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.contract.serving import Server, until

FINISHED = (
    "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "BOOT_FAIL",
    "DEADLINE",
)  # fmt: skip


@dataclass
class Jobs:
    """Submits small jobs of a user and knows them until the test is over."""

    server: Server
    folder: Path
    """Working directory of the jobs; everybody may write there."""
    submitted: list[tuple[str, str]] = field(default_factory=list)
    """Id and user of each."""

    def ask(self, user: str = "alice", **fields: Any) -> httpx2.Response:
        """The answer to a submission of exactly these fields."""
        response = self.server.as_user(user).post("/v1/jobs", json=fields)
        if response.status_code == 201:
            self.submitted.append((response.json()["job_id"], user))
        return response

    def submit(self, script: str = "sleep 300", user: str = "alice", **fields: Any) -> str:
        """Id of a new small job that runs a shell script."""
        text = script if script.startswith("#!") else f"#!/bin/bash\n{script}\n"
        small = {"working_directory": str(self.folder), "time_limit": "10", "memory": "64MB"}
        response = self.ask(user, script=text, **{**small, **fields})
        assert response.status_code == 201, response.text
        return str(response.json()["job_id"])

    def pending(self, user: str = "alice", **fields: Any) -> str:
        """A job that waits, and is not held: it depends on one that is."""
        first = self.held(user)
        return self.submit("sleep 300", user, **fields, dependencies=[{"type": "afterok", "job_id": first}])

    def held(self, user: str = "alice", script: str = "sleep 300", **fields: Any) -> str:
        """A job that its owner holds."""
        return self.submit(f"#!/bin/bash\n#SBATCH --hold\n{script}\n", user, **fields)

    def running(self, script: str = "sleep 300", user: str = "alice", **fields: Any) -> str:
        """A job that runs, and whose script has begun."""
        begun = self.folder / f"begun-{len(self.submitted)}"
        job_id = self.submit(f"touch {begun}\n{script}", user, **fields)
        self.server.as_user(user).reach(job_id, "RUNNING")
        until(begun.exists)
        return job_id

    def finished(self, script: str = "true", user: str = "alice", **fields: Any) -> str:
        """A job that has ended."""
        # Where it ends at once, slurmstepd 22.05 may add "error: no task list created!" to its output.
        job_id = self.submit(script if script.startswith("#!") else f"sleep 0.3\n{script}", user, **fields)
        self.server.as_user(user).reach(job_id, *FINISHED)
        return job_id
