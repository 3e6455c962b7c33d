"""schemathesis over the OpenAPI document: no 5xx, no undocumented status, no schema violation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from tests.contract.serving import Server

# What a generated `script` says must not run: only here.
CLUSTER = {
    "S9S_CLUSTER": "simulated",
    "S9S_SIMULATED__RUN_JOBS": "false",
    "S9S_SIMULATED__NODES": "16",
    "S9S_SIMULATED__JOBS": "40",
}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A simulated cluster of its own, which may end in any state."""
    with Server(tmp_path_factory.mktemp("s9s-fuzz"), CLUSTER) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture(scope="module")
def api(fuzzed: Server) -> object:
    """The schema that the server tells of itself."""
    return schemathesis.openapi.from_url(f"{fuzzed.base_url}/v1/openapi.json")


schemathesis.checks.load_all_checks()
EXCLUDED = schemathesis.checks.CHECKS.get_by_names(
    [
        "positive_data_acceptance",  # no such file, no such account
        "unsupported_method",  # 405 is not among the contract's statuses
    ]
)

# A stream of events does not end by itself.
schema = schemathesis.pytest.from_fixture("api").exclude(operation_id="stream_events")


# All operations are one test, some seventy of them, and an export is answered when its file is there.
@pytest.mark.timeout(600)
@schema.parametrize()
@settings(
    max_examples=50,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_keeps_to_its_schema(case: schemathesis.Case, fuzzed: Server) -> None:
    headers = {"Authorization": f"Bearer {fuzzed.token('dave')}"}
    case.call_and_validate(headers=headers, excluded_checks=EXCLUDED)
