"""Fan-out that takes many turns: every event to everybody, in order, whenever the next one comes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from s9s.api.schemas.events import job_event
from s9s.domain.events import Channel, Event
from s9s.domain.queries import JobQuery
from s9s.domain.transitions import steps
from s9s.services.access import Caller, Role
from s9s.services.live import hub as service
from s9s.services.live.hub import Hub
from s9s.services.live.matching import Filter, Sight
from s9s.services.live.readers import Packet
from tests.snapshot.making import job


class Sink:
    """Takes everything."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    def put(self, packet: Packet) -> bool:
        self.taken.append(packet.event.sequence)
        return True


class Log:
    newest = 0

    def follow(self, follower: Any) -> Any:
        return lambda: None


class Nothing:
    snapshot = None


def update(sequence: int) -> Event:
    (step,) = steps(job(5, "PENDING"), job(5, start_time=1, nodes=("n1",)))
    made = job_event(step, 0)
    assert made is not None
    return made.numbered(sequence)


async def test_what_comes_just_when_all_is_told_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_TURN_SECONDS", 0.0)
    hub = Hub(Log(), Nothing)  # type: ignore[arg-type]
    monkeypatch.setattr(hub, "require", lambda caller, channel: Sight())
    sinks = [Sink() for _ in range(300)]
    for number, sink in enumerate(sinks):
        wanted = Filter(channel=Channel.JOBS, jobs=JobQuery(job_ids=frozenset({"5", str(1000 + number)})))
        hub.reader(Caller("alice", Role.ADMIN), sink).subscribe("one", wanted)  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        for sequence in range(1, 30):
            hub._take([update(sequence)])
            while hub.complete < sequence:
                await asyncio.sleep(0)
            if sequence % 3 == 0:
                await asyncio.sleep(0)
    assert all(sink.taken == list(range(1, 30)) for sink in sinks)
