"""Every request of the contract runs as it is printed, or stands in a table that says what will serve it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.contract.document import CONTRACT, NOTES, Block, Call, blocks, calls
from tests.contract.examples import ELSEWHERE, NO_REQUESTS, STAGES, requests, staged
from tests.contract.jobs import Jobs
from tests.contract.rules import refused
from tests.contract.serving import Server

HOST = "https://api.example.com"
SPEC = CONTRACT.parents[3] / "shared/spec"

SERVED = [one for one in blocks() if one.title in STAGES]
ROUTES = [one for one in SERVED if one.language == "http"]
PRINTED = [
    (one, index)
    for one in SERVED
    if one.language == "bash"
    for index in range(len(calls(one, {"S9S_API_URL": HOST, "S9S_API_TOKEN": "t"})))
]


@pytest.mark.parametrize("document", [CONTRACT, NOTES], ids=lambda path: path.name)
@pytest.mark.skipif(not SPEC.is_dir(), reason="the contract's origin is not beside this clone")
def test_the_copy_of_the_contract_is_the_contract(document: Path) -> None:
    assert document.read_bytes() == (SPEC / document.name).read_bytes()


def test_every_block_is_run_or_accounted_for() -> None:
    known = set(STAGES) | set(ELSEWHERE) | set(NO_REQUESTS)
    unknown = [one.name for one in blocks() if not {one.section, one.title} & known]
    assert not unknown
    present = {name for one in blocks() for name in (one.section, one.title)}
    assert known <= present, f"not in the contract: {known - present}"


@pytest.mark.parametrize("block", ROUTES, ids=lambda block: block.title)
def test_a_route_answers_the_body_that_is_shown_for_it(
    server: Server, jobs: Jobs, spare_node: str, block: Block
) -> None:
    stage = STAGES[block.title]
    found = requests(block)
    assert found
    # Under one heading they are about the same job or node: drained, then resumed.
    text = staged("\0".join(f"{one.url}\1{one.body or ''}" for one in found), stage, jobs, spare_node)
    for request, line in zip(found, text.split("\0"), strict=True):
        url, _, body = line.partition("\1")
        _answers(server, stage.user, Call(request.method, url, request.headers, body or None), jobs)


@pytest.mark.parametrize(("block", "index"), PRINTED, ids=lambda value: getattr(value, "name", str(value)))
def test_a_curl_command_does_what_it_says(server: Server, jobs: Jobs, block: Block, index: int) -> None:
    stage = STAGES[block.title]
    text = staged(block.text, stage, jobs, node="")
    token = server.token(stage.user)
    call = calls(block, {"S9S_API_URL": server.base_url, "S9S_API_TOKEN": token})[index]
    if block.title in ("Get Job Details", "Cancel Job", "Hold/Release Job"):
        assert text != block.text
        call = calls(Block(block.section, block.title, block.label, block.language, text), {})[index]
    _answers(server, stage.user, call, jobs)


def _answers(server: Server, user: str, call: Call, jobs: Jobs) -> None:
    headers = {name: value for name, value in call.headers.items() if name != "Authorization"}
    url = call.url.replace(HOST, server.base_url)
    response = server.as_user(user).request(call.method, url, headers=headers, content=call.body)
    submits = call.method == "POST" and url.endswith("/jobs")
    assert response.status_code == (201 if submits else 200), f"{call}: {response.text}"
    if submits:
        jobs.submitted.append((response.json()["job_id"], user))


def test_curl_itself_runs_the_examples_word_by_word(tmp_path: Path) -> None:
    """In the order of the document, on a cluster that nobody has touched: with its job 12345."""
    with Server(tmp_path, {"S9S_CLUSTER": "simulated"}) as server:
        said = {block.name: _curl(server, block) for block in SERVED if block.language == "bash"}
        assert said == {
            "Authentication / Token Authentication / bash": ["200"],
            "Jobs API / List Jobs / Example Request / bash": ["200"],
            "Jobs API / Get Job Details / Example Request / bash": ["200"],
            "Jobs API / Submit Job / Example Request / bash": ["201"],
            "Jobs API / Cancel Job / Example Request / bash": ["200"],
            # Has just been cancelled.
            "Jobs API / Hold/Release Job / Example Request / bash": ["409"],
            "Search API / Global Search / Example Request / bash": ["200"],
            "Testing / cURL Examples / bash": ["200", "200", "201"],
        }
        with server.caller("test_token_123") as caller:
            refused(caller.delete("/v1/jobs/12345"), 409, "RESOURCE_CONFLICT")


def _curl(server: Server, block: Block) -> list[str]:
    """The statuses that curl got for the commands of a block, with nothing but host and token replaced."""
    text = re.sub(r"Bearer [A-Z_]+", "Bearer test_token_123", block.text.replace(HOST, server.base_url))
    credential = "" if "Authorization" in text else "-H 'Authorization: Bearer test_token_123'"
    wrapper = f"""curl() {{ command curl -sS -o /dev/null -w '%{{http_code}}\\n' {credential} "$@"; }}\n"""
    variables = {"S9S_API_URL": server.base_url, "S9S_API_TOKEN": "test_token_123"}
    done = subprocess.run(
        ["bash", "-e", "-c", wrapper + text],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()
