"""Every case in Python, synchronous and asynchronous; and none is missing."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import httpx2
import pytest

from s9s_client import AsyncS9SClient, S9SClient
from scripts.sdk.cases import missing
from scripts.sdk.model import read
from tests.sdk.conformance import CASES, Canned, check, options_of, positional, result


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S9S_API_URL", raising=False)
    monkeypatch.delenv("S9S_API_TOKEN", raising=False)


@pytest.mark.parametrize("case", CASES)
def test_synchronous(case: dict[str, Any], tmp_path: Path) -> None:
    canned = Canned(case)
    with S9SClient(transport=httpx2.MockTransport(canned), **options_of(case)) as client:
        client.http.sleep = canned.sleep_now
        client.http.clock = canned.clock
        call = case["call"]
        value, failure = None, None
        try:
            method = getattr(getattr(client, call["resource"]), call["verb"])
            value = method(*positional(case, tmp_path), **call.get("arguments", {}))
            if inspect.isgenerator(value):
                rows, value = value, []
                value.extend(rows)
        except Exception as error:
            failure = error
    check(case, canned, result(case, value, tmp_path), failure)


@pytest.mark.parametrize("case", CASES)
async def test_asynchronous(case: dict[str, Any], tmp_path: Path) -> None:
    canned = Canned(case)
    async with AsyncS9SClient(transport=httpx2.MockTransport(canned), **options_of(case)) as client:
        client.http.sleep = canned.sleep
        client.http.clock = canned.clock
        call = case["call"]
        value, failure = None, None
        try:
            method = getattr(getattr(client, call["resource"]), call["verb"])
            value = method(*positional(case, tmp_path), **call.get("arguments", {}))
            if inspect.isasyncgen(value):
                rows, value = value, []
                async for row in rows:
                    value.append(row)
            else:
                value = await value
        except Exception as error:
            failure = error
    check(case, canned, result(case, value, tmp_path), failure)


def test_every_route_has_a_case() -> None:
    assert missing(read()) == [], "run `make sdk`, and look at the new cases"
