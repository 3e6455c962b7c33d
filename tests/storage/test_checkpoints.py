"""What was known of the cluster, as it is kept beside the events."""

from __future__ import annotations

import pytest

from s9s.domain.events import slim_job
from s9s.storage import events
from s9s.storage.database import Database
from s9s.storage.events import EventRecords, State
from tests.snapshot.making import NOON, job, node


@pytest.mark.parametrize("count", [0, 1, 5, 6, 12, 13])
@pytest.mark.parametrize("nodes", [0, 3])
async def test_a_state_comes_back_as_it_was_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int, nodes: int
) -> None:
    monkeypatch.setattr(events, "PART", 6)
    monkeypatch.setattr(events, "_TOGETHER", 2)
    records = EventRecords(database)
    jobs = [job(number, comment='[],"') for number in range(1, count + 1)]
    state = State(sequence=7, at=int(NOON), jobs=jobs, nodes=[node(f"n{number}") for number in range(nodes)])
    await records.save(state)
    kept = await records.load()
    assert kept is not None
    assert (kept.sequence, kept.at, kept.nodes) == (7, int(NOON), state.nodes)
    assert kept.jobs == [slim_job(one) for one in jobs]
