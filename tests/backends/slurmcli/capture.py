"""Records what Slurm's commands print, for the tests of their parsers.

Run as root; nobody edits a recording by hand:

    python -m tests.backends.slurmcli.capture 22.05 24.11 26.05
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lab import Lab
from s9s.backends.command import Finished
from s9s.backends.processes import Processes
from s9s.backends.slurmcli import sacct, sacctmgr, sbatch, scontrol, scontrol_nodes, squeue, sshare
from s9s.backends.slurmcli.errors import Asked, check
from s9s.backends.slurmcli.programs import Programs, in_memory
from s9s.domain.jobs import JobSubmission

RECORDINGS = Path(__file__).parent / "recordings"
COLUMN, ROW, DELIMITER = "~c0lumn", "^endofrow", "~delimiter~"

HOSTILE = 'one|two\n3  3 RUNNING "quoted" ~ ^ \\ %j\tżółć'

#: By name, so that tests know them on every version.
JOBS: list[dict[str, Any]] = [
    {"job_name": HOSTILE, "comment": HOSTILE, "hold": True},
    {
        "job_name": "failed",
        "script": "#!/bin/sh\nexit 3\n",
        "standard_output": "/tmp/failed-%j.out",
        "standard_error": "/tmp/e",
    },
    {"job_name": "signalled", "script": "#!/bin/sh\nkill -KILL $$\n", "array": "1-2"},
    {"job_name": "array", "array": "0-199:2%4", "hold": True},
    {"job_name": "gpus", "partition": "gpu", "gpus_per_node": 2, "nodes": 2, "constraint": "gpu&infiniband"},
    {"job_name": "pending", "partition": "gpu,normal", "begin_time": 1, "qos": "high", "nodes": 2},
    {"job_name": "unlimited", "time_limit_seconds": -1, "hold": True},
    {"job_name": "a thousand days", "time_limit_seconds": 86_400_000, "hold": True},
    {"job_name": "never ran", "hold": True},
    {"job_name": "cancelled"},
    {"job_name": "suspended"},
    {"job_name": "resumed"},
    {"job_name": "requeued"},
    {"job_name": "het", "script": "#!/bin/sh\n#SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n2\nsleep 120\n"},
]

REFUSED: list[dict[str, Any]] = [
    {"partition": "nosuch"},
    {"account": "nosuch"},
    {"account": "engineering"},
    {"qos": "nosuch"},
    {"qos": "low"},
    {"constraint": "nosuch"},
    {"reservation": "nosuch"},
    {"array": "5-1"},
    {"array": "0-99999"},
    {"dependency": "bogus:1"},
    {"memory_mib": 1 << 30},
    {"nice": -10},
    {"gres": "gpu:99"},
    {"gres": "nosuch:1"},
    {"gpus": 99},
    {"nodelist": "nosuch"},
    {"licenses": "nosuch:2"},
    {"deadline": 1},
    {"mail_type": "NOSUCH"},
    {"signal": "NOSUCH"},
    {"script": "#!/bin/sh\r\ntrue\r\n"},
    {"script": ""},
    {"script": "true\n"},
    {"script": "#!/bin/sh\n\0\n"},
    {"script": "#!/bin/sh\n#SBATCH --nosuch\n"},
    {"script": "#!/bin/sh\n#SBATCH --time=nosuch\n"},
]

_NODES: list[list[str]] = [
    ["nodename=node003", "state=drain", "reason=disk\nModel=X 100 [a@1]"],
    ["nodename=node003", "comment=Reason=none"],
    ["nodename=node004", "state=down", "reason=fan"],
]


async def record(lab: Lab) -> None:
    processes = Processes()
    programs = Programs(processes, str(lab.bin_dir), str(lab.slurm_conf), 30.0)
    folder = RECORDINGS / lab.version
    folder.mkdir(parents=True, exist_ok=True)

    async def submit(fields: dict[str, Any]) -> Finished:
        submission_fields = {
            "script": "#!/bin/sh\nsleep 120\n",
            "time_limit_seconds": 600,
            "working_directory": "/tmp",
            "memory_mib": 64,
        } | fields
        if "begin_time" in fields:
            submission_fields["begin_time"] = int(time.time()) + 3600
        submission = JobSubmission(**submission_fields)
        with in_memory(
            sbatch.environment(submission, {"PATH": "/usr/bin:/bin", "HOME": "/tmp"})
        ) as environment:
            return await programs.run(
                sbatch.argv(submission, "/tmp", environment),
                actor="alice",
                input=sbatch.script(submission),
                pass_fds=[environment],
            )

    for state in _NODES:
        await programs.run(["scontrol", "update", *state])
    began = int(time.time())
    ids = {}
    for fields in JOBS:
        finished = await submit(fields)
        check(finished, Asked(action=f"submit {fields['job_name']!r}"))
        ids[fields["job_name"]] = sbatch.parse(finished.stdout, finished.stderr).job_id
    await asyncio.sleep(4)
    root = [
        ["scancel", ids["never ran"], ids["cancelled"]],
        ["scontrol", "suspend", ids["suspended"]],
        ["scontrol", "suspend", ids["resumed"]],
        ["scontrol", "requeue", ids["requeued"]],
    ]
    for argv in root:
        await programs.run(argv)
    await asyncio.sleep(9)
    await programs.run(["scontrol", "resume", ids["resumed"]])
    await asyncio.sleep(2)

    marks = squeue.Marks(COLUMN, ROW)
    outputs = {
        "squeue.txt": (await programs.run(squeue.argv(), env=marks.env)).stdout,
        "nodes.txt": (await programs.run(scontrol_nodes.ARGV)).stdout,
        "partitions.txt": (await programs.run(scontrol.PARTITIONS)).stdout,
        "config.txt": _settings((await programs.run(scontrol.CONFIG)).stdout),
        "users.txt": (await programs.run(sacctmgr.USERS)).stdout,
        "usage.txt": (await programs.run(sshare.USAGE)).stdout,
    }
    now = time.time()
    columns = sacct.columns((await programs.run(sacct.HELP_FORMAT)).stdout.decode())
    for name, query in {
        "finished.txt": sacct.finished_between(began, int(now) + 60, columns),
        "steps.txt": sacct.of_job(ids["failed"], columns),
    }.items():
        argv = [word.replace(query.delimiter, DELIMITER) for word in query.argv]
        outputs[name] = (await programs.run(argv)).stdout
    outputs["environment.txt"] = (await programs.run(sacct.env_vars(ids["failed"]), actor="alice")).stdout
    for name, output in outputs.items():
        (folder / name).write_bytes(_scrub(output))
    (folder / "facts.json").write_text(
        json.dumps(
            {"ids": ids, "now": now, "columns": columns, "version": lab.version}, indent=1, ensure_ascii=False
        )
    )
    refusals = []
    for fields in REFUSED:
        finished = await submit(fields)
        if finished.returncode == 0:  # accepted, but it will never start
            await programs.run(["scancel", finished.stdout.decode().strip()])
            continue
        refusals.append({"fields": fields, "returncode": finished.returncode, "stderr": finished.stderr})
    (folder / "refusals.json").write_text(json.dumps(refusals, indent=1))

    processes.close()


def _settings(output: bytes) -> bytes:
    """The settings that are read, without names and paths of the recording's host."""
    wanted = (b"AccountingStorageType", b"ClusterName", b"MinJobAge", b"PrivateData", b"SLURM_VERSION")
    return b"".join(line for line in output.splitlines(keepends=True) if line.startswith(wanted))


def _scrub(output: bytes) -> bytes:
    return re.sub(
        rb"OS=Linux \S+ (#.*?)  ", rb"OS=Linux 6.1.0-18-amd64 #1 SMP PREEMPT_DYNAMIC Debian  ", output
    )


if __name__ == "__main__":
    for version in sys.argv[1:]:
        with tempfile.TemporaryDirectory(prefix="s9s-capture-") as directory:
            Path(directory).chmod(0o755)
            with Lab(version, Path(directory) / "lab") as lab:
                asyncio.run(record(lab))
