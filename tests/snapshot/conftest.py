from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.watcher import Watcher
from tests.snapshot.scripted import ManualClock, ScriptedCluster


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cluster(clock: ManualClock) -> ScriptedCluster:
    return ScriptedCluster(clock)


@pytest.fixture
def snapshot() -> Snapshot:
    return Snapshot()


@pytest.fixture
async def watcher(cluster: ScriptedCluster, snapshot: Snapshot, clock: ManualClock) -> AsyncIterator[Watcher]:
    """Not started yet; polls each second."""
    watcher = Watcher(cluster, snapshot, clock=clock)  # type: ignore[arg-type]
    yield watcher
    await watcher.stop()
