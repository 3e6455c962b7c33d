"""Simulated time."""

from __future__ import annotations

import pytest

from s9s.backends.simulated import Clock
from s9s.backends.simulated.journal import Journal


def test_time_runs_as_fast_as_it_is_told_to() -> None:
    wall = [1000.0]
    clock = Clock(0, speed=10, wall=lambda: wall[0])
    wall[0] += 2
    assert clock.now() == 20
    assert clock.real_seconds_until(50) == pytest.approx(3)
    assert clock.real_seconds_until(10) == 0
    clock.speed = 0
    wall[0] += 100
    assert clock.now() == 20
    assert clock.real_seconds_until(21) is None
    clock.step(5)
    assert clock.now() == 25
    clock.speed = 1
    wall[0] += 1
    assert (clock.now(), clock.speed) == (26, 1)


def test_time_never_runs_backwards() -> None:
    wall = [1000.0]
    clock = Clock(wall=lambda: wall[0])
    assert clock.now() == 1000
    wall[0] = 900
    assert clock.now() == 1000
    for wrong in (lambda: clock.step(-1), lambda: Clock(speed=-1), lambda: setattr(clock, "speed", -1)):
        with pytest.raises(ValueError, match="forwards"):
            wrong()


def test_a_journal_forgets_what_is_long_ago() -> None:
    journal = Journal(10)
    start = journal.position
    for key in range(5):
        journal.note(key % 2)
    assert journal.since(start) == {0, 1}
    recent = journal.position
    for key in range(30):
        journal.note(key)
    assert journal.since(start) is None
    assert journal.since(journal.position) == set()
    assert len(journal.since(journal.position - 10) or ()) == 10
    assert recent < journal.position
