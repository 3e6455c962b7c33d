"""The Go client: its own tests, which replay every conformance case."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from tests.sdk.conformance import CASES
from tests.sdk.toolchains import GO, GO_ENVIRONMENT, go, run

pytestmark = [pytest.mark.xdist_group("sdk-go"), pytest.mark.timeout(400)]


def test_its_own_tests_pass() -> None:
    said = run(go(), "test", "-count=1", "-json", "./...", cwd=GO, env=GO_ENVIRONMENT)
    events = [json.loads(line) for line in said.splitlines()]
    passed = [one["Test"] for one in events if one["Action"] == "pass" and "Test" in one]
    assert len([name for name in passed if name.startswith("TestConformance/")]) == len(CASES)
    assert not [one for one in events if one["Action"] == "skip"]


def test_vet_finds_nothing() -> None:
    for tags in ("", "live"):
        run(go(), "vet", f"-tags={tags}", "./...", cwd=GO, env=GO_ENVIRONMENT)


def test_it_is_formatted_and_needs_the_standard_library_alone() -> None:
    go()
    gofmt = shutil.which("gofmt") or "/usr/local/go/bin/gofmt"
    assert subprocess.run([gofmt, "-l", "."], cwd=GO, capture_output=True, text=True).stdout == ""
    assert "require" not in (GO / "go.mod").read_text()
