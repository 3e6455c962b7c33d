"""One job's line, and what somebody may put into it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.backends.slurmcli import squeue
from s9s.domain.jobs import Job, JobState
from tests.backends.slurmcli.printing import line, row

MARKS = squeue.Marks()
NOW = 1_700_001_000.0
# What can be an argument of sbatch: no NUL, no halves of surrogate pairs.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def parse(used: str = "15:00", **values: str) -> Job:
    return squeue.parse(row(MARKS, **values), used.encode(), MARKS, NOW, 0.0)


@given(names=st.lists(TEXTS, min_size=1, max_size=5), comment=TEXTS, directory=TEXTS)
def test_texts_come_back_as_they_are(names: list[str], comment: str, directory: str) -> None:
    jobs = [
        {"JobID": str(i + 1), "Name": name, "Comment": comment, "WorkDir": directory}
        for i, name in enumerate(names)
    ]
    output = b"".join(line(MARKS.format, job) for job in jobs)
    rows = squeue.rows(output, MARKS)
    parsed = [squeue.parse(row, used, MARKS, NOW, 0.0) for row, used in rows]
    assert [job.numeric_id for job in parsed] == list(range(1, len(names) + 1))
    assert [job.job_name for job in parsed] == names
    assert all(job.user == "alice" and job.state is JobState.RUNNING for job in parsed)


@given(
    forged=st.lists(
        st.sampled_from([MARKS.column, MARKS.row, "\n", "8", "RUNNING", "0:10", "root"]), max_size=80
    )
)
def test_who_knows_the_marks_is_found_out_or_forges_a_whole_row(forged: list[str]) -> None:
    """Without all of a row's columns in their number there is no second job."""
    output = line(MARKS.format, {"Name": "".join(forged)})
    try:
        parsed = [squeue.parse(row, used, MARKS, NOW, 0.0) for row, used in squeue.rows(output, MARKS)]
    except (squeue.MarkForged, ValueError):
        return
    assert [job.numeric_id for job in parsed] == [7]


def test_marks_are_new_each_time_and_not_in_the_arguments() -> None:
    marks = [squeue.Marks() for _ in range(50)]
    assert len({one.column for one in marks}) == len({one.row for one in marks}) == 50
    for one in marks:
        # squeue would read a comma, a colon, or digits at the beginning as its own.
        assert not {",", ":", "\n"} & set(one.column + one.row)
        assert not one.column[0].isdigit()
    assert all(MARKS.column not in argument for argument in squeue.argv("7"))


@pytest.mark.parametrize(
    ("printed", "address"),
    [
        ("7", ("7", None, None, None, None, None)),
        ("5_2", ("5_2", 5, 2, None, None, None)),
        ("7_[1-9%2]", ("7", 7, None, "1-9%2", None, None)),
        ("7_[3]", ("7", 7, None, "3", None, None)),
        ("6+1", ("6+1", None, None, None, 6, 1)),
    ],
)
def test_addresses(printed: str, address: tuple[object, ...]) -> None:
    job = parse(JobArrayID=printed)
    assert job.numeric_id == 7
    assert address == (
        job.job_id, job.array_job_id, job.array_task_id, job.array_tasks, job.het_job_id, job.het_job_offset,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "state", "code", "signal"),
    [
        ("768", "FAILED", 3, None),
        ("9", "FAILED", 0, 9),
        ("137", "FAILED", 0, 9),
        ("0", "COMPLETED", 0, None),
        ("3:0", "FAILED", 3, None),
        ("0:9", "CANCELLED", 0, 9),
        ("0:0", "RUNNING", None, None),
    ],
)
def test_exit_codes(printed: str, state: str, code: int | None, signal: int | None) -> None:
    job = parse(exit_code=printed, State=state)
    assert (job.exit_code, job.signal) == (code, signal)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("slurm-%j.out", None),  # 26.05
        ("/home/alice/slurm-%j.out", None),  # 24.11
        ("/home/alice/slurm-7.out", None),  # 22.05
        ("slurm-%A_%a.out", None),
        ("/home/alice/slurm-5_2.out", None),
        ("/home/alice/logs/%x-%j.log", "/home/alice/logs/%x-%j.log"),
        ("/tmp/slurm-%j.out", "/tmp/slurm-%j.out"),
    ],
)
def test_slurms_own_choice_of_output_is_none(printed: str, shown: str | None) -> None:
    assert parse(STDOUT=printed, STDERR=printed, JobArrayID="5_2").standard_output == shown
    assert parse(STDOUT=printed, STDERR=printed, JobArrayID="5_2").standard_error is None


def test_elapsed_time_of_a_job_that_was_suspended() -> None:
    never = parse("15:00")
    assert (never.suspended_seconds, never.elapsed_seconds(int(NOW))) == (0, 900)
    was = parse("10:00")
    assert (was.suspended_seconds, was.elapsed_seconds(int(NOW)), was.suspend_time) == (300, 600, None)
    now = parse("10:00", State="SUSPENDED")
    assert (now.suspend_time, now.elapsed_seconds(int(NOW))) == (1_700_000_700, 600)
    ended = parse("50:00", State="COMPLETED")
    assert (ended.suspended_seconds, ended.elapsed_seconds(int(NOW))) == (600, 3000)


def test_a_slow_squeue_makes_no_job_suspended() -> None:
    job = squeue.parse(row(MARKS), b"14:55", MARKS, NOW, 8.0)
    assert job.suspended_seconds == 0


def test_unset_values_are_none() -> None:
    job = parse(
        State="PENDING", Account="(null)", QOS="N/A", EligibleTime="N/A", StartTime="N/A", EndTime="N/A",
        NodeList="", TimeLimit="NOT_SET", WorkDir="", TimeUsed="0:00",
    )  # fmt: skip
    for attribute in (
        "account", "qos", "eligible_time", "start_time", "expected_start_time", "end_time",
        "time_limit_seconds", "working_directory", "reason", "comment", "features",
    ):  # fmt: skip
        assert getattr(job, attribute) is None, attribute
    assert (job.nodes, job.node_count) == ((), 2)


def test_a_name_that_looks_like_nothing_is_a_name() -> None:
    assert parse(Name="(null)").job_name == "(null)"
    assert parse(Name="").job_name == ""


def test_bytes_that_are_no_text_are_replaced() -> None:
    broken = row(MARKS, Name="@").replace(b"@", b"\xff\xfe")
    assert squeue.parse(broken, b"0:10", MARKS, NOW, 0.0).job_name == "\N{REPLACEMENT CHARACTER}" * 2


def test_absurd_requests_hide_no_job() -> None:
    job = parse(**{"tres-alloc": "cpu=4,mem=1?,node=2,billing=4,gres/gpu=3"})  # --mem=1000000T
    assert (job.memory_mib, job.gpus) == (None, 3)


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown job state"):
        parse(State="SURPRISED")
