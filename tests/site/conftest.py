"""One server, and the Go and JavaScript of all pages, for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.clusters import SIMULATED
from tests.contract.serving import Server
from tests.programs import is_ci
from tests.sdk.toolchains import built_javascript, find_go, find_node
from tests.site.blocks import blocks, pages
from tests.site.golang import GoPrograms


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on the simulated cluster."""
    # Which other servers may be written to, as pages say it.
    allowed = {"S9S_OUTGOING__ALLOWED": "hooks.example.com"}
    with Server(tmp_path_factory.mktemp("s9s-site"), SIMULATED | allowed) as server:
        yield server


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> GoPrograms | None:
    """Every Go block, compiled; None where there is no Go, except on CI."""
    if find_go() is None and not is_ci():
        return None
    found = [block for page in pages() for block in blocks(page) if block.language == "go"]
    return GoPrograms(tmp_path_factory.mktemp("s9s-site-go"), found)


@pytest.fixture(scope="session")
def package() -> Path | None:
    """The JavaScript client, built; None where there is no Node, except on CI."""
    return None if find_node() is None and not is_ci() else built_javascript()
