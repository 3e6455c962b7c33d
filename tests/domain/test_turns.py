"""A thread that computes for long lets others have the interpreter, in the midst of it."""

from __future__ import annotations

import time

import pytest

from s9s.domain import turns
from s9s.domain.turns import Turns

WORK_SECONDS = 0.06


def pauses(monkeypatch: pytest.MonkeyPatch, made: Turns) -> int:
    """How often it stands still while it works; each pause is a real one."""
    slept: list[float] = []
    sleep = time.sleep

    def noted(seconds: float) -> None:
        slept.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(turns.time, "sleep", noted)
    began = time.thread_time()
    while time.thread_time() - began < WORK_SECONDS:
        made.take()
    assert all(seconds > 0 for seconds in slept), "nobody wakes up while nothing is waited for"
    return len(slept)


def test_others_have_their_turn_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    # A third of a millisecond's work at most before each; the pauses themselves are work too.
    assert WORK_SECONDS / 0.002 < pauses(monkeypatch, Turns()) <= WORK_SECONDS / 0.0003


def test_nothing_is_waited_for_where_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pauses(monkeypatch, Turns(is_needed=False)) == 0
