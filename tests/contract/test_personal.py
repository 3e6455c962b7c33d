"""Servers without privileges: a user's own, and a service user's with sudo; on a real Slurm."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.commands import run
from lab.packages import apt_install
from s9s.backends import files_child
from tests.contract.clusters import REAL
from tests.contract.jobs import Jobs
from tests.contract.rules import refused
from tests.contract.services import ServerOf
from tests.contract.serving import Server, until

ON_22, ON_24, ON_26 = ([one] for one in REAL)


@pytest.fixture
def alices(server: Server, folder: Path) -> Iterator[ServerOf]:
    """Started by alice on the login node, who knows nothing but her PATH and slurm.conf."""
    environment = {
        "S9S_CLUSTER": "auto",
        "SLURM_CONF": str(server.lab.slurm_conf),
        "PATH": f"{server.lab.bin_dir}:/usr/bin:/bin",
    }
    with ServerOf("alice", folder, environment, server.lab) as mine:
        yield mine


@pytest.mark.parametrize("server", ON_24, indirect=True)
def test_ones_own_server_does_everything_for_ones_own_jobs(
    alices: ServerOf, server: Server, jobs: Jobs, folder: Path
) -> None:
    bobs = jobs.held("bob")
    with alices.caller(alices.s9s("token", "create").strip()) as alice:
        me = alice.read("/v1/whoami")
        assert (me["user"], me["role"]) == ("alice", "admin")
        assert alice.read("/v1/status")["clusters"][0]["acts_as"] == "alice"
        own = Jobs(alices, folder)
        alices._callers["alice"] = alice
        job_id = own.finished("echo mine", standard_output=str(folder / "own.out"))
        assert alice.read(f"/v1/jobs/{job_id}/output")["content"] == "mine\n"
        running = own.running()
        assert alice.delete(f"/v1/jobs/{running}").status_code == 200
        alice.reach(running, "CANCELLED")
        for change in (
            lambda: alice.delete(f"/v1/jobs/{bobs}"),
            lambda: alice.put(f"/v1/jobs/{bobs}/release"),
            lambda: alice.put(f"/v1/jobs/{bobs}/priority", json={"priority": 1}),
            lambda: alice.put("/v1/nodes/node001/drain", json={"reason": "mine"}),
        ):
            refused(change(), 403, "PERMISSION_DENIED")
        refused(alice.get(f"/v1/jobs/{bobs}/output"), 403, "PERMISSION_DENIED")
        # A token for somebody else is worth a look around, and nothing more.
        with alices.caller(alices.new_token("bob", "--role", "admin")) as bob:
            assert bob.read("/v1/whoami")["role"] == "user"
            for answer in (
                bob.post("/v1/jobs", json={"script": "true"}),
                bob.delete(f"/v1/jobs/{bobs}"),
                bob.delete(f"/v1/jobs/{own.submitted[-1][0]}"),
            ):
                assert answer.status_code in (403, 409), answer.text
        alices._callers.pop("alice")
    assert server.as_user("bob").job(bobs)["state"] == "PENDING"


SERVICE = "s9ssvc"


@pytest.fixture
def service(server: Server, folder: Path) -> Iterator[ServerOf]:
    """A service user of the host without any privilege but the rules for sudo of docs/slurm.md."""
    if not shutil.which("sudo"):
        apt_install(("sudo",), needed=("sudo",))
    name = f"{SERVICE}{secrets.token_hex(2)}"
    run(["useradd", "--no-create-home", "--shell", "/usr/sbin/nologin", "--home-dir", "/nonexistent", name])
    rules = Path(f"/etc/sudoers.d/{name}")
    try:
        environment = {
            "S9S_CLUSTER": "cli",
            "S9S_CLUSTER__SUDO": "true",
            "S9S_CLUSTER__BIN_DIR": str(server.lab.bin_dir),
            "S9S_CLUSTER__SLURM_CONF": str(server.lab.slurm_conf),
        }
        one = ServerOf(name, folder, environment, server.lab)
        rules.write_text(
            f"Defaults:{name} closefrom_override\n"
            f"{name} ALL=(alice,bob,carol,dave) NOPASSWD:SETENV: {server.lab.bin_dir}/*\n"
            f"{name} ALL=(alice,bob,carol,dave) NOPASSWD: {one.program[0]} -I -S {files_child.__file__}\n"
        )
        rules.chmod(0o440)
        run(["visudo", "-c", "-f", rules])
        with one:
            yield one
    finally:
        rules.unlink(missing_ok=True)
        run(["userdel", name])


@pytest.mark.parametrize("server", [*ON_22, *ON_26], indirect=True)
def test_a_service_user_with_sudo_acts_as_whoever_calls(
    service: ServerOf, server: Server, folder: Path
) -> None:
    assert os.geteuid() == 0
    assert "acts in Slurm as whoever calls" in service.s9s("check")
    jobs = Jobs(service, folder)
    alice, bob, carol = map(service.as_user, ("alice", "bob", "carol"))
    assert alice.read("/v1/status")["clusters"][0]["acts_as"] == "anyone"
    script = folder / "private.sh"
    script.write_text("#!/bin/sh\n#SBATCH --job-name=private\nid -un; echo $VALUE\n")
    shutil.chown(script, "alice")
    script.chmod(0o600)
    out = folder / "sudo.out"
    asked = {
        "script": str(script),
        "working_directory": str(folder),
        "standard_output": str(out),
        "environment": {"VALUE": "a b; c"},
    }
    refused(jobs.ask("bob", **asked), 403, "PERMISSION_DENIED")
    response = jobs.ask("alice", **asked)
    assert response.status_code == 201, response.text
    job_id = response.json()["job_id"]
    done = alice.reach(job_id, "COMPLETED")
    assert (done["user"], done["job_name"]) == ("alice", "private")
    until(lambda: out.read_text().count("\n") == 2)
    out.chmod(0o600)
    assert alice.read(f"/v1/jobs/{job_id}/output")["content"] == "alice\na b; c\n"
    refused(bob.get(f"/v1/jobs/{job_id}/output"), 403, "PERMISSION_DENIED")
    running = jobs.running()
    refused(bob.delete(f"/v1/jobs/{running}"), 403, "PERMISSION_DENIED")
    assert alice.put(f"/v1/jobs/{jobs.held()}/release").status_code == 200
    assert carol.delete(f"/v1/jobs/{running}").status_code == 200
    alice.reach(running, "CANCELLED")
    # The rules are for these users only.
    with service.caller(service.new_token("daemon")) as daemon:
        refused(daemon.post("/v1/jobs", json={"script": "true"}), 403, "PERMISSION_DENIED")
