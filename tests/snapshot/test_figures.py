"""Counts of jobs, compared with what anyone would count by hand."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.jobs import Job, JobState
from s9s.domain.queries import Visibility
from s9s.snapshot.arrays import count_tasks
from s9s.snapshot.figures import Figures, Waits
from s9s.snapshot.query import visible_rows
from s9s.snapshot.store import JobTable
from tests.snapshot.making import NOON, everything, job, rest, some

instants = st.integers(NOON - 200, NOON + 200)


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    state = JobState(draw(st.sampled_from(list(JobState))))
    is_pending = state is JobState.PENDING
    return job(
        draw(st.integers(1, 30)),
        state.value,
        user=draw(st.sampled_from(["alice", "bob"])),
        partition=draw(st.sampled_from(["cpu", "gpu", *(["cpu,gpu"] if is_pending else [])])),
        submit_time=draw(instants),
        eligible_time=draw(st.none() | instants),
        start_time=None if is_pending else draw(st.none() | instants),
        end_time=draw(instants) if state.is_finished else None,
        array_tasks=draw(st.sampled_from([None, "1-4", "7,9%1"])) if is_pending else None,
        reason=draw(st.sampled_from([None, "Priority", "ReqNodeNotAvail, UnavailableNodes:n1"])),
    )


def tasks(one: Job) -> int:
    return count_tasks(one.array_tasks)


@given(st.lists(jobs(), max_size=40), st.lists(st.integers(1, 30), max_size=5), instants, st.integers(0, 200))
def test_all_counts_are_those_of_a_loop(found: list[Job], gone: list[int], since: int, span: int) -> None:
    table = JobTable()
    table.apply(everything(found))
    table.apply(some(removed=gone))
    known = {one.numeric_id: one for one in found}
    for number in gone:
        if number in known and not known[number].state.is_finished:
            del known[number]  # nobody knows what became of it
    figures, until = Figures(table), since + span
    for partition in (None, "cpu", "gpu"):
        mine = [one for one in known.values() if partition is None or partition in one.partition.split(",")]
        live = Counter[str]()
        ended = Counter[str]()
        for one in mine:
            if not one.state.is_finished:
                live[one.state.value] += tasks(one)
            elif since <= (one.end_time or 0) < until:
                ended[one.state.value] += 1
        assert figures.live().get(partition, {}) == live
        assert figures.ended(since, until).get(partition, {}) == ended
        assert figures.submitted(since, until).get(partition, 0) == sum(
            tasks(one) for one in mine if since <= one.submit_time < until
        )
        waits = [
            max(0, one.start_time - (one.submit_time if one.eligible_time is None else one.eligible_time))
            for one in mine
            if one.start_time is not None and since <= one.start_time < until
        ]
        expected = Waits(count=len(waits), seconds_sum=sum(waits), seconds_max=max(waits, default=0))
        assert figures.waits(since, until).get(partition, Waits()) == expected


def test_reasons_are_counted_without_their_details() -> None:
    table = JobTable()
    table.apply(
        everything(
            [
                job(1, "PENDING", reason="Priority"),
                rest(2, "1-5", reason="Priority"),
                job(3, "PENDING", reason="ReqNodeNotAvail, UnavailableNodes:n[1-9]"),
                job(4, "PENDING", reason=None),
                job(5, "RUNNING", reason="Priority"),
            ]
        )
    )
    assert Figures(table).pending_reasons() == {"Priority": 6, "ReqNodeNotAvail": 1, "None": 1}


def test_only_what_is_visible_counts_where_rows_are_given() -> None:
    table = JobTable()
    table.apply(everything([job(1), job(2, user="bob"), job(3, "PENDING", user="bob")]))
    rows = visible_rows(table, Visibility(frozenset({"bob"})))
    assert Figures(table, rows).live()[None] == {"RUNNING": 1, "PENDING": 1}


def test_an_empty_table_has_no_figures() -> None:
    figures = Figures(JobTable())
    assert figures.live() == figures.ended(0, NOON) == figures.waits(0, NOON) == {}
    assert figures.pending_reasons() == {}
