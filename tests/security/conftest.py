"""A server whose callers also have tokens of an OpenID Connect provider."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import application, client
from tests.contract.conftest import alice, bob, carol, dave, folder, jobs, server, spare_node
from tests.security.provider import Provider

__all__ = [
    "alice", "application", "bob", "carol", "client", "dave", "folder", "jobs", "server", "spare_node",
]  # fmt: skip


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as made:
        yield made


@pytest.fixture
def changed_settings(provider: Provider) -> dict[str, Any]:
    return {
        "oidc": {
            "issuer": provider.issuer,
            "audience": ["s9s", "hpc"],
            "role_claim": "realm_access.roles",
            "operators": ["slurm-operators"],
            "administrators": ["slurm-admins"],
            "tier": "pro",
        },
        "limits": {"failed_logins": 1_000_000},
    }
