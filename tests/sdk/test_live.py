"""Each client against the server itself: on the embedded cluster and on a real Slurm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import s9s_client
from s9s_client import AsyncS9SClient, S9SClient
from tests.contract.clusters import SIMULATED
from tests.contract.serving import Server
from tests.sdk.toolchains import GO, GO_ENVIRONMENT, built_javascript, go, node, run

pytestmark = pytest.mark.timeout(300)


def environment(server: Server, folder: Path) -> dict[str, str]:
    return {
        "S9S_API_URL": server.base_url,
        "S9S_API_TOKEN": server.token("alice"),
        "S9S_LIVE_FOLDER": str(folder),
    }


def test_python(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(server, folder).items():
        monkeypatch.setenv(name, value)
    name = f"live-python-{os.getpid()}"
    with S9SClient() as client:
        assert client.server.health().status == "ok"
        assert client.auth.whoami().user == "alice"

        # Submit, wait, read the output; the same key is the same job.
        request = {
            "job_name": name,
            "script": '#!/bin/sh\necho "hello $GREETED"\n',
            "environment": {"GREETED": "from_python"},
            "working_directory": str(folder),
            "standard_output": f"{folder}/%j.out",
            "idempotency_key": f"{name}-1",
        }
        job = client.jobs.submit(**request)
        assert client.jobs.submit(**request).job_id == job.job_id
        with pytest.raises(s9s_client.ResourceConflict):
            client.jobs.submit(**request, nodes=1)
        states: list[str] = []
        ended = client.jobs.wait(
            job.job_id, timeout=60, interval=0.2, on_change=lambda one: states.append(one.state)
        )
        assert (ended.state, ended.exit_code, states[-1]) == ("COMPLETED", 0, "COMPLETED")
        assert client.jobs.output(job.job_id, lines=5).content == "hello from_python\n"

        # Lists, page by page.
        assert [row.job_id for row in client.jobs.iterate(job_name=name, page_size=1)] == [job.job_id]
        assert client.nodes.list().nodes
        assert "normal" in {one.name for one in client.partitions.list().partitions}

        # Events and output, as they happen.
        events = client.events.subscribe("jobs", job_name=f"{name}-live", snapshot=True)
        assert next(events).action == "snapshot"
        script = "#!/bin/sh\nfor word in one two three; do echo $word; sleep 0.3; done\n"
        live = client.jobs.submit(
            job_name=f"{name}-live",
            script=script,
            working_directory=str(folder),
            standard_output=f"{folder}/%j.out",
        )
        assert "".join(client.jobs.follow_output(live.job_id)) == "one\ntwo\nthree\n"
        seen = [next(events)]
        while seen[-1].data.get("state") != "COMPLETED":
            seen.append(next(events))
        assert {one.resource_id for one in seen} == {live.job_id}
        assert sorted(one.sequence for one in seen) == [one.sequence for one in seen]

        # A file of rows.
        file = folder / "jobs.csv"
        wanted = {"job_name": f"{name}-live"}
        done = client.exports.run(
            file, type="jobs", format="csv", filter=wanted, fields=["job_id", "state"], timeout=60
        )
        assert file.read_text().split() == ["job_id,state", f"{live.job_id},COMPLETED"]
        assert done.file_size == file.stat().st_size

        # A report; what is in it is the server's business.
        paper = folder / "usage.csv"
        client.reports.run(paper, type="usage", format="csv", timeout=60)
        assert paper.stat().st_size > 0

        # Changes, one at a time and many.
        held = client.jobs.submit(job_name=name, script="sleep 600", hold=True, working_directory=str(folder))
        client.jobs.hold(held.job_id, reason="live")
        assert client.jobs.get(held.job_id).hold_reason == "live"
        with pytest.raises(s9s_client.WaitTimeout):
            client.jobs.wait(held.job_id, timeout=0.5, interval=0.2)
        many = client.jobs.cancel_many([held.job_id, job.job_id], force=True)
        assert [one.status for one in many.results] == ["success", "error"]
        assert client.jobs.wait(held.job_id, timeout=60, interval=0.2).state == "CANCELLED"

        # Errors.
        with pytest.raises(s9s_client.ResourceNotFound, match=r"Job 99999999 not found .*, request sdk_"):
            client.jobs.get("99999999")
        with pytest.raises(s9s_client.ValidationError):
            client.jobs.list(limit=0)


def test_a_subscription_goes_on_through_a_kill_of_the_server(tmp_path: Path) -> None:
    server = Server(tmp_path, SIMULATED)
    server.start()
    with S9SClient(server.base_url, server.token("alice")) as client:
        events = client.events.subscribe("jobs", user="alice", job_name="live", snapshot=True)
        assert next(events).action == "snapshot"
        client.jobs.submit(job_name="live", script="sleep 600", working_directory="/tmp")
        before = next(events)
        server.kill()
        server.start()
        try:
            client.jobs.submit(job_name="live", script="sleep 600", working_directory="/tmp")
            assert next(events).sequence > before.sequence
        finally:
            server.stop()


@pytest.mark.xdist_group("sdk")
async def test_python_asynchronous(embedded: Server, folder: Path) -> None:
    async with AsyncS9SClient(embedded.base_url, embedded.token("alice")) as client:
        job = await client.jobs.submit(
            script="#!/bin/sh\necho hello\n", standard_output=f"{folder}/o", working_directory=str(folder)
        )
        assert (await client.jobs.wait(job.job_id, timeout=60, interval=0.2)).state == "COMPLETED"
        assert (await client.jobs.output(job.job_id)).content == "hello\n"
        assert [row.job_id async for row in client.jobs.iterate(job_id=job.job_id)] == [job.job_id]


def test_javascript(server: Server, folder: Path) -> None:
    executable, package = node(), built_javascript()
    assert run(executable, "live/live.mjs", cwd=package, env=environment(server, folder)) == "ok\n"


def test_go(server: Server, folder: Path) -> None:
    given = GO_ENVIRONMENT | environment(server, folder)
    said = run(go(), "test", "-count=1", "-tags=live", "-run=TestLive", "-v", ".", cwd=GO, env=given)
    assert "--- PASS: TestLive" in said
