"""Jobs that are kept as columns are the same jobs when they are looked at."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from s9s.domain.jobs import Job, JobState
from s9s.snapshot.records import NO_JOB
from s9s.snapshot.store import JobTable
from tests.snapshot.making import everything, job, rest, some, task

#: Beyond 32 bits too: Slurm's priorities, and memory of whole machines.
NUMBERS = st.integers(0, 2**32) | st.integers(0, 100)
TEXTS = st.sampled_from(["", "a", "b", "ä\n", "0"])
GIVEN: dict[Any, st.SearchStrategy[Any]] = {
    int: NUMBERS,
    int | None: st.none() | NUMBERS,
    str: TEXTS,
    str | None: st.none() | TEXTS,
    tuple[str, ...]: st.lists(TEXTS, max_size=2).map(tuple),
    JobState: st.sampled_from(JobState),
}
JOBS = st.builds(
    Job,
    **{field.name: GIVEN[field.type] for field in structs.fields(Job)}
    | {"numeric_id": st.integers(1, 6), "submit_time": st.integers(0, 2**33 - 1)}
    | {"job_id": st.sampled_from(["1", "2_3", "2", "4+1", "odd"])},
)


@given(st.lists(st.lists(JOBS, max_size=4, unique_by=lambda one: one.numeric_id), max_size=4))
def test_every_field_of_every_job_is_kept(looks: list[list[Job]]) -> None:
    table, known = JobTable(), dict[int, Job]()
    for look in looks:
        made = table.apply(some(look))
        assert [(one.before, one.after) for one in made] == [
            (known.get(one.numeric_id), one) for one in look if known.get(one.numeric_id) != one
        ]
        known |= {one.numeric_id: one for one in look}
        assert {one.numeric_id: one for one in table.jobs if one is not NO_JOB} == known
        assert [table.jobs[slot] for slot in range(len(table.jobs))] == list(table.jobs)
        assert [table.jobs.job_id(slot) for slot in range(len(table.jobs))] == [
            one.job_id for one in table.jobs
        ]


def test_an_address_follows_from_the_numbers_or_is_kept() -> None:
    jobs = [job(1), task(2, 9, 0), rest(9, "3-5"), job(4, job_id="7+1", het_job_id=7, het_job_offset=1)]
    jobs.append(job(5, job_id="unusual"))
    table = JobTable()
    table.apply(everything(jobs))
    assert list(table.jobs) == jobs
    table.apply(some([job(5)]))
    assert table.jobs[4].job_id == "5"


def test_a_view_stays_as_it_was() -> None:
    jobs = [job(number, job_name=f"run_{number}") for number in range(1, 2001)]
    table = JobTable()
    table.apply(everything(jobs))
    view, other = table.view(), table.view([7, 5])
    later = [job(number, "COMPLETED", job_name="other") for number in range(1, 1001)]
    table.apply(everything(later))
    table.forget_finished(2**40)
    table.apply(some([job(5000, job_name="new")]))

    assert sorted(one.numeric_id for one in view) == list(range(1, 2001))
    assert {one.numeric_id: one for one in view} == {one.numeric_id: one for one in jobs}
    assert view[3] == view[3:4][0]
    assert list(other) == [jobs[7], jobs[5]]
