"""What stays in the table, what goes, and under which names a job is found."""

from __future__ import annotations

import random

from s9s.snapshot.store import NEVER, JobTable
from tests.snapshot.making import NOON, everything, job, rest, some, task


def table_of(*jobs: object, **more: int) -> JobTable:
    table = JobTable(**more)
    table.apply(everything(jobs))  # type: ignore[arg-type]
    return table


class TestChanges:
    def test_an_equal_record_is_no_change_and_keeps_what_was_derived(self) -> None:
        table = table_of(job(1), job(2))
        table.memo[:] = ["one", "two"]
        generation = table.generation

        assert table.apply(some([job(1), job(2)])) == []
        assert (table.generation, table.memo) == (generation, ["one", "two"])

    def test_a_change_tells_before_and_after_and_clears_what_was_derived(self) -> None:
        table = table_of(job(1, "PENDING"), job(2))
        table.memo[:] = ["one", "two"]

        (change,) = table.apply(some([job(1, "RUNNING")]))
        assert (change.before, change.after) == (job(1, "PENDING"), job(1, "RUNNING"))
        assert table.memo == [None, "two"]

    def test_knows_when_it_was_observed_even_if_nothing_changed(self) -> None:
        table = table_of(job(1))
        table.apply(some(asked_at=NOON + 5))
        assert table.observed_at == NOON + 5

    def test_what_is_kept_is_neither_changed_nor_removed(self) -> None:
        table = table_of(job(1), job(2, "COMPLETED"), job(3))
        changes = everything([job(1, "SUSPENDED")])

        table.apply(changes, keep={1, 2, 3})
        assert [table.get(name) for name in "123"] == [job(1), job(2, "COMPLETED"), job(3)]
        assert set(table.listed) == {1, 2, 3}

    def test_a_hold_that_got_a_reason_is_derived_anew(self) -> None:
        table = table_of(job(1))
        table.memo[0], generation = "one", table.generation
        table.clear_memo(1)
        table.clear_memo(99)
        assert table.memo == [None]
        assert table.generation == generation + 1

    def test_equal_strings_become_one_object(self) -> None:
        table = table_of(job(1, user=b"alice".decode()), job(2, user=b"alice".decode()))
        first, second = table.get("1"), table.get("2")
        assert first is not None
        assert second is not None
        assert first.user is second.user

    def test_slots_of_dropped_jobs_are_used_again(self) -> None:
        table = table_of(job(1), job(2))
        table.apply(some(removed=[1]))
        table.drop([1])
        table.apply(some([job(3)]))
        assert [one.numeric_id for one in table.jobs] == [3, 2]


class TestFinished:
    def test_what_slurmctld_forgets_stays_if_it_had_finished(self) -> None:
        table = table_of(job(1, "COMPLETED"), job(2))
        assert table.apply(everything([job(2)])) == []
        assert table.get("1") == job(1, "COMPLETED")
        assert table.vanished == {}

    def test_what_vanishes_unfinished_stays_as_it_was_until_its_end_is_known(self) -> None:
        table = table_of(job(1), job(2))
        assert table.apply(some(removed=[1])) == []
        assert table.vanished == {1: job(1)}
        assert table.get("1") == job(1)

        (change,) = table.add_finished([job(1, "FAILED")])
        assert (change.before, change.after) == (job(1), job(1, "FAILED"))
        assert table.vanished == {}

    def test_what_vanished_may_come_back(self) -> None:
        table = table_of(job(1))
        table.apply(some(removed=[1]))
        table.apply(some([job(1)]))
        assert table.vanished == {}
        assert table.drop([1]) == []

    def test_the_end_of_an_earlier_run_is_not_that_of_the_vanished_one(self) -> None:
        table = table_of(job(1, submit_time=NOON + 10))
        table.apply(some(removed=[1]))
        assert table.add_finished([job(1, "PREEMPTED", submit_time=NOON)]) == []
        assert 1 in table.vanished

    def test_a_vanished_job_that_nobody_knows_is_dropped(self) -> None:
        table = table_of(job(1))
        table.apply(some(removed=[1]))
        (change,) = table.drop([1])
        assert (change.before, change.after) == (job(1), None)
        assert len(table) == 0

    def test_accounting_never_overrides_what_slurmctld_lists(self) -> None:
        table = table_of(job(1, "PENDING", submit_time=NOON), job(2, "COMPLETED"))
        earlier_run = job(1, "FAILED", submit_time=NOON - 100)
        other = job(2, "COMPLETED", user="nobody", submit_time=NOON + 100)
        assert table.add_finished([earlier_run, other]) == []

    def test_the_last_run_of_a_requeued_job_counts(self) -> None:
        table = JobTable()
        runs = [job(1, "NODE_FAIL", submit_time=NOON), job(1, "COMPLETED", submit_time=NOON + 50)]
        table.add_finished(random.Random(1).sample(runs, 2))
        table.add_finished([runs[0]])
        assert table.get("1") == runs[1]
        assert len(table) == 1

    def test_what_has_not_finished_is_no_business_of_accounting(self) -> None:
        table = JobTable()
        assert table.add_finished([job(1, "RUNNING")]) == []

    def test_a_looked_up_job_is_listed_unless_it_has_finished(self) -> None:
        table = table_of(job(3))
        table.put(job(1))
        table.put(job(2, "COMPLETED"))
        table.put(job(3, "COMPLETED"))
        assert set(table.listed) == {1, 3}
        assert len(table) == 3

    def test_the_earliest_ended_go_when_there_are_too_many(self) -> None:
        listed = [job(number, "COMPLETED", end_time=NOON + number) for number in range(1, 5)]
        table = table_of(*listed, finished_maximum=100)
        ended = [job(number, "COMPLETED", end_time=NOON + number) for number in range(5, 105)]
        table.add_finished(ended, since=NOON)
        assert len(table) == 104
        assert table.finished_since == NOON

        table.add_finished([job(200, "COMPLETED", end_time=NOON + 200)])
        # One too many, and two more so that not every further one costs a search.
        assert table.get("7") is None
        assert table.get("8") is not None
        assert table.get("4") is not None, "slurmctld lists it: it stays"
        assert table.finished_since == NOON + 8
        assert table.is_full

    def test_forgets_what_ended_before_an_instant(self) -> None:
        table = table_of(job(1, "COMPLETED", end_time=NOON), job(5))
        never_started = job(4, "CANCELLED", submit_time=NOON + 1, end_time=None)
        table.add_finished(
            [job(2, "FAILED", end_time=NOON), job(3, "FAILED", end_time=NOON + 9), never_started], since=0
        )
        assert table.forget_finished(NOON + 9) == 2
        assert [table.get(name) is not None for name in "12345"] == [True, False, True, False, True]
        assert table.finished_since == NOON + 9

    def test_knows_nothing_of_finished_jobs_at_first(self) -> None:
        assert JobTable().finished_since == NEVER


class TestAddresses:
    def test_a_task_is_found_by_its_address_and_by_its_own_id(self) -> None:
        table = table_of(task(57, 55, 2), rest(55, "3-9:2,12%4"))
        assert table.get("55_2") == table.get("57") == task(57, 55, 2)
        assert table.get("55_02") == task(57, 55, 2)

    def test_a_task_in_the_unstarted_rest_is_made_up_from_it(self) -> None:
        table = table_of(rest(55, "3-9:2,12%4", user="bob"))
        made_up = table.get("55_5")
        assert made_up == rest(55, "", job_id="55_5", array_task_id=5, array_tasks=None, user="bob")
        assert [table.get(f"55_{index}") is not None for index in (2, 3, 4, 9, 10, 12, 13)] == [
            False, True, False, True, False, True, False,
        ]  # fmt: skip

    def test_an_array_id_is_its_rest_and_then_the_task_that_keeps_the_id(self) -> None:
        table = table_of(rest(55, "7"), task(56, 55, 1))
        assert table.get("55") == rest(55, "7")

        table.apply(some([task(55, 55, 7)]))
        assert table.get("55") == table.get("55_7") == task(55, 55, 7)
        assert table.tasks_of(55) == [task(56, 55, 1), task(55, 55, 7)]

    def test_tasks_are_in_order_and_the_rest_is_last(self) -> None:
        table = table_of(rest(55, "20-30"), task(58, 55, 10), task(57, 55, 9))
        assert table.tasks_of(55) == [task(57, 55, 9), task(58, 55, 10), rest(55, "20-30")]
        assert table.tasks_of(99) == []

    def test_components_are_found_by_offset(self) -> None:
        head = job(70, job_id="70+0", het_job_id=70, het_job_offset=0)
        second = job(71, job_id="70+1", het_job_id=70, het_job_offset=1)
        table = table_of(head, second)
        assert [table.get(name) for name in ("70", "70+0", "70+1", "71", "70+2")] == [
            head, head, second, second, None,
        ]  # fmt: skip

    def test_what_is_no_address_finds_nothing(self) -> None:
        table = table_of(job(1), rest(5, "1-3"))
        for name in (
            "",
            "x",
            "1_",
            "_1",
            "1_1_1",
            "1.batch",
            "-1",
            "+1",
            " 1",
            "1\n",
            "٣",
            "9" * 5000,
            "5_[1-3]",
        ):
            assert table.get(name) is None
            assert table.slots_of(name) == set()

    def test_knows_what_runs_on_a_node(self) -> None:
        table = table_of(
            job(3, nodes=("n1", "n2")),
            job(2, "COMPLETING", nodes=("n1",)),
            job(1, "COMPLETED", nodes=("n1",)),
            task(9, 8, 4, nodes=("n2",)),
        )
        assert (table.on_node("n1"), table.on_node("n2")) == (["2", "3"], ["3", "8_4"])

        table.apply(some([job(3, nodes=("n2",)), job(2, "COMPLETED", nodes=("n1",))]))
        assert (table.on_node("n1"), table.on_node("n2"), table.on_node("n3")) == ([], ["3", "8_4"], [])


def test_counts_running_and_pending_jobs_and_unstarted_tasks() -> None:
    table = table_of(
        job(1), job(2), job(3, "COMPLETING"), job(4, "PENDING"), rest(5, "0-9%3"), job(6, user="bob"),
        task(7, 5, 77, "PENDING"), job(8, "FAILED", user="carol"),
    )  # fmt: skip
    assert table.counts_by_user() == {"alice": (2, 12), "bob": (1, 0)}
    table.apply(some([job(1, "COMPLETED")]))
    assert table.counts_by_user()["alice"] == (1, 12)
