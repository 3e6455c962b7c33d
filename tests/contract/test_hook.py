"""`s9s hook` as slurmctld runs it: a server that hardly ever polls hears of changes by it alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from lab import Lab
from tests.contract.clusters import REAL, real_environment
from tests.contract.serving import Server

#: Settings of slurm.conf that each way takes.
WAYS = {
    "prolog": ("PrologSlurmctld",),
    "epilog": ("EpilogSlurmctld",),
    "jobcomp": ("JobCompLoc",),
}
EVERY_SETTING = ("PrologSlurmctld", "EpilogSlurmctld", "JobCompType", "JobCompLoc")


class Hooked:
    """A lab whose slurmctld has the script, and a server that polls every five minutes."""

    def __init__(self, lab: Lab, server: Server, script: Path) -> None:
        self.lab = lab
        self.server = server
        self.script = script

    def install(self, way: str) -> None:
        settings: dict[str, Any] = dict.fromkeys(EVERY_SETTING)
        settings |= dict.fromkeys(WAYS[way], str(self.script))
        if way == "jobcomp":
            settings["JobCompType"] = "jobcomp/script"
        self.lab.reconfigure(restart=True, **settings)

    def trigger(self, *options: str) -> None:
        """As SlurmUser, who has no home."""
        become = ("setpriv", "--reuid=slurm", "--regid=slurm", "--clear-groups")
        self.lab.run("root", *become, "strigger", *options)

    def submit(self, script: str) -> str:
        """By Slurm's own command: the server does not get to know."""
        done = self.lab.run("alice", "sbatch", "--parsable", f"--wrap={script}")
        return done.stdout.strip()

    @contextmanager
    def listen(self, channel: str) -> Iterator[ClientConnection]:
        url = f"{self.server.base_url.replace('http', 'ws')}/v1/ws"
        headers = {"Authorization": f"Bearer {self.server.token('dave')}"}
        with connect(url, additional_headers=headers, proxy=None) as connection:
            connection.send(json.dumps({"action": "subscribe", "channel": channel}))
            assert json.loads(connection.recv(20))["action"] == "subscribed"
            yield connection


@pytest.fixture(scope="module", params=REAL)
def hooked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hooked]:
    lab: Lab = request.getfixturevalue(f"lab{request.param[:2]}")
    socket, script = lab.directory / "run/hook.sock", lab.directory / "bin/s9s-hook"
    environment = real_environment(lab) | {
        "S9S_EVENTS__HOOK_SOCKET": str(socket),
        "S9S_SNAPSHOT__INTERVAL_SECONDS": "300",
    }
    with Server(tmp_path_factory.mktemp("hooked"), environment, lab) as server:
        script.write_text(server.s9s("hook", "--program", str(script)))
        script.chmod(0o755)
        yield Hooked(lab, server, script)
    lab.reconfigure(restart=True, **dict.fromkeys(EVERY_SETTING))


def told(connection: ClientConnection, resource_id: str, state: str, seconds: float) -> float:
    """Waits for a resource to be in a state; the seconds that it took."""
    began = time.monotonic()
    while True:
        left = began + seconds - time.monotonic()
        message = json.loads(connection.recv(max(0.01, left)))
        if message.get("resource_id") == resource_id and message["data"].get("state") == state:
            return time.monotonic() - began


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS)
def test_an_event_comes_by_each_of_slurms_programs(hooked: Hooked, way: str) -> None:
    hooked.install(way)
    with hooked.listen("jobs") as connection:
        job_id = hooked.submit("sleep 2")
        told(connection, job_id, "RUNNING" if way == "prolog" else "COMPLETED", 30)
        if way == "jobcomp":
            # No other program of Slurm's tells of a job that never ran.
            held = hooked.lab.run("alice", "sbatch", "--parsable", "--hold", "--wrap=true").stdout.strip()
            hooked.lab.run("alice", "scancel", held)
            told(connection, held, "CANCELLED", 30)


@pytest.mark.timeout(300)
def test_a_node_that_goes_down_comes_by_a_trigger(hooked: Hooked) -> None:
    node = "node003"
    hooked.trigger("--set", "--node", "--down", "--flags=PERM", f"--program={hooked.script}")
    try:
        with hooked.listen("nodes") as connection:
            hooked.lab.run("root", "scontrol", "update", f"nodename={node}", "state=down", "reason=test")
            told(connection, node, "DOWN", 60)
    finally:
        hooked.trigger("--clear", "--user=slurm")
        hooked.lab.run("root", "scontrol", "update", f"nodename={node}", "state=resume", check=False)
