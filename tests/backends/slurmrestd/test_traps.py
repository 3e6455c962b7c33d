"""What slurmrestd says is not always what it means: each known lie, played back as it was recorded."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import httpx2
import pytest

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import build, payloads
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.errors import Asked
from s9s.backends.slurmrestd.transport import Transport
from s9s.domain.errors import (
    InvalidRequest,
    PermissionDenied,
    ResourceConflict,
    ResourceNotFound,
    SlurmError,
    SlurmUnavailable,
    ValidationError,
)
from s9s.domain.jobs import JobState, JobSubmission, JobUpdate
from s9s.domain.nodes import NodeAction, NodeUpdate
from tests.backends.slurmrestd.recorded import NATIVE, Played, Slurmrestd, Tokens, recording

SCRIPT = JobSubmission(script="#!/bin/sh\ntrue\n", working_directory="/tmp")
DRAIN = NodeUpdate(action=NodeAction.DRAIN, reason="x")

native = pytest.mark.parametrize("where", NATIVE)
later = pytest.mark.parametrize("where", NATIVE[1:])


async def submit(where: str, answer: str) -> Any:
    slurmrestd = Slurmrestd(where, {("POST", "slurm/job/submit"): answer})
    return await slurmrestd.backend().submit(SCRIPT, "alice")


# -- submissions ---------------------------------------------------------------------------------------------


@native
async def test_an_accepted_job_may_come_with_remarks(where: str) -> None:
    submitted = await submit(where, "submit")  # held: 22.05 lists that as error 2042
    assert submitted.job_id == "18"
    assert submitted.message == "Job is in held state, pending scheduler release"
    assert (await submit(where, "submit_het")).message is None


async def test_22_accepts_more_nodes_than_there_are() -> None:
    submitted = await submit("22.05/v0.0.38", "submit_too_large")
    assert submitted.job_id == "19"
    assert submitted.message == "Requested partition configuration not available now"


@native
@pytest.mark.parametrize(
    ("answer", "number"),
    [("submit_bad_partition", 2000), ("submit_bad_account", 2045), ("submit_bad_qos", 2066)],
)
async def test_what_does_not_exist_is_invalid(where: str, answer: str, number: int) -> None:
    with pytest.raises(ValidationError) as caught:
        await submit(where, answer)
    assert caught.value.details["slurm_error_number"] == number
    assert "Invalid" in caught.value.details["slurm_error"]


async def test_22_refuses_an_unknown_field() -> None:
    with pytest.raises(InvalidRequest, match="gpuz"):
        await submit("22.05/v0.0.38", "submit_unknown_field")


@later
async def test_an_ignored_field_is_told(where: str) -> None:
    submitted = await submit(where, "submit_unknown_field")
    assert 'Ignoring unknown field "gpuz"' in submitted.message


# -- cancellation --------------------------------------------------------------------------------------------


def with_job(where: str, state: str = "RUNNING", **answers: Any) -> Slurmrestd:
    """One that knows job 1, in that state, and answers a DELETE of it as told."""

    def job(_: httpx2.Request) -> httpx2.Response:
        _, content = recording(where, "job")
        answer = json.loads(content)
        record = next(entry for entry in answer["jobs"] if entry["job_id"] == 1)
        record["job_state"] = state if where.startswith("22.05") else [state]
        return httpx2.Response(200, json=answer | {"jobs": [record]})

    given = {("GET", "slurm/job/1"): job, ("GET", "slurmdb/job/1"): "accounted_unknown"}
    return Slurmrestd(where, given | {(verb, "slurm/job/1"): answer for verb, answer in answers.items()})


@native
async def test_cancel_of_anothers_job(where: str) -> None:
    with pytest.raises(PermissionDenied) as caught:
        await (
            with_job(where, DELETE="cancel_others").backend().cancel("1", "alice")
        )  # 24.11 and 26.05: HTTP 200
    assert caught.value.details["slurm_error_number"] == 2002


@native
async def test_cancel_of_a_finished_job(where: str) -> None:
    # HTTP 200 everywhere; 22.05 does not even say so in the body.
    finished = with_job(where, "COMPLETED", DELETE="cancel_finished")
    with pytest.raises(ResourceConflict):
        await finished.backend().cancel("1", "alice")
    assert not finished.asked("DELETE", "slurm/job/1")


@later
async def test_cancel_of_a_job_that_ends_meanwhile(where: str) -> None:
    with pytest.raises(ResourceConflict) as caught:
        await with_job(where, DELETE="cancel_finished").backend().cancel("1", "alice")
    assert caught.value.details["slurm_error_number"] == 2021


@native
async def test_cancel_of_a_job_that_vanishes_meanwhile(where: str) -> None:
    with pytest.raises(ResourceNotFound):
        await with_job(where, DELETE="cancel_unknown").backend().cancel("1", "alice")


@native
async def test_cancel_of_an_unknown_job(where: str) -> None:
    unknown = {
        ("GET", "slurm/job/60000000"): "job_unknown",
        ("GET", "slurmdb/job/60000000"): "accounted_unknown",
    }
    with pytest.raises(ResourceNotFound, match="Job 60000000 not found"):
        await Slurmrestd(where, unknown).backend().cancel("60000000", "alice")


@native
async def test_a_job_that_only_accounting_knows_has_ended(where: str) -> None:
    forgotten = {("GET", "slurm/job/12"): "job_unknown", ("GET", "slurmdb/job/12"): "accounted_job"}
    for write in (
        lambda backend: backend.cancel("12", "alice"),
        lambda backend: backend.update_job("12", JobUpdate(hold=True), "alice"),
    ):
        with pytest.raises(ResourceConflict, match="already ended"):
            await write(Slurmrestd(where, forgotten).backend())


@native
@pytest.mark.parametrize("signal", [0, -1, 65, 99, 999])
async def test_a_signal_that_slurm_does_not_know_is_never_sent(where: str, signal: int) -> None:
    slurmrestd = with_job(where, DELETE="cancel_finished")
    with pytest.raises(ValidationError):
        await slurmrestd.backend().cancel("1", "alice", signal=signal)  # 24.11 and 26.05 would kill the job
    assert not slurmrestd.requests


@native
async def test_only_explicit_signals_are_named(where: str) -> None:
    # signal=TERM is no cancel: the job would end FAILED.
    slurmrestd = with_job(where, DELETE="cancel_finished" if where.startswith("22.05") else "hold_array")
    await slurmrestd.backend().cancel("1", "alice")
    (request,) = slurmrestd.asked("DELETE", "slurm/job/1")
    assert not request.url.query
    slurmrestd.requests.clear()
    await slurmrestd.backend().cancel("1", "alice", signal=12)
    (request,) = slurmrestd.asked("DELETE", "slurm/job/1")
    assert request.url.params["signal"] == "12"


@native
async def test_a_signal_for_a_pending_job(where: str) -> None:
    with pytest.raises(ResourceConflict):
        await with_job(where, "PENDING", DELETE="signal_pending").backend().cancel("1", "alice", signal=10)


@later
async def test_a_forced_cancel_kills_steps_and_script_and_then_cancels(where: str) -> None:
    slurmrestd = with_job(where, DELETE=["hold_array", "hold_array", "cancel_finished"])
    await slurmrestd.backend().cancel("1", "alice", force=True)
    queries = [dict(request.url.params) for request in slurmrestd.asked("DELETE", "slurm/job/1")]
    assert queries == [
        {"signal": "KILL", "flags": "FULL_STEPS_ONLY"},
        {"signal": "KILL", "flags": "BATCH_JOB"},
        {},
    ]


async def test_22_has_no_forced_cancel_of_a_running_job() -> None:
    slurmrestd = with_job("22.05/v0.0.38", DELETE="cancel_finished")
    with pytest.raises(Unsupported):
        await slurmrestd.backend().cancel("1", "alice", force=True)
    assert not slurmrestd.asked("DELETE", "slurm/job/1")
    pending = with_job("22.05/v0.0.38", "PENDING", DELETE="cancel_finished")
    await pending.backend().cancel("1", "alice", force=True)
    assert len(pending.asked("DELETE", "slurm/job/1")) == 1


# -- updates -------------------------------------------------------------------------------------------------

LIMIT = JobUpdate(time_limit_seconds=300)


@native
@pytest.mark.parametrize(
    ("answer", "error", "number"),
    [
        ("update_unknown", ResourceNotFound, None),
        ("update_others", PermissionDenied, 2010),
        ("release_operators_hold", PermissionDenied, 2002),
        ("update_finished", ResourceConflict, 2084),
        ("update_partition_of_running", ResourceConflict, 2073),
    ],
)
async def test_refused_updates(where: str, answer: str, error: type[SlurmError], number: int | None) -> None:
    with pytest.raises(error) as caught:
        await with_job(where, POST=answer).backend().update_job("1", LIMIT, "alice")
    assert caught.value.details.get("slurm_error_number") == number


async def test_22_reports_a_parse_error_with_200() -> None:
    status, _ = recording("22.05/v0.0.38", "update_misspelt")
    assert status == 200
    with pytest.raises(InvalidRequest):
        await with_job("22.05/v0.0.38", POST="update_misspelt").backend().update_job("1", LIMIT, "alice")


async def test_22_claims_that_an_array_was_not_updated() -> None:
    _, content = recording("22.05/v0.0.38", "hold_array")
    assert b"failed" in content
    await with_job("22.05/v0.0.38", POST="hold_array").backend().update_job("1", LIMIT, "alice")


async def test_22_accepts_a_name_and_does_not_set_it() -> None:
    slurmrestd = with_job("22.05/v0.0.38", POST="release_array")
    with pytest.raises(Unsupported):
        await slurmrestd.backend().update_job("1", JobUpdate(job_name="new"), "alice")
    assert not slurmrestd.asked("POST", "slurm/job/1")


@native
async def test_a_hold_on_a_running_job_is_refused_here(where: str) -> None:
    slurmrestd = with_job(where, POST="hold_array")
    with pytest.raises(ResourceConflict):
        await slurmrestd.backend().update_job("1", JobUpdate(hold=True), "alice")  # Slurm: 200, priority 0
    assert not slurmrestd.asked("POST", "slurm/job/1")


@native
async def test_a_task_is_updated_by_its_own_number(where: str) -> None:
    answers = {("GET", "slurm/job/3"): "job_array", ("POST", "slurm/job/15"): "hold_array"}
    slurmrestd = Slurmrestd(where, answers)
    await slurmrestd.backend().update_job("3_1", LIMIT, "alice")
    assert len(slurmrestd.asked("POST", "slurm/job/15")) == 1
    with pytest.raises(Unsupported):  # it has no number of its own yet, and 3 is the whole array
        await slurmrestd.backend().update_job("3_4", LIMIT, "alice")
    with pytest.raises(ResourceConflict):  # it runs
        await slurmrestd.backend().update_job("3_1", JobUpdate(hold=True), "alice")


# -- nodes ---------------------------------------------------------------------------------------------------


def nodes(where: str) -> dict[tuple[str, str], Any]:
    """Four nodes, in a list and one by one, and none beside them."""

    def one(request: httpx2.Request) -> httpx2.Response:
        content = json.loads(recording(where, "nodes")[1])
        name = request.url.path.rpartition("/")[2]
        return httpx2.Response(
            200, json=content | {"nodes": [n for n in content["nodes"] if n["name"] == name]}
        )

    single: dict[tuple[str, str], Any] = {
        ("GET", f"slurm/node/node00{number}"): one for number in (1, 2, 3, 4)
    }
    return single | {("GET", "slurm/nodes"): "nodes", ("GET", "slurm/node/node99999"): "node_unknown"}


@later
@pytest.mark.parametrize(
    ("answer", "error"), [("drain_as_operator", PermissionDenied), ("resume_idle", ResourceConflict)]
)
async def test_refused_changes_of_nodes(where: str, answer: str, error: type[Exception]) -> None:
    slurmrestd = Slurmrestd(where, {("POST", "slurm/nodes"): answer, **nodes(where)})
    with pytest.raises(error):
        await slurmrestd.backend().update_nodes(["node001", "node002"], DRAIN, "carol")
    assert slurmrestd.sent("POST", "slurm/nodes")["name"] == ["node001", "node002"]


@later
@pytest.mark.parametrize("others", [1, 20])
async def test_an_unknown_node_changes_nothing(where: str, others: int) -> None:
    slurmrestd = Slurmrestd(where, nodes(where))
    names = ["node001"] * others + ["node99999"]
    with pytest.raises(ResourceNotFound, match="Node node99999 not found"):
        await slurmrestd.backend().update_nodes(names, DRAIN, "dave")
    assert not slurmrestd.asked("POST", "slurm/nodes")
    assert bool(slurmrestd.asked("GET", "slurm/nodes")) == (others > 8)


async def test_22_cannot_change_nodes() -> None:
    slurmrestd = Slurmrestd("22.05/v0.0.38")
    with pytest.raises(Unsupported):
        await slurmrestd.backend().update_nodes(["node001"], DRAIN, "dave")
    assert all(request.method == "GET" for request in slurmrestd.requests)


# -- outages and tokens --------------------------------------------------------------------------------------


def reads() -> dict[tuple[str, str], str]:
    return {
        ("GET", "slurm/jobs"): "jobs_without_slurmctld",
        ("GET", "slurmdb/users"): "users_without_slurmdbd",
    }


@later
async def test_slurmctld_out(where: str) -> None:
    out = with_job(where, DELETE="cancel_without_slurmctld")
    out.answers |= reads()
    with pytest.raises(SlurmUnavailable):  # EPERM, on 26.05 with HTTP 403: no denial
        await out.backend().cancel("1", "alice")
    with pytest.raises(SlurmUnavailable):
        await out.backend().jobs_feed().poll()
    out.answers["GET", "slurm/ping"] = "ping_without_slurmctld"  # HTTP 200
    with pytest.raises(SlurmUnavailable):
        await out.backend().ping()


async def test_22_says_nothing_when_slurmctld_is_out() -> None:
    where, now = "22.05/v0.0.38", [0.0]
    out = with_job(where, DELETE="cancel_without_slurmctld")
    with pytest.raises(SlurmUnavailable):
        await out.backend().cancel("1", "alice")
    out.answers["GET", "slurm/ping"] = "ping_without_slurmctld"  # no pings at all, and -1
    with pytest.raises(SlurmUnavailable):
        await out.backend().ping()

    def after(seconds: float) -> Client:
        """A client whose listing of jobs fails with -1 after some time."""

        def fail(_: httpx2.Request) -> httpx2.Response:
            now[0] += seconds
            status, content = recording(where, "jobs_without_slurmctld")
            return httpx2.Response(status, content=content)

        out.answers["GET", "slurm/jobs"] = fail
        transport = Transport("http://slurmrestd", network=Played(out.answer))
        return Client(transport, Tokens(), clock=lambda: now[0])

    listing = (build.list_jobs(None), payloads.Jobs, Asked(action="list jobs"))
    with pytest.raises(SlurmUnavailable):
        await after(9.0).ask(*listing)
    with pytest.raises(SlurmError) as caught:  # at once: a refused token
        await after(0.01).ask(*listing)
    assert not isinstance(caught.value, SlurmUnavailable)


@native
async def test_slurmdbd_out(where: str) -> None:
    answers = {
        ("GET", "slurmdb/jobs"): "accounted_jobs_without_slurmdbd",  # 22.05: HTTP 200
        ("GET", "slurmdb/users"): "users_without_slurmdbd",
        ("GET", "slurmdb/associations"): "associations",
        ("GET", "slurmdb/job/1"): "accounted_jobs_without_slurmdbd",
        ("GET", "slurm/shares"): "shares",
    }
    for look in (lambda backend: backend.users(), lambda backend: backend.finished_jobs(0, 100)):
        with pytest.raises(SlurmUnavailable):
            await look(Slurmrestd(where, answers).backend())
    # Live jobs go on without it.
    details = await with_job_and(where, answers).backend().job("1")
    assert details.job.state == JobState.RUNNING
    assert details.usage is None


def with_job_and(where: str, answers: dict[tuple[str, str], Any]) -> Slurmrestd:
    slurmrestd = with_job(where)
    slurmrestd.answers |= answers
    return slurmrestd


@native
@pytest.mark.parametrize("answer", ["jobs_bad_token", "jobs_foreign_name", "jobs_no_token"])
async def test_a_refused_token_is_our_fault_and_no_outage(where: str, answer: str) -> None:
    slurmrestd = Slurmrestd(where, {("GET", "slurm/jobs"): answer})
    with pytest.raises(SlurmError) as caught:
        await slurmrestd.backend().jobs_feed().poll()
    assert not isinstance(caught.value, (SlurmUnavailable, PermissionDenied))


# -- accounting ----------------------------------------------------------------------------------------------


@native
async def test_finished_jobs_are_asked_for_with_states_and_an_end(where: str) -> None:
    slurmrestd = Slurmrestd(where, {("GET", "slurmdb/jobs"): "accounted_jobs"})
    backend = slurmrestd.backend()
    everything = await backend.finished_jobs(1795420000, 1795430000)
    assert {"failed", "killed", "cancelled", "busy"} <= {job.job_name for job in everything}
    request = slurmrestd.asked("GET", "slurmdb/jobs")[0]
    assert request.url.params["start_time"] == "uts1795420000"
    assert request.url.params["end_time"] == "uts1795430000"
    states = request.url.params.get_list("state")
    # Comma lists are unfiltered on 24.11 and 26.05, repeated ones find nothing on 22.05.
    assert len(states) == (1 if where.startswith("22.05") else 9)
    assert "CANCELLED" in ",".join(states).split(",")
    end = max(job.end_time or 0 for job in everything)
    assert not any(job.end_time == end for job in await backend.finished_jobs(1795420000, end))


async def test_a_long_window_is_asked_for_in_pieces() -> None:
    slurmrestd = Slurmrestd("26.05/v0.0.45", {("GET", "slurmdb/jobs"): "accounted_jobs"})
    start, end = 1795420000 - 90 * 86400, 1795420000 + 86400
    found = await slurmrestd.backend().finished_jobs(start, end)
    assert len({job.numeric_id for job in found}) == len(found) > 3
    windows = [
        (int(request.url.params["start_time"][3:]), int(request.url.params["end_time"][3:]))
        for request in slurmrestd.asked("GET", "slurmdb/jobs")
    ]
    assert windows[0] == (start, start + 86400)
    assert windows[-1][1] == end
    assert all(before[1] == after[0] for before, after in pairwise(windows))
    assert len(windows) < 8
