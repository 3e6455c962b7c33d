"""Every state of a job in order, none twice, none made up, however seldom somebody looks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.jobs import Job
from s9s.domain.transitions import Step, steps
from tests.snapshot.making import NOON, job, rest, task


def told(*records: Job | None) -> list[str]:
    """What steps tell of records that follow each other; an inferred one in brackets."""
    made = [one for before, after in pairwise((None, *records)) for one in steps(before, after)]
    return [_name(one) for one in made]


def _name(step: Step) -> str:
    if step.after is None:
        return "removed"
    return f"({step.after.state})" if step.inferred else str(step.after.state)


RAN: dict[str, Any] = {"start_time": NOON + 5, "nodes": ("n1",)}


def test_what_was_seen_is_told() -> None:
    assert told(
        job(1, "PENDING"), job(1, **RAN), job(1, "COMPLETING", **RAN), job(1, "COMPLETED", **RAN)
    ) == [
        "PENDING",
        "RUNNING",
        "COMPLETING",
        "COMPLETED",
    ]


def test_a_job_that_was_never_seen_before_was_pending_and_ran() -> None:
    assert told(job(1, "COMPLETED", **RAN)) == ["(PENDING)", "(RUNNING)", "COMPLETED"]
    assert told(job(1, **RAN)) == ["(PENDING)", "RUNNING"]
    assert told(job(1, "PENDING"), job(1, "FAILED", **RAN)) == ["PENDING", "(RUNNING)", "FAILED"]


def test_a_job_that_never_started_never_ran() -> None:
    assert told(job(1, "PENDING"), job(1, "CANCELLED")) == ["PENDING", "CANCELLED"]
    # Accounting's start of a job that was cancelled in the queue.
    assert told(job(1, "CANCELLED", start_time=NOON + 60)) == ["(PENDING)", "CANCELLED"]


def test_a_requeued_job_was_pending_in_between() -> None:
    again = job(1, submit_time=NOON + 90, start_time=NOON + 95, nodes=("n2",))
    assert told(job(1, "PENDING"), job(1, **RAN), again) == ["PENDING", "RUNNING", "(PENDING)", "RUNNING"]
    failed = job(1, "NODE_FAIL", requeue_count=1, submit_time=NOON + 90, **RAN)
    assert told(job(1, "PENDING"), job(1, **RAN), failed) == [
        "PENDING", "RUNNING", "(PENDING)", "(RUNNING)", "NODE_FAIL",
    ]  # fmt: skip


def test_the_inferred_records_say_nothing_that_came_later() -> None:
    end = job(1, "FAILED", exit_code=3, signal=9, reason="NonZeroExitCode", **RAN)
    pending, running, failed = steps(None, end)
    assert pending.after is not None
    assert running.after is not None
    assert (pending.after.start_time, pending.after.nodes, pending.after.end_time) == (None, (), None)
    assert (running.after.start_time, running.after.nodes) == (NOON + 5, ("n1",))
    assert (running.after.end_time, running.after.exit_code, running.after.signal) == (None, None, None)
    assert failed.after is end


def test_the_rest_of_an_array_becomes_its_last_task() -> None:
    last = task(10, 10, 3, **RAN)
    made = steps(rest(10, "3"), last)
    assert [(one.before and one.before.job_id, one.after and one.after.job_id) for one in made] == [
        ("10", None),
        (None, "10_3"),
        ("10_3", "10_3"),
    ]


def test_a_job_that_is_gone_is_told_once() -> None:
    assert told(job(1, "PENDING"), None, None) == ["PENDING", "removed"]
    assert steps(job(1), job(1)) == []


@st.composite
def histories(draw: st.DrawFn) -> list[Job]:
    """The records of one job's whole life, each as Slurm would show it."""
    records = []
    submitted, now = NOON, NOON
    for attempt in range(draw(st.integers(1, 3))):
        base: dict[str, Any] = {"submit_time": submitted, "requeue_count": attempt}
        records.append(job(1, "PENDING", **base))
        now += draw(st.integers(1, 100))
        if draw(st.booleans()):
            started = {**base, "start_time": now, "nodes": ("n1",)}
            records.append(job(1, "RUNNING", **started))
            if draw(st.booleans()):
                records.append(job(1, "SUSPENDED", suspend_time=now + 1, **started))
                records.append(job(1, "RUNNING", suspended_seconds=5, **started))
            now += draw(st.integers(1, 100))
            submitted = now = now + 1
            if attempt == 2 or draw(st.booleans()):
                records.append(job(1, "COMPLETED", end_time=now, **started))
                break
        else:
            records.append(job(1, "CANCELLED", end_time=now, **base))
            break
    return records


@given(histories(), st.data())
def test_any_looks_tell_a_life_that_can_have_been(history: list[Job], data: st.DataObject) -> None:
    looked = [record for record in history if data.draw(st.booleans())]
    made = [one for before, after in pairwise((None, *looked)) for one in steps(before, after)]
    # Each step begins where the one before it ended.
    assert [one.before for one in made] == [None, *(one.after for one in made)][: len(made)]
    changes = [
        str(one.after.state)
        for one in made
        if one.after and (one.before is None or one.before.state is not one.after.state)
    ]
    # Nothing that was not so, in this order; and all that was seen.
    whole = iter([str(record.state) for record in history])
    assert all(state in whole for state in changes), (changes, history)
    assert [one.after for one in made if not one.inferred] == looked
    assert changes[:1] == ["PENDING"][: len(looked)]
    for record in looked:
        if record.start_time is not None:
            assert "RUNNING" in changes
