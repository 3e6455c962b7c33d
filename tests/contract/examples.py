"""What the contract's examples need to run: who calls, on which job, node or user; what is elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.contract.document import Block, Call, block, routes
from tests.contract.jobs import Jobs


@dataclass(frozen=True)
class Stage:
    """Who makes the requests under a heading, and what stands in for job 12345."""

    user: str = "alice"
    job: str = "held"
    """The method of `Jobs` that makes it."""


STAGES = {
    "Token Authentication": Stage(),
    "List Jobs": Stage(),
    "Get Job Details": Stage(job="running"),
    "Submit Job": Stage(),
    "Cancel Job": Stage(job="running"),
    "Hold/Release Job": Stage(job="pending"),
    "Update Job Priority": Stage("carol", job="pending"),
    "Get Job Output": Stage(job="finished"),
    "List Nodes": Stage(),
    "Get Node Details": Stage(),
    "Drain/Resume Node": Stage("dave"),
    "Update Node State": Stage("dave"),
    "List Users": Stage(),
    "Get User Details": Stage(),
    "List Partitions": Stage(),
    "Cluster Statistics": Stage(),
    "Performance Metrics": Stage(),
    "Job Efficiency": Stage(),
    "Global Search": Stage(),
    "Bulk Job Operations": Stage(job="pending"),
    "Error Response Format": Stage(),
    "Download Specification": Stage(),
    "cURL Examples": Stage(),
}
"""By heading: what is served."""

ELSEWHERE = {
    "API Key Authentication": "tests/security/test_every_route.py",
    "OAuth 2.0": "tests/api/test_oauth.py",
    "Export API": "tests/api/test_exports.py",
    "Reports API": "tests/api/test_reports.py",
    "WebSocket API": "tests/api/test_ws.py",
    "Rate Limiting": "tests/api/test_limits.py",
    "SDK Examples": "tests/sdk/test_contract_snippets.py",
}
"""By section or heading: what needs more than a request, and where it is tried."""

NO_REQUESTS = {
    "Base URL": "an address; `test_paths` compares both prefixes",
    "Test Environment": "variables of the examples that follow it",
}
"""By heading: blocks that ask nothing."""

_BODIES = {
    "POST /v1/jobs": ("Submit Job", "Request Body"),
    "PUT /v1/jobs/{job_id}/hold": ("Hold/Release Job", "Request Body (Hold)"),
    "PUT /v1/jobs/{job_id}/priority": ("Update Job Priority", "Request Body"),
    "PUT /v1/nodes/{node_name}/drain": ("Drain/Resume Node", "Request Body (Drain)"),
    "PUT /v1/nodes/{node_name}/state": ("Update Node State", "Request Body"),
    "POST /v1/jobs/bulk": ("Bulk Job Operations", "Request Body"),
}
"""By route: where its body stands."""

_QUERIES = {"GET /v1/search": "?q=alice%20gpu&limit=20"}
"""By route: the parameters of its example, where it needs some."""


def requests(block: Block) -> list[Call]:
    """The requests of an http block, with the bodies that the contract shows for them."""
    found = []
    for route in routes(block):
        place = _BODIES.get(str(route))
        headers = {"Content-Type": "application/json"} if place else {}
        url = route.url + _QUERIES.get(str(route), "")
        found.append(Call(route.method, url, headers, _text(*place) if place else None))
    return found


def staged(text: str, stage: Stage, jobs: Jobs, node: str) -> str:
    """The text with ids of this cluster for the contract's: {job_id} and 12345 as the stage says."""
    ids: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        printed = match[0].replace("{job_id}", "12345")
        if printed not in ids:
            make = {"12344": jobs.finished, "12345": getattr(jobs, stage.job)}.get(printed, jobs.held)
            ids[printed] = make()
        return ids[printed]

    text = re.sub(r"\{job_id\}|\b1234[4-7]\b", stand_in, text)
    return text.replace("{node_name}", node).replace("{username}", "alice")


def _text(title: str, label: str) -> str:
    return block(title, label).text
