"""What goes wrong, and what a client is told: one shape, the contract's statuses, nothing of the server."""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

import pytest

from tests.contract.document import CONTRACT, block, blocks, routes
from tests.contract.examples import ELSEWHERE
from tests.contract.rules import STATUS_OF_CODE, STATUSES, invalid, refused
from tests.contract.serving import Caller, Server

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"}
ROUTES = sorted(
    {
        (route.url.replace("{job_id}", "60000001"), route.method)
        for one in blocks()
        if one.language == "http" and not {one.section, one.title} & set(ELSEWHERE)
        for route in routes(one)
    }
)
MISSING = {
    "/v1/jobs/60000001": ("job", "60000001"),
    "/v1/jobs/60000001_3": ("job", "60000001_3"),
    "/v1/jobs/60000001/output": ("job", "60000001"),
    "/v1/jobs/60000001/error": ("job", "60000001"),
    "/v1/nodes/nosuchnode": ("node", "nosuchnode"),
    "/v1/users/nosuchuser": ("user", "nosuchuser"),
    "/v1/partitions/nosuchpartition": ("partition", "nosuchpartition"),
}


def test_the_rules_for_all_answers_are_the_contracts() -> None:
    text = CONTRACT.read_text()
    assert set(re.findall(r"^- `([A-Z_]+)` - ", text, re.MULTILINE)) == set(STATUS_OF_CODE)
    assert {int(status) for status in re.findall(r"^- `(\d{3}) ", text, re.MULTILINE)} == STATUSES


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_named(alice: Caller, path: str) -> None:
    kind, name = MISSING[path]
    error = refused(alice.get(path), 404, "RESOURCE_NOT_FOUND")
    assert error["details"] == {"resource_type": kind, "resource_id": name}
    assert error["message"] == f"{kind.capitalize()} {name} not found"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/jobs/60000001"), ("PUT", "/v1/jobs/60000001/hold"),
        ("PUT", "/v1/jobs/60000001/release"), ("PUT", "/v1/jobs/60000001/requeue"),
    ],
)  # fmt: skip
def test_a_write_to_what_is_not_there_is_404(alice: Caller, method: str, path: str) -> None:
    error = refused(alice.request(method, path), 404, "RESOURCE_NOT_FOUND")
    assert error["details"] == {"resource_type": "job", "resource_id": "60000001"}


def test_a_write_to_an_unknown_node_is_404(dave: Caller) -> None:
    for action, body in (
        ("drain", {"reason": "test"}), ("resume", {}), ("state", {"state": "DOWN", "reason": "test"})
    ):  # fmt: skip
        response = dave.put(f"/v1/nodes/nosuchnode/{action}", json=body)
        error = refused(response, 404, "RESOURCE_NOT_FOUND")
        assert error["details"] == {"resource_type": "node", "resource_id": "nosuchnode"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/",
        "/v2/jobs",
        "/v1/nothing",
        "/v1/jobs/1/nothing",
        "/api/jobs",
        "/v1/%00",
        "/v1/..%2f",
    ],
)
def test_an_unknown_path_is_404_in_the_same_shape(server: Server, alice: Caller, path: str) -> None:
    refused(alice.get(path), 404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize("job_id", ["abc", "-1", "1.5", "12345_", "12345_x", "1 2", "%00", "0x10", "9" * 40])
def test_what_can_be_no_job_is_not_found_or_not_valid(alice: Caller, job_id: str) -> None:
    response = alice.get(f"/v1/jobs/{job_id}")
    assert response.status_code in (400, 404), response.text


@pytest.mark.parametrize("path", sorted({path for path, _ in ROUTES}))
def test_a_wrong_method_is_400_and_says_which_are_right(alice: Caller, path: str) -> None:
    right = {method for known, method in ROUTES if known == path}
    right |= {"HEAD"} if "GET" in right else set()
    path = path.replace("{node_name}", "node001").replace("{username}", "alice")
    for method in METHODS - right - {"HEAD"}:
        response = alice.request(method, path)
        refused(response, 400, "INVALID_REQUEST")
        allowed = {name.strip() for name in response.headers["Allow"].split(",")}
        assert right - {"HEAD"} <= allowed, method
        assert method not in allowed


def test_a_method_that_nobody_knows_is_400(alice: Caller) -> None:
    refused(alice.request("BREW", "/v1/jobs"), 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "content", [b"{", b"nonsense", b"\xff\xfe", b'{"script": "/bin/true"', b"{'a': 1}", b'{"a": NaN}']
)
def test_a_body_that_is_not_json_is_an_invalid_request(alice: Caller, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    refused(alice.post("/v1/jobs", content=content, headers=headers), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("content", [b"[]", b'"text"', b"1", b"null", b"true", b"[{}]"])
def test_a_body_that_is_no_object_is_refused(alice: Caller, content: bytes) -> None:
    response = alice.post("/v1/jobs", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 400, response.text


def test_an_unknown_field_is_named(alice: Caller, dave: Caller) -> None:
    script = {"script": "/bin/true"}
    assert invalid(alice.post("/v1/jobs", json=script | {"gpsu": 2}), "gpsu")["value"] == 2
    invalid(alice.put("/v1/jobs/60000001/hold", json={"raeson": "typo"}), "raeson")
    invalid(alice.put("/v1/jobs/60000001/priority", json={"priority": 1, "extra": 1}), "extra")
    invalid(dave.put("/v1/nodes/node001/drain", json={"reason": "x", "timout": "2h"}), "timout")
    invalid(alice.post("/v1/jobs/bulk", json={"action": "hold", "job_ids": ["1"], "option": {}}), "option")


def test_a_deep_or_huge_body_is_refused_and_harms_nobody(alice: Caller) -> None:
    headers = {"Content-Type": "application/json"}
    for content in (b"[" * 100_000 + b"]" * 100_000, b'{"script": "' + b"x" * (20 << 20) + b'"}'):
        assert alice.post("/v1/jobs", content=content, headers=headers).status_code == 400
    assert alice.get("/v1/status").status_code == 200


class TestRequestId:
    """`request_id` equals X-Request-ID, and is the client's if that is sane."""

    @pytest.mark.parametrize("given", ["req_abc123", "0f8fad5b-d9cb-469f-a165-70867728950e", "a.b_c-1"])
    def test_a_sane_one_comes_back(self, alice: Caller, given: str) -> None:
        headers = {"X-Request-ID": given}
        assert alice.get("/v1/jobs?limit=1", headers=headers).headers["X-Request-ID"] == given
        error = refused(alice.get("/v1/jobs/60000001", headers=headers), 404, "RESOURCE_NOT_FOUND")
        assert error["request_id"] == given

    @pytest.mark.parametrize("given", ["", "a b", "x" * 5000, '"><script>', "a;b\tc", "\\r\\nX: y"])
    def test_another_is_replaced(self, alice: Caller, given: str) -> None:
        response = alice.get("/v1/jobs/60000001", headers={"X-Request-ID": given})
        made = response.headers["X-Request-ID"]
        assert made != given
        assert re.fullmatch(r"req_\w+", made)

    def test_each_request_has_its_own(self, alice: Caller) -> None:
        made = {alice.get("/v1/jobs?limit=1").headers["X-Request-ID"] for _ in range(5)}
        assert len(made) == 5

    def test_the_contracts_form_is_kept(self) -> None:
        assert block("Error Response Format", "").json()["error"]["request_id"].startswith("req_")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs?limit=%00", "/v1/jobs?user=%ff", "/v1/jobs?state=%F0%9F%98%80", "/v1/jobs?&&==&",
        "/v1/jobs/..%2f..%2fetc%2fpasswd", "/v1/nodes/%2e%2e", "/v1/users/%00", "/v1/jobs/1%0d%0aX:y",
        "/v1/users/" + "x" * 4000, "/v1/jobs?" + "&".join(f"p{n}=1" for n in range(500)),
    ],
)  # fmt: skip
def test_hostile_addresses_get_plain_answers(alice: Caller, path: str) -> None:
    assert alice.get(path).status_code in (200, 400, 404)


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n", b"GET /v1/jobs HTTP/9.9\r\n\r\n", b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n",
    ],
)  # fmt: skip
def test_what_is_not_http_ends_without_a_trace(server: Server, alice: Caller, sent: bytes) -> None:
    address = urlsplit(server.base_url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall(sent)
        said = connection.recv(65536)
    assert said.startswith(b"HTTP/1.1 400") or not said
    assert b"Traceback" not in said
    assert alice.get("/v1/status").status_code == 200
