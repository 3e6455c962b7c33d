"""The contract's three snippets run as printed, with a real base URL and token, on the embedded cluster."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.contract.document import blocks
from tests.contract.serving import Caller, Server
from tests.sdk.toolchains import GO, GO_ENVIRONMENT, ROOT, built_javascript, go, node, run

SNIPPETS = {one.language: one.text for one in blocks() if one.section == "SDK Examples"}

pytestmark = [pytest.mark.xdist_group("sdk"), pytest.mark.timeout(300)]


def snippet(language: str, server: Server) -> str:
    text = SNIPPETS[language]
    for printed, real in (
        ("https://api.example.com", server.base_url),
        ("your_token_here", server.token("alice")),
    ):
        assert text.count(printed) == 1
        text = text.replace(printed, real)
    return text


@pytest.fixture
def alice(embedded: Server) -> Caller:
    return embedded.as_user("alice")


def submitted(alice: Caller) -> list[str]:
    """Jobs of the snippets, newest first."""
    return [job["job_id"] for job in alice.read("/v1/jobs", job_name="test_job", user="alice")["jobs"]]


def test_there_are_three() -> None:
    assert sorted(SNIPPETS) == ["go", "javascript", "python"]


def test_python(embedded: Server, alice: Caller, tmp_path: Path) -> None:
    before = submitted(alice)
    told = "\nprint(jobs.total, job.job_id, job_details.job_name, job_details.node_count)\n"
    (tmp_path / "snippet.py").write_text(snippet("python", embedded) + told)
    said = run(sys.executable, "-W", "error", "snippet.py", cwd=tmp_path,
               env={"PYTHONPATH": str(ROOT / "sdk/python/src")})  # fmt: skip
    [made] = [job_id for job_id in submitted(alice) if job_id not in before]
    total, job_id, name, nodes = said.split()
    assert int(total) >= 0
    assert (job_id, name, nodes) == (made, "test_job", "2")
    assert alice.reach(made, "CANCELLED")


def test_javascript(embedded: Server, alice: Caller, tmp_path: Path) -> None:
    executable, package = node(), built_javascript()
    before = submitted(alice)
    (tmp_path / "node_modules/@s9s").mkdir(parents=True)
    os.symlink(package, tmp_path / "node_modules/@s9s/client")
    told = "\nconsole.log(jobs.total, job.jobId);\n"
    (tmp_path / "snippet.mjs").write_text(snippet("javascript", embedded) + told)
    total, job_id = run(executable, "snippet.mjs", cwd=tmp_path).split()
    assert int(total) >= 0
    [made] = [one for one in submitted(alice) if one not in before]
    assert made == job_id
    alice.delete(f"/v1/jobs/{made}", params={"force": "true"})


def test_go(embedded: Server, alice: Caller, tmp_path: Path) -> None:
    executable = go()
    before = submitted(alice)
    text = snippet("go", embedded)
    # Go refuses a program with variables that nobody reads, and the printed one reads none of its own.
    assert text.rstrip().endswith("}")
    text = text.rstrip()[:-1] + "    println(jobs.Total, job.JobID, err == nil)\n}\n"
    (tmp_path / "main.go").write_text(text)
    (tmp_path / "go.mod").write_text(
        f"module snippet\n\ngo 1.23\n\nrequire github.com/s9s/go-client v0.0.0\n\n"
        f"replace github.com/s9s/go-client => {GO}\n"
    )
    run(executable, "build", "-o", "snippet", ".", cwd=tmp_path, env=GO_ENVIRONMENT)
    run(tmp_path / "snippet", cwd=tmp_path)
    [made] = [one for one in submitted(alice) if one not in before]
    assert alice.job(made)["node_count"] == 2
    alice.delete(f"/v1/jobs/{made}", params={"force": "true"})
