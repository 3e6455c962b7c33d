"""The newest events in memory: packed, and found by their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from s9s.domain.events import Action, Channel, Event, event
from s9s.services.live.recent import Recent
from s9s.storage.events import pack_events


def events(first: int, many: int) -> list[Event]:
    drafts = [event(Channel.QUEUE, Action.UPDATE, f"{first + one}", {"n": one}, 7) for one in range(many)]
    return list(map(Event.numbered, drafts, count(first)))


def recent(*batches: list[Event], least: int = 100) -> Recent:
    made = Recent(least)
    for batch in batches:
        made.add(batch, pack_events(batch))
    return made


def numbers(found: Iterable[Event] | None) -> list[int] | None:
    return None if found is None else [one.sequence for one in found]


def test_events_come_back_as_they_were_from_wherever_somebody_left() -> None:
    kept = recent(events(5, 3), events(8, 2))
    assert kept.after(4, 9) == events(5, 3)
    assert numbers(kept.after(5, 9)) == [6, 7]
    assert kept.after(7, 9) == events(8, 2)
    assert [kept.after(one, 9) for one in (3, 9, 12)] == [None] * 3


def test_what_is_not_told_of_yet_is_not_found() -> None:
    kept = recent(events(1, 4))
    assert numbers(kept.after(1, 3)) == [2, 3]
    assert numbers(kept.after(3, 3)) == []


def test_the_oldest_go_when_there_are_enough_without_them() -> None:
    kept = recent(events(1, 4), events(5, 4), least=5)
    assert numbers(kept.after(0, 8)) == [1, 2, 3, 4]
    kept.add(events(9, 1), pack_events(events(9, 1)))
    assert kept.after(3, 9) is None
    assert numbers(kept.after(4, 9)) == [5, 6, 7, 8]


def test_after_a_gap_those_before_it_go() -> None:
    kept = recent(events(1, 4), events(7, 2))
    assert kept.after(2, 8) is None
    assert numbers(kept.after(6, 8)) == [7, 8]


def test_what_was_asked_for_stays_unpacked_only_for_a_while() -> None:
    now = [0.0]
    kept = Recent(100, lambda: now[0])
    kept.add(events(1, 2), pack_events(events(1, 2)))
    found, again = kept.after(0, 2), kept.after(0, 2)
    assert found
    assert again
    assert found[0] is again[0]
    now[0] = 60
    kept.add(events(3, 1), pack_events(events(3, 1)))
    later = kept.after(0, 3)
    assert later
    assert later[0] is not found[0]
    assert later == found
