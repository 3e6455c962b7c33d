"""Each client on a connection that breaks again and again: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s9s_client import Policy, S9SClient
from tests.contract.serving import Server
from tests.sdk.cutting import CuttingProxy
from tests.sdk.toolchains import GO, GO_ENVIRONMENT, built_javascript, go, node, run

pytestmark = [pytest.mark.xdist_group("sdk"), pytest.mark.timeout(300)]

LINES = 120
SCRIPT = f"""#!/bin/sh
for n in $(seq {LINES}); do echo "$n zażółć gęślą jaźń 模拟"; sleep 0.02; done
"""
OUTPUT = "".join(f"{number} zażółć gęślą jaźń 模拟\n" for number in range(1, LINES + 1))


class Story:
    """A job that is writing, and what was told of it so far."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.client = S9SClient(server.base_url, server.token("alice"))
        self.token = server.token("alice")
        self._events = self.client.events.subscribe("jobs", job_name="warm-up", snapshot=True)
        since = next(self._events).sequence
        assert since is not None
        self.since = since
        for _ in range(8):
            job = self.client.jobs.submit(script="sleep 600", hold=True, working_directory="/")
            self.client.jobs.cancel(job.job_id)
        self.job_id = self.client.jobs.submit(
            job_name="told", script=SCRIPT, working_directory=str(folder), standard_output=f"{folder}/%j.out"
        ).job_id
        self.sequences: list[int] = []
        for event in self.client.events.subscribe("jobs", since=self.since):
            assert event.sequence is not None
            self.sequences.append(event.sequence)
            if event.resource_id == self.job_id:
                break

    def environment(self, url: str) -> dict[str, str]:
        return {
            "S9S_API_URL": url,
            "S9S_API_TOKEN": self.token,
            "S9S_LIVE_JOB": self.job_id,
            "S9S_LIVE_SINCE": str(self.since),
            "S9S_LIVE_UNTIL": str(self.sequences[-1]),
        }

    def check(self, told: dict[str, Any], cuts: int) -> None:
        assert told["output"] == OUTPUT
        assert told["sequences"] == self.sequences
        assert cuts >= 3


@pytest.fixture
def story(embedded: Server, folder: Path) -> Iterator[Story]:
    story = Story(embedded, folder)
    yield story
    story.client.close()


def broken(server: Server) -> CuttingProxy:
    # The head of an answer fits, and now and then the longest message: all of the output at once.
    return CuttingProxy(server.base_url, 1500, 9000)


def test_python(embedded: Server, story: Story) -> None:
    with broken(embedded) as proxy, S9SClient(proxy.url, story.token, policy=Policy(pause=0.05)) as client:
        output = "".join(client.jobs.follow_output(story.job_id))
        sequences = []
        for event in client.events.subscribe("jobs", since=story.since):
            sequences.append(event.sequence)
            if event.sequence >= story.sequences[-1]:
                break
        story.check({"output": output, "sequences": sequences}, proxy.cuts)


def test_javascript(embedded: Server, story: Story) -> None:
    executable, package = node(), built_javascript()
    with broken(embedded) as proxy:
        said = run(executable, "live/broken.mjs", cwd=package, env=story.environment(proxy.url))
        story.check(json.loads(said), proxy.cuts)


def test_go(embedded: Server, story: Story) -> None:
    with broken(embedded) as proxy:
        given = GO_ENVIRONMENT | story.environment(proxy.url)
        said = run(
            go(),
            "test",
            "-count=1",
            "-tags=live",
            "-run=TestBroken",
            "-timeout=20s",
            "-v",
            ".",
            cwd=GO,
            env=given,
        )
        [told] = [line for line in said.splitlines() if line.startswith("{")]
        story.check(json.loads(told), proxy.cuts)
