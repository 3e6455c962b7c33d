"""What holds for every answer of the API, whatever was asked."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

STATUS_OF_CODE = {
    "INVALID_REQUEST": {400},
    "AUTHENTICATION_FAILED": {401},
    "PERMISSION_DENIED": {403},
    "RESOURCE_NOT_FOUND": {404},
    "RESOURCE_CONFLICT": {409},
    "RATE_LIMIT_EXCEEDED": {429},
    "VALIDATION_ERROR": {400},
    "SLURM_ERROR": {500, 503},
}
"""The contract's error codes; `test_errors` holds this table to the contract's text."""

STATUSES = {200, 201} | set().union(*STATUS_OF_CODE.values())
_TRACE = re.compile(r"Traceback|site-packages|\.py\b.{0,12}line \d|File \"|src/s9s")


def check_answer(response: httpx2.Response, forbidden: tuple[str, ...] = ()) -> None:
    """Fail on a status outside the contract, an error without envelope, and on words that must not leak."""
    asked = f"{response.request.method} {response.request.url}"
    assert response.status_code in STATUSES, f"{asked}: status {response.status_code}"
    if "/v1/" in response.request.url.path:
        assert response.headers.get("X-Request-ID"), f"{asked}: no X-Request-ID"
    if response.status_code < 400:
        return
    text = response.read().decode()
    assert not _TRACE.search(text), f"{asked}: {text}"
    for word in forbidden:
        assert word not in text, f"{asked}: {text}"
    if response.request.method == "HEAD":
        return
    assert response.headers["Content-Type"].split(";")[0] == "application/json", asked
    if not response.request.url.path.startswith("/oauth/"):  # RFC 6749 has errors of its own
        check_error(response.json(), response)


def check_error(body: Any, response: httpx2.Response) -> None:
    """Fail unless `body` is the contract's error envelope, and one for this answer."""
    assert set(body) == {"error"}, body
    error = body["error"]
    assert {"code", "message", "details", "request_id", "timestamp"} <= set(error), body
    assert error["code"] in STATUS_OF_CODE, body
    assert response.status_code in STATUS_OF_CODE[error["code"]], (response.status_code, body)
    assert isinstance(error["message"], str), body
    assert error["message"], body
    assert isinstance(error["details"], dict), body
    assert error["request_id"] == response.headers["X-Request-ID"], body
    told = datetime.strptime(error["timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=5), body


def refused(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The error of an answer that must be this one."""
    assert (response.status_code, _code(response)) == (status, code), response.text
    return dict(response.json()["error"])


def invalid(response: httpx2.Response, parameter: str) -> dict[str, Any]:
    """The details of a 400 VALIDATION_ERROR about one parameter or field."""
    details = dict(refused(response, 400, "VALIDATION_ERROR")["details"])
    assert details["parameter"] == parameter, details
    assert {"value", "allowed"} <= set(details), details
    return details


def _code(response: httpx2.Response) -> str | None:
    return response.json().get("error", {}).get("code") if response.status_code >= 400 else None
