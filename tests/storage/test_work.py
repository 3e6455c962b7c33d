"""The queue's records against a model of what may ever be true of them."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from s9s.domain.work import WorkItem, WorkState
from s9s.storage.database import Database
from s9s.storage.work import WorkRecords
from s9s.storage.work_bounds import Bounds, QueueFull

LEASE = 30
BOUNDS = Bounds(waiting_per_owner=3, waiting=6, running_per_owner=2, attempts=3)


def make(item_id: str, owner: str = "alice", **values: Any) -> WorkItem:
    return WorkItem(item_id=item_id, kind="export", owner=owner, payload={"a": 1}, created_at=0, **values)


class Queue(RuleBasedStateMachine):
    """Owners put, workers lease and die, the clock goes on; what a worker was told stays true."""

    leases: Any = Bundle("leases")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.database = self.wait(Database.open(f"sqlite:///{Path(self.directory.name)}/s9s.db"))
        self.records = WorkRecords(self.database, BOUNDS)
        self.now = 1000
        self.count = 0
        self.items: set[str] = set()
        self.ended: dict[str, WorkState] = {}
        self.newest: dict[str, int] = {}
        self.results: dict[str, dict[str, Any]] = {}
        self.cancelled: set[str] = set()

    def wait(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.wait(self.database.close())
        self.loop.close()
        self.directory.cleanup()

    def get(self, item_id: str) -> WorkItem:
        item = self.wait(self.records.get(item_id))
        assert item is not None
        return item

    @rule(owner=st.sampled_from(["alice", "bob", "carol"]), delay=st.sampled_from([0, 0, 40]))
    def put(self, owner: str, delay: int) -> None:
        self.count += 1
        item = make(f"exp_{self.count}", owner, not_before=self.now + delay if delay else 0)
        unfinished = [self.get(one) for one in self.items - set(self.ended)]
        full = len(unfinished) >= BOUNDS.waiting
        own_full = sum(one.owner == owner for one in unfinished) >= BOUNDS.waiting_per_owner
        if full or own_full:
            with pytest.raises(QueueFull) as raised:
                self.wait(self.records.add(item))
            assert raised.value.is_own is own_full
        else:
            self.wait(self.records.add(item))
            self.items.add(item.item_id)

    @rule(target=leases)
    def lease(self) -> Any:
        unfinished = [self.get(one) for one in sorted(self.items - set(self.ended))]
        alive = [one for one in unfinished if one.state is WorkState.RUNNING and one.lease_until > self.now]
        item, given_up = self.wait(self.records.leases.lease("worker", ["export"], self.now, LEASE))
        for one in given_up:
            assert one.item_id not in self.ended
            assert one.state is (WorkState.CANCELLED if one.item_id in self.cancelled else WorkState.FAILED)
            assert one.item_id in self.cancelled or one.attempts == BOUNDS.attempts
            self.ended[one.item_id] = one.state
        if item is None:
            return multiple()
        assert item.item_id not in {one.item_id for one in alive}
        assert item.item_id not in self.ended
        assert item.item_id not in self.cancelled
        assert item.not_before <= self.now
        assert sum(one.owner == item.owner for one in alive) < BOUNDS.running_per_owner
        assert item.fence > self.newest.get(item.item_id, 0)
        self.newest[item.item_id] = item.fence
        return item

    def holds(self, item: WorkItem) -> bool:
        current = self.get(item.item_id)
        return current.fence == item.fence and current.state is WorkState.RUNNING

    @rule(item=leases, fraction=st.floats(0, 1))
    def beat(self, item: WorkItem, fraction: float) -> None:
        held = self.holds(item)
        cursor = {"at": self.now}
        goes_on = self.wait(
            self.records.leases.beat(item, self.now + LEASE, progress=fraction, records=7, cursor=cursor)
        )
        if not held:
            assert goes_on is None
        else:
            assert goes_on is (item.item_id not in self.cancelled)
            assert self.get(item.item_id).cursor == cursor

    @rule(item=consumes(leases), succeeds=st.booleans())
    def finish(self, item: WorkItem, succeeds: bool) -> None:
        held = self.holds(item)
        state = WorkState.COMPLETED if succeeds else WorkState.FAILED
        result = {"made": f"{item.item_id}-{item.fence}"}
        end = self.wait(
            self.records.leases.finish(
                item, state, self.now, result=result, error="no", expires_at=self.now + 100
            )
        )
        if not held:
            assert end is None
            return
        assert item.item_id not in self.ended
        assert end is (WorkState.CANCELLED if item.item_id in self.cancelled else state)
        self.ended[item.item_id] = end
        if end is WorkState.COMPLETED:
            self.results[item.item_id] = result

    @rule(item=consumes(leases), counts=st.booleans())
    def put_back(self, item: WorkItem, counts: bool) -> None:
        held = self.holds(item)
        assert self.wait(self.records.leases.put_back(item, self.now + 5, counts=counts)) is held
        if held and item.item_id in self.cancelled:
            # What was to be cancelled does not wait for another attempt.
            assert self.get(item.item_id).state is WorkState.CANCELLED
            self.ended[item.item_id] = WorkState.CANCELLED

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if not self.items:
            return
        item_id = data.draw(st.sampled_from(sorted(self.items)))
        before = self.get(item_id)
        item = self.wait(self.records.cancel(item_id, self.now, self.now + 100))
        if item_id in self.ended:
            assert item == before
            return
        assert item.status is WorkState.CANCELLED
        self.cancelled.add(item_id)
        if item.state is WorkState.CANCELLED:
            self.ended[item_id] = WorkState.CANCELLED

    @rule(seconds=st.sampled_from([1, 10, LEASE + 1]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def what_has_ended_stays_so(self) -> None:
        for item_id, state in self.ended.items():
            item = self.get(item_id)
            assert item.state is state
            assert item.result == self.results.get(item_id)
            assert item.expires_at is not None
        for item_id in self.items - set(self.ended):
            assert not self.get(item_id).state.is_finished


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture
def records(database: Database) -> WorkRecords:
    return WorkRecords(database, BOUNDS)


async def test_owners_take_turns(records: WorkRecords) -> None:
    for number in range(3):
        await records.add(make(f"exp_a{number}", "alice"))
    await records.add(make("exp_b", "bob"))
    await records.add(make("exp_c", "carol"))
    order = []
    for _ in range(5):
        item, _ = await records.leases.lease("w", ["export"], 10, LEASE)
        assert item is not None
        order.append(item.item_id)
        await records.leases.finish(item, WorkState.COMPLETED, 10, result={}, expires_at=99)
    assert order == ["exp_a0", "exp_b", "exp_c", "exp_a1", "exp_a2"]


async def test_one_owner_has_only_so_many_under_way(records: WorkRecords) -> None:
    for number in range(3):
        await records.add(make(f"exp_a{number}", "alice"))
    taken = [(await records.leases.lease("w", ["export"], 10, LEASE))[0] for _ in range(3)]
    assert [item and item.item_id for item in taken] == ["exp_a0", "exp_a1", None]


async def test_work_of_unknown_kinds_is_left_to_others(records: WorkRecords) -> None:
    await records.add(make("exp_a"))
    assert await records.leases.lease("w", ["report"], 10, LEASE) == (None, [])
    assert not await records.is_due(["report"], 10)
    assert await records.is_due(["export"], 10)


async def test_pages_are_newest_first_and_of_one_owner(records: WorkRecords) -> None:
    for number in range(3):
        await records.add(make(f"exp_{number}", "alice"))
    await records.add(make("exp_b", "bob"))
    await records.cancel("exp_1", 10, 20)
    items, total = await records.page("export", owner="alice", limit=2)
    assert ([one.item_id for one in items], total) == (["exp_2", "exp_1"], 3)
    items, total = await records.page("export", states=[WorkState.CANCELLED])
    assert ([one.item_id for one in items], total) == (["exp_1"], 1)
    items, total = await records.page("export", states=[WorkState.QUEUED])
    assert total == 3


async def test_errands_neither_fill_the_queue_nor_take_turns_from_the_rest(database: Database) -> None:
    bounds = Bounds(waiting_per_owner=1, waiting=2, errands=frozenset({"delivery"}), waiting_errands=4)
    records = WorkRecords(database, bounds)

    def errand(number: int) -> WorkItem:
        return WorkItem(item_id=f"del_{number}", kind="delivery", owner="alice", payload={}, created_at=0)

    for number in range(4):
        await records.add(errand(number))
    with pytest.raises(QueueFull) as raised:
        await records.add(errand(4))
    assert (raised.value.count, raised.value.is_own) == (4, False)
    # However many errands wait and are under way, an export is taken and begun.
    for _ in range(2):
        assert (await records.leases.lease("w", ["delivery"], 10, LEASE))[0] is not None
    assert (await records.leases.lease("w", ["delivery"], 10, LEASE))[0] is None
    await records.require_room("export", "alice")
    await records.add(make("exp_a", "alice"))
    with pytest.raises(QueueFull):
        await records.add(make("exp_b", "alice"))
    item, _ = await records.leases.lease("w", ["export"], 10, LEASE)
    assert item is not None
    assert item.item_id == "exp_a"
