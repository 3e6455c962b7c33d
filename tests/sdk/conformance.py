"""The cases that the clients of all languages replay; tests/conformance/README.md describes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

import s9s_client
from s9s_client.wire import plain

DIRECTORY = Path(__file__).parents[1] / "conformance"
CASES = [
    pytest.param(case, id=case["name"].replace(" ", "-"))
    for path in sorted(DIRECTORY.glob("*.json"))
    for case in json.loads(path.read_text())
]


class Canned:
    """Answers as the case says, and checks what it is asked."""

    def __init__(self, case: dict[str, Any]) -> None:
        self.exchanges = case["exchanges"]
        self.next = 0
        self.keys: list[str | None] = []
        self.pauses: list[float] = []
        self.now = 1_700_000_000.0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert self.next < len(self.exchanges), f"one request too many: {request.method} {request.url}"
        exchange = self.exchanges[self.next]
        self.next += 1
        want, reply = exchange["request"], exchange["reply"]
        assert request.method == want["method"]
        assert request.url.raw_path.decode().partition("?")[0] == want["path"]
        assert dict(request.url.params) == want.get("query", {})
        for name, value in want.get("headers", {}).items():
            got = request.headers.get(name)
            assert got if value == "*" else got == value, name
        self.keys.append(request.headers.get("idempotency-key"))
        body = request.content
        assert (json.loads(body) if body else None) == want.get("body")
        if reply.get("fails") == "timeout":
            raise httpx2.ReadTimeout("timed out", request=request)
        if reply.get("fails") == "connection":
            raise httpx2.ConnectError("connection refused", request=request)
        content = reply["text"].encode() if "text" in reply else json.dumps(reply["body"]).encode()
        headers = {"content-type": "application/json", **reply.get("headers", {})}
        return httpx2.Response(reply["status"], headers=headers, content=content)

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def sleep_now(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        return self.now


def options_of(case: dict[str, Any]) -> dict[str, Any]:
    """The client's options."""
    said = dict(case.get("client", {}))
    if not said.keys() & {"api_key", "client_id"}:
        said.setdefault("token", "secret")
    return {
        "base_url": "https://api.example.com",
        "policy": s9s_client.Policy(random=lambda: 1.0),
        **said,
    }


def positional(case: dict[str, Any], folder: Path) -> list[Any]:
    """Arguments without a name; a file where the method writes one."""
    call = case["call"]
    file = [folder / "file"] if call["verb"] in ("save", "run") else []
    return [*call.get("path", ()), *file]


def result(case: dict[str, Any], value: Any, folder: Path) -> Any:
    """What the case compares: of pieces the whole, of a file its text."""
    if case["call"]["verb"] == "follow_output" and value:
        return "".join(value)
    return (folder / "file").read_text() if case["call"]["verb"] == "save" else value


def json_of(value: Any) -> Any:
    """What a call gave, as JSON."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, bytes):
        return value.decode()
    return [json_of(one) for one in value] if isinstance(value, list) else plain(value)


def includes(got: Any, want: Any, where: str = "value") -> None:
    """Whether everything that is expected is there."""
    if isinstance(want, dict):
        assert isinstance(got, dict), where
        for name, one in want.items():
            includes(got.get(name), one, f"{where}.{name}")
    elif isinstance(want, list):
        assert isinstance(got, list), where
        assert len(got) == len(want), where
        for index, one in enumerate(want):
            includes(got[index], one, f"{where}[{index}]")
    else:
        assert got == want, where


def check(case: dict[str, Any], canned: Canned, value: Any, error: Exception | None) -> None:
    """What came of it is what the case says."""
    assert canned.next == len(canned.exchanges), error
    if "client_id" not in case.get("client", {}):
        assert len(set(canned.keys)) <= 1
    if "pauses" in case:
        assert canned.pauses == case["pauses"]
    if "error" not in case:
        if error is not None:
            raise error
        includes(json_of(value), case["value"])
        return
    if "value" in case:  # what came before it
        includes(json_of(value), case["value"])
    facts = dict(case["error"])
    assert isinstance(error, getattr(s9s_client, facts.pop("kind"))), error
    if (message := facts.pop("message", None)) is not None:
        assert getattr(error, "message", str(error)) == message
    for name, fact in facts.items():
        includes(getattr(error, name), fact, name)
    if "request_id" in facts:
        assert facts["request_id"] in str(error)
    if isinstance(error, s9s_client.TransportError):
        assert "request sdk_" in str(error)
