"""Columns straight from the database say the same as the jobs themselves."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s9s.domain.history import FinishedJob
from s9s.domain.hostlists import expand_hostlist
from s9s.domain.jobs import Job, JobState
from s9s.domain.queries import JobQuery, Visibility
from s9s.services.exports.fields import JOB_FIELDS, JobView
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords
from s9s.storage.history_scan import HistoryScan

OUTPUTS = st.sampled_from([None, "/a/out", "/a/%j-%x.out", "rel-%A_%a", "/a\\%j", "/a/%N", "out"])
JOBS = st.builds(
    lambda number, array, hosts, **values: Job(
        job_id=f"{number}" if array is None else f"{array}_{number % 7}",
        numeric_id=number,
        array_job_id=array,
        array_task_id=None if array is None else number % 7,
        nodes=tuple(expand_hostlist(hosts)) if hosts else (),
        eligible_time=1000,
        start_time=1500,
        **values,
    ),
    number=st.integers(1, 10**6),
    array=st.sampled_from([None, None, 77]),
    hosts=st.sampled_from(["", "node001", "node[001-003,7]", "a,b[2-3]"]),
    job_name=st.sampled_from(["a", "b c"]),
    user=st.sampled_from(["alice", "bob"]),
    account=st.sampled_from(["Physics", "bio", None]),
    partition=st.sampled_from(["cpu", "cpu,gpu"]),
    state=st.sampled_from([JobState.COMPLETED, JobState.FAILED]),
    flags=st.sampled_from([(), ("REQUEUED",), ("A", "B")]),
    submit_time=st.just(900),
    end_time=st.integers(1600, 9000),
    suspended_seconds=st.sampled_from([0, 50]),
    time_limit_seconds=st.sampled_from([None, -1, 3600]),
    memory_mib=st.sampled_from([None, 1500]),
    working_directory=st.sampled_from([None, "/home/x"]),
    standard_output=OUTPUTS,
    standard_error=OUTPUTS,
    exit_code=st.sampled_from([0, 1]),
)
SIGHTS = st.sampled_from([None, Visibility(users=frozenset({"alice"}), accounts=frozenset({"physics"}))])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(jobs=st.lists(JOBS, max_size=12, unique_by=lambda job: job.numeric_id), sight=SIGHTS, data=st.data())
async def test_columns_are_those_of_the_jobs(
    jobs: list[Job], sight: Visibility | None, data: st.DataObject, tmp_path_factory: object
) -> None:
    async with await Database.open(f"sqlite:///{tmp_path_factory.mktemp('scan')}/s9s.db") as database:  # type: ignore[attr-defined]
        records = HistoryRecords(database)
        await records.add("c", [FinishedJob(job) for job in jobs])
        query = JobQuery(visibility=sight, states=frozenset({"COMPLETED", "FAILED"}))
        walked = [one.job for piece in [piece async for piece in records.walk("c", query)] for one in piece]
        known = set(data.draw(st.lists(st.sampled_from(walked or [None]), max_size=3)) if walked else [])
        keys = {(job.numeric_id, job.submit_time) for job in known}
        expected = [
            tuple(field.value(JobView(job, 0, None)) for field in JOB_FIELDS.values())
            for job in walked
            if job not in known
        ]
        found = []
        last = 0.0
        for fraction, columns in HistoryScan(database).batches("c", query, list(JOB_FIELDS), keys):
            assert last <= fraction <= 1
            last = fraction
            found += list(zip(*columns, strict=True))
        blank = {"flags", "nodes"}
        for row, wanted in zip(found, expected, strict=True):
            for name, value, other in zip(JOB_FIELDS, row, wanted, strict=True):
                assert (value or "" if name in blank else value) == other, name
