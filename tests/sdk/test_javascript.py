"""The JavaScript client: its own tests, which replay every conformance case."""

from __future__ import annotations

import json

import pytest

from tests.sdk.conformance import CASES
from tests.sdk.toolchains import JAVASCRIPT, built_javascript, node, run

pytestmark = [pytest.mark.xdist_group("sdk-javascript"), pytest.mark.timeout(300)]


def test_its_own_tests_pass() -> None:
    built_javascript()
    said = run(node(), "--test", "--test-reporter=tap", "test/", cwd=JAVASCRIPT)
    assert "\n# fail 0\n" in said
    assert "\n# skipped 0\n" in said
    passed = int(said.split("\n# pass ")[1].split("\n")[0])
    assert passed > len(CASES)


def test_it_depends_on_nothing_when_it_runs_and_its_lock_names_no_place() -> None:
    package = json.loads((JAVASCRIPT / "package.json").read_text())
    assert package["dependencies"] == {}
    lock = json.loads((JAVASCRIPT / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in one and one["integrity"] and one["dev"] for one in packages.values())
