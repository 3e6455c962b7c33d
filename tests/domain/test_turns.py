"""A thread that computes for long lets others have the interpreter, in the midst of it."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from s9s.domain import turns
from s9s.domain.turns import Turns, beside

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


async def test_what_is_computed_beside_leaves_the_processor_to_the_loop() -> None:
    def look(factor: int, *, term: int) -> tuple[int, int, int]:
        thread = threading.get_native_id()
        return factor * 2 + term, thread, os.getpriority(os.PRIO_PROCESS, thread)

    before = os.getpriority(os.PRIO_PROCESS, 0)
    value, thread, niceness = await beside(look, 20, term=2)
    assert value == 42
    assert thread != threading.get_native_id()
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    if sys.platform == "linux":
        assert niceness == min(19, before + 10)


async def test_whoever_waits_is_told_what_went_wrong() -> None:
    with pytest.raises(ZeroDivisionError):
        await beside(lambda: 1 // 0)
