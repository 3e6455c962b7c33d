"""A user at another's files, through every path that a job may name: nothing is read, nothing is written."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tests.contract.clusters import only_real
from tests.contract.jobs import FINISHED, Jobs
from tests.contract.serving import Caller

SECRET = "S9S_SECURITY_SUITE_FILE"

pytestmark = only_real


@pytest.fixture
def bobs(folder: Path) -> Path:
    """A directory of bob's that nobody else may enter, with a script in it; and links of alice's to both."""
    bob, alice = (pwd.getpwnam(name) for name in ("bob", "alice"))
    private = folder / "bobs"
    private.mkdir(mode=0o700)
    script = private / "script.sh"
    script.write_text(f"#!/bin/sh\necho {SECRET}\n")
    script.chmod(0o600)
    beside = folder / "beside.sh"
    beside.write_text(f"#!/bin/sh\necho {SECRET}\n")
    beside.chmod(0o600)
    for path in (private, script, beside):
        os.chown(path, bob.pw_uid, bob.pw_gid)
    for name, target in (("link", script), ("link-beside", beside), ("link-folder", private)):
        (folder / name).symlink_to(target)
        os.chown(folder / name, alice.pw_uid, alice.pw_gid, follow_symlinks=False)
    return private


def test_no_script_of_others_is_read(jobs: Jobs, bobs: Path) -> None:
    folder = bobs.parent
    paths = [
        f"{folder}/beside.sh",
        f"{folder}/link",
        f"{folder}/link-beside",
        f"{folder}/link-folder/script.sh",
        f"{folder}/bobs/../bobs/script.sh",
        f"{folder}/../{folder.name}/beside.sh",
        f"/proc/self/root{folder}/beside.sh",
        "/etc/shadow",
        "/proc/self/../../etc/shadow",
        "/root/.bashrc",
        "/proc/1/environ",
        "/proc/self/environ",
        "/dev/stdin",
    ]
    for path in paths:
        response = jobs.ask(script=path)
        assert response.status_code in (400, 403), f"{path}: {response.status_code} {response.text}"
        assert SECRET not in response.text
        assert "root:" not in response.text


def test_no_file_of_others_is_written_or_shown(alice: Caller, jobs: Jobs, bobs: Path) -> None:
    folder = bobs.parent
    before = (folder / "beside.sh").read_text()
    asked = [
        {"standard_output": f"{folder}/beside.sh"},
        {"standard_output": f"{folder}/link-beside", "standard_error": f"{folder}/link"},
        {"standard_output": f"{folder}/link-folder/new.out"},
        {"standard_output": f"{folder}/bobs/../bobs/new.out"},
        {"working_directory": f"{folder}/link-folder", "standard_output": "new.out"},
        {"working_directory": str(bobs), "standard_output": f"../{folder.name}/beside.sh"},
    ]
    made = []
    for fields in asked:
        response = jobs.ask(
            **{"script": "echo overwritten", "working_directory": str(folder), "time_limit": "1"} | fields
        )
        assert response.status_code in (201, 400), response.text
        if response.status_code == 201:
            made.append(response.json()["job_id"])
    for job_id in made:
        alice.reach(job_id, *FINISHED)
        for stream in ("output", "error"):
            shown = alice.get(f"/v1/jobs/{job_id}/{stream}")
            assert SECRET not in shown.text
            assert shown.status_code in (200, 400, 403, 404), shown.text
    assert (folder / "beside.sh").read_text() == before
    assert [path.name for path in bobs.iterdir()] == ["script.sh"]


@pytest.mark.parametrize(
    "name", ["..%2f..%2fetc%2fshadow", "1%2f..%2f2", "..", "%00", "1;2", "$(id)", "1%0a2", "-1", "1e3"]
)
def test_no_id_is_a_path(alice: Caller, name: str) -> None:
    for route in ("/v1/jobs/{}", "/v1/jobs/{}/output", "/v1/nodes/{}", "/v1/users/{}", "/v1/partitions/{}"):
        response = alice.get(route.format(name))
        assert response.status_code in (400, 404), (route, name, response.text)
