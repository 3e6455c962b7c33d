"""Record what slurmrestd really says, for the tests of its parsers.

``python -m tests.recordings.capture 24.11`` brings up a cluster of its own, makes jobs of all kinds on it,
and writes every answer to ``<slurm>/<parser>/<name>.<HTTP status>.json``, verbatim but for this machine's
name and paths. Takes a minute and a half.
"""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2

from lab import Lab
from s9s.backends.slurmrestd import KeyTokens, RestBackend
from s9s.domain.durations import UNLIMITED
from s9s.domain.jobs import JobSubmission, JobUpdate

PARSERS = {
    "22.05": ["v0.0.38"],
    "24.11": ["v0.0.42"],
    "26.05": ["v0.0.45", "v0.0.44", "v0.0.43", "v0.0.42"],
}
ENDED = ["COMPLETED", "CANCELLED", "FAILED", "TIMEOUT"]
#: 11 s of one CPU and 100 MiB. Perl is on every Debian, however small.
BUSY = "exec perl -e '$block = \"x\" x (100 << 20); $until = time + 11; 1 while time < $until'"


class Recorder:
    """Asks one parser version and writes down what it says."""

    def __init__(self, lab: Lab, parser: str, tokens: KeyTokens) -> None:
        self._lab = lab
        self.parser = parser
        self._tokens = tokens
        self._folder = Path(__file__).parent / lab.version / parser
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.glob("*"):
            old.unlink()
        self._client = httpx2.Client(base_url=lab.slurmrestd_url, timeout=60)

    async def __call__(
        self,
        name: str,
        path: str,
        query: list[tuple[str, str]] | None = None,
        *,
        method: str = "GET",
        body: object = None,
        user: str = "root",
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        plugin, _, rest = path.partition("/")
        response = self._client.request(
            method,
            f"/{plugin}/{self.parser}/{rest}",
            params=query,
            json=body,
            headers=headers or await self._tokens.headers(user),
        )
        text = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "controller", response.text)
        text = re.sub(r"\\/tmp\\/s9s-(lab|recording)-\w+", r"\/\1", text)
        suffix = "json" if response.headers.get("content-type") == "application/json" else "txt"
        (self._folder / f"{name}.{response.status_code}.{suffix}").write_text(text)
        return dict(response.json()) if suffix == "json" and text else {}


class Scenario:
    """Jobs of all kinds, by what they are."""

    def __init__(self, lab: Lab, backend: RestBackend, folder: str) -> None:
        self.lab = lab
        self.backend = backend
        self.folder = folder
        self.ids: dict[str, str] = {}

    async def submit(self, name: str, script: str, actor: str = "alice", **fields: Any) -> str:
        fields = {
            "job_name": name,
            "working_directory": self.folder,
            "standard_output": "/dev/null",
            "time_limit_seconds": 600,
            "memory_mib": 64,
        } | fields
        submission = JobSubmission(script=f"#!/bin/sh\n{script}\n", **fields)
        self.ids[name] = (await self.backend.submit(submission, actor)).job_id
        return self.ids[name]

    def command(self, name: str, *arguments: str) -> None:
        subprocess.run([self.lab.bin_dir / name, *arguments], check=True, capture_output=True)

    async def make(self) -> None:
        self.command("sacctmgr", "-i", "add", "coordinator", "account=research", "user=bob")
        await self.submit(
            "running | one",
            "sleep 600",
            nodes=2,
            tasks_per_node=1,
            cpus_per_task=2,
            memory_mib=128,
            time_limit_seconds=135 * 60,
            comment="a comment",
            standard_output="out-%j.txt",
            standard_error="/dev/null",
        )
        await self.submit("gpus", "sleep 600", partition="gpu", gpus=2)
        await self.submit("array", "sleep 600", array="0-5%2", standard_output="%A_%a.txt")
        await self.submit("held", "true", hold=True, time_limit_seconds=UNLIMITED, constraint="gpu")
        await self.submit("dependent", "true", dependency=f"afterok:{self.ids['running | one']}")
        await self.submit("failed", "exit 3")
        await self.submit("killed", "kill -KILL $$")
        await self.submit("cancelled", "true", hold=True)
        await self.submit("later", "true", partition="gpu,normal", begin_time=int(time.time()) + 3600)
        await self.submit("suspended", "sleep 600")
        await self.submit("requeued", "sleep 600")
        await self.submit("busy", BUSY, memory_mib=300, standard_error="e")
        await self.submit("bobs", "sleep 600", actor="bob")
        await self.backend.cancel(self.ids["cancelled"], "alice")
        await self.until("suspended", "RUNNING")
        await self.until("requeued", "RUNNING")
        self.command("scontrol", "suspend", self.ids["suspended"])
        self.command("scontrol", "requeue", self.ids["requeued"])
        self.command("scontrol", "update", "nodename=node004", "state=drain", "reason=disk | failing")
        await self.until("busy", "COMPLETED")
        await self.until("array", "PENDING")
        await asyncio.sleep(6)  # slurmdbd hears of the last of it, and 22.05 of the names

    async def until(self, name: str, state: str) -> None:
        deadline = time.monotonic() + 60
        while (await self.backend.job(self.ids[name])).job.state != state:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} is not {state}")
            await asyncio.sleep(0.2)


def het(parser: str, folder: str) -> dict[str, Any]:
    """The body that submits a heterogeneous job."""
    environment: object = {"PATH": "/bin"} if parser == "v0.0.38" else ["PATH=/bin"]
    component = {
        "name": "het",
        "current_working_directory": folder,
        "standard_output": "/dev/null",
        "environment": environment,
        "time_limit": 10,
        "memory_per_node": 64,
    }
    return {"script": "#!/bin/sh\nsleep 600\n", "jobs": [component, component]}


async def reads(record: Recorder, scenario: Scenario) -> None:
    ids, since = scenario.ids, str(int(time.time()) - 3600)
    await record("ping", "slurm/ping")
    brief = [] if record.parser == "v0.0.38" else [("flags", "ALL")]
    await record("jobs", "slurm/jobs", brief)
    await record("nodes", "slurm/nodes")
    future = ("update_time", str(int(time.time()) + 60))
    await record("jobs_unchanged", "slurm/jobs", [*brief, future])
    await record("nodes_unchanged", "slurm/nodes", [future])
    await record("job", f"slurm/job/{ids['running | one']}", brief)
    await record("job_array", f"slurm/job/{ids['array']}", brief)
    await record("job_unknown", "slurm/job/60000000")
    await record("node_unknown", "slurm/node/node99999")
    await record("partitions", "slurm/partitions")
    await record("clusters", "slurmdb/clusters")
    await record("associations", "slurmdb/associations")
    await record("accounted_job", f"slurmdb/job/{ids['busy']}")
    await record("accounted_array", f"slurmdb/job/{ids['array']}")
    await record("accounted_unknown", "slurmdb/job/60000000")
    window = [
        ("start_time", f"uts{since}"),
        ("end_time", f"uts{int(time.time()) + 60}"),
        ("skip_steps", "true"),
    ]
    if record.parser == "v0.0.38":
        await record("users", "slurmdb/users")
        await record("accounted_jobs", "slurmdb/jobs", [*window, ("state", ",".join(ENDED))])
        await record(
            "accounted_jobs_repeated_states", "slurmdb/jobs", [*window, *(("state", s) for s in ENDED)]
        )
    else:
        await record("users", "slurmdb/users", [("with_assocs", "true"), ("with_coords", "true")])
        await record("users_alone", "slurmdb/users")
        await record("conf", "slurm/conf")
        await record("accounted_jobs", "slurmdb/jobs", [*window, *(("state", state) for state in ENDED)])


async def writes(record: Recorder, scenario: Scenario) -> None:
    ids, old = scenario.ids, record.parser == "v0.0.38"

    def job(**fields: Any) -> dict[str, Any]:
        environment: object = {"PATH": "/bin"} if old else ["PATH=/bin"]
        job = {
            "name": "x",
            "current_working_directory": "/tmp",
            "environment": environment,
            "hold": True,
        } | fields
        return {"script": "#!/bin/sh\ntrue\n", "job": job}

    async def post(name: str, path: str, body: object, user: str = "alice") -> None:
        await record(name, path, method="POST", body=body, user=user)

    async def delete(
        name: str, job_id: str, query: list[tuple[str, str]] | None = None, user: str = "alice"
    ) -> None:
        await record(name, f"slurm/job/{job_id}", query, method="DELETE", user=user)

    await post("submit", "slurm/job/submit", job())
    await post("submit_too_large", "slurm/job/submit", job(nodes=400 if old else "400"))
    await post("submit_bad_partition", "slurm/job/submit", job(partition="nowhere"))
    await post("submit_bad_account", "slurm/job/submit", job(account="nobodys"))
    await post("submit_bad_qos", "slurm/job/submit", job(qos="nothing"))
    await post("submit_unknown_field", "slurm/job/submit", job(gpuz="2"))
    await delete("cancel_unknown", "60000000")
    await delete("cancel_finished", ids["failed"])
    await delete("cancel_others", ids["bobs"])
    await delete("signal_pending", ids["held"], [("signal", "10")])
    await post("hold_array", f"slurm/job/{ids['array']}", {"hold": True})
    await post("release_array", f"slurm/job/{ids['array']}", {"hold": False})
    await post("update_task", f"slurm/job/{ids['array']}_0", {"time_limit": 5})
    await post("update_unknown", "slurm/job/60000000", {"hold": True})
    await post("update_others", f"slurm/job/{ids['bobs']}", {"time_limit": 5})
    await post("update_finished", f"slurm/job/{ids['failed']}", {"time_limit": 5})
    await post("update_partition_of_running", f"slurm/job/{ids['running | one']}", {"partition": "gpu"})
    await post("raise_priority", f"slurm/job/{ids['held']}", {"priority": 4000000})
    await post("update_misspelt", f"slurm/job/{ids['held']}", {"tyme_limit": 5})
    await scenario.backend.update_job(ids["dependent"], JobUpdate(hold=True), "carol")
    await post("release_operators_hold", f"slurm/job/{ids['dependent']}", {"hold": False})
    await post("drain_as_operator", "slurm/node/node003", {"state": ["DRAIN"], "reason": "x"}, "carol")
    await post("resume_idle", "slurm/node/node003", {"state": ["RESUME"]}, "dave")
    before = int(time.time())
    await asyncio.sleep(1)
    scenario.command("scontrol", "update", "nodename=node003", "state=drain", "reason=x")
    await record("nodes_changed", "slurm/nodes", [("update_time", str(before))])


async def refusals(record: Recorder, tokens: KeyTokens) -> None:
    root = await tokens.headers("root")
    bad = root | {"X-SLURM-USER-TOKEN": root["X-SLURM-USER-TOKEN"][:-6] + "AAAAAA"}
    foreign = await tokens.headers("alice") | {"X-SLURM-USER-NAME": "bob"}
    await record("jobs_bad_token", "slurm/jobs", headers=bad)
    await record("jobs_foreign_name", "slurm/jobs", headers=foreign)
    await record("ping_bad_token", "slurm/ping", headers=bad)
    await record("jobs_no_token", "slurm/jobs", headers={"Accept": "application/json"})


async def outages(record: Recorder, lab: Lab) -> None:
    lab.stop("slurmctld")
    await record("ping_without_slurmctld", "slurm/ping")
    await record("jobs_without_slurmctld", "slurm/jobs")
    await record("cancel_without_slurmctld", "slurm/job/1", method="DELETE", user="alice")
    lab.start("slurmctld")
    lab.stop("slurmdbd")
    await record("users_without_slurmdbd", "slurmdb/users")
    await record("accounted_jobs_without_slurmdbd", "slurmdb/jobs")
    lab.start("slurmdbd")


async def main(version: str) -> None:
    with tempfile.TemporaryDirectory(prefix="s9s-recording-") as folder:
        Path(folder).chmod(0o1777)
        directory = Path(tempfile.mkdtemp(prefix="s9s-lab-"))
        directory.chmod(0o755)
        with Lab(version, directory) as lab:
            await capture(lab, folder)


async def capture(lab: Lab, folder: str) -> None:
    tokens = KeyTokens(lab.jwt_key)
    backend = RestBackend(url=lab.slurmrestd_url, tokens=tokens)
    scenario = Scenario(lab, backend, folder)
    await scenario.make()
    recorders = [Recorder(lab, parser, tokens) for parser in PARSERS[lab.version]]
    newest = recorders[0]
    submitted = await newest(
        "submit_het", "slurm/job/submit", method="POST", body=het(newest.parser, folder), user="alice"
    )
    scenario.ids["het"] = str(submitted["job_id"])
    await scenario.until("het", "RUNNING")
    for record in recorders:
        await reads(record, scenario)
    if lab.version != "22.05":
        await newest("shares", "slurm/shares")
    await writes(newest, scenario)
    await refusals(newest, tokens)
    await outages(newest, lab)
    await backend.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
