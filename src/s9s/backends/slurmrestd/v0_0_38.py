"""v0.0.38 (Slurm 22.05 to 23.11) to v0.0.42 (24.11); what lies between is not spoken here.

Answers:

- Numbers are plain: ``null``, 0, NO_VAL or -1 stand for unset and unlimited, each in its places; a job's time
  limit is ``null`` when unlimited, a partition's limits -1.
- A job's and a node's state is one word (a node's in lower case, flags beside it). An exit code is a wait
  status in slurmctld's answers and a status with its code in slurmdbd's, where the code is always 0.
- A node's features are a comma list, its free memory ``free_memory``, its version ``slurmd_version``; there
  is no ``resume_after``. A partition is flat (``total_nodes``, ``max_time_limit``, ...) and does say that it
  is the default one.
- Problems have ``error_number``, ``error_code`` or nothing for a number. Submissions that succeed may carry
  remarks among them, and updates of arrays that succeed claim to have failed, without a number. That
  accounting finds nothing is a problem, too (9003).
- ``meta`` names neither the cluster nor who asks.
- A DELETE has no ``status``: it says 200 for finished jobs too.

Requests:

- A submission's fields are the options of sbatch: ``script`` stands beside ``job``, the environment is a map,
  limits are minutes or ``"infinite"``, instants ``uts<epoch>``, GPUs ``gpus`` and ``gres``.
- Queries with flags or ``with_assocs`` are refused; users and associations come whole. Several states are a
  comma list.
- A new name for a job is accepted and not set; a warning signal for the batch script alone (``B:``) is
  refused.

There is no route for node updates, requeue, shares or the configuration, and a DELETE takes no flags, so that
SIGKILL is always a cancel with KillWait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import accounted, payloads
from s9s.backends.slurmrestd import v0_0_38_accounted as old_accounted
from s9s.backends.slurmrestd import v0_0_38_payloads as old
from s9s.backends.slurmrestd.steps import Lift, Request, Step

_RENAMED: Mapping[str, str] = {
    "required_nodes": "nodelist",
    "excluded_nodes": "exclude_nodes",
}
_MAIL = {
    "TIME=100%": "TIME_LIMIT",
    "TIME=90%": "TIME_LIMIT_90",
    "TIME=80%": "TIME_LIMIT_80",
    "TIME=50%": "TIME_LIMIT_50",
    "INVALID_DEPENDENCY": "INVALID_DEPEND",
}


def _without_query(request: Request) -> Request:
    return replace(request, query=())


def _without_flags(request: Request) -> Request:
    return replace(request, query=tuple(item for item in request.query if item[0] != "flags"))


def _joined_states(request: Request) -> Request:
    """With several ``state=`` 22.05 finds nothing."""
    states = ",".join(value for name, value in request.query if name == "state")
    others = tuple(item for item in request.query if item[0] != "state")
    return replace(request, query=(*others, ("state", states)))


def _plain(value: dict[str, Any]) -> int | str:
    return "infinite" if value["infinite"] else int(value["number"])


def _instant(epoch: int) -> str:
    return f"uts{epoch}"


def _gres(tres: str) -> str:
    return tres.replace("gres/", "")


def _gpus(tres: str) -> str:
    return tres.removeprefix("gres/gpu:")


#: How values of a job's fields are written; fields that are alike are left out.
_VALUES: Mapping[str, Callable[[Any], Any]] = {
    "time_limit": _plain,
    "time_minimum": _plain,
    "memory_per_node": _plain,
    "memory_per_cpu": _plain,
    "priority": _plain,
    "begin_time": lambda value: _instant(value["number"]),
    "deadline": _instant,
    "environment": lambda variables: dict(variable.split("=", 1) for variable in variables),
    "open_mode": lambda words: words[0].lower(),
    "required_nodes": ",".join,
    "excluded_nodes": ",".join,
    "mail_type": lambda words: ",".join(_MAIL.get(word, word) for word in words) or "NONE",
}


def _options(job: dict[str, Any]) -> dict[str, Any]:
    """A job's fields as options of sbatch."""
    options = {
        _RENAMED.get(name, name): _VALUES[name](value) if name in _VALUES else value
        for name, value in job.items()
    }
    if tres := options.pop("tres_per_job", None):
        options["gpus"] = _gpus(tres)
    if tres := options.pop("tres_per_node", None):
        options["gres"] = _gres(tres)
    if "shared" in options:
        options["exclusive"] = "exclusive" if options.pop("shared") == ["none"] else "oversubscribe"
    if options.get("requeue") is False:
        options["no_requeue"] = not options.pop("requeue")
    if name := options.pop("kill_warning_signal", None):
        flags = options.pop("kill_warning_flags", [])
        if "BATCH_JOB" in flags:
            raise Unsupported("slurmrestd v0.0.38 refuses a warning signal for the batch script alone")
        delay = options.pop("kill_warning_delay")["number"]
        options["signal"] = f"{'R:' if flags else ''}{name}@{delay}"
    return options


def _lower_submission(request: Request) -> Request:
    job = dict((request.body or {})["job"])
    script = job.pop("script")
    return replace(request, body={"script": script, "job": _options(job)})


def _lower_update(request: Request) -> Request:
    body = request.body or {}
    if "name" in body:
        raise Unsupported("slurmrestd v0.0.38 accepts a new name for a job and does not set it")
    return replace(request, body=_options(body))


def _lift_written(answer: old.Written) -> payloads.Written:
    lifted = payloads.Written(**old.common(answer))
    lifted.errors = [problem for problem in lifted.errors if not old.is_success_of_an_array(problem)]
    return lifted


STEP = Step(
    version="v0.0.38",
    lift={
        payloads.Jobs: Lift(
            old.Jobs,
            lambda answer: payloads.Jobs(**old.common(answer), jobs=[*map(old.lift_job, answer.jobs)]),
        ),
        payloads.Nodes: Lift(
            old.Nodes,
            lambda answer: payloads.Nodes(**old.common(answer), nodes=[*map(old.lift_node, answer.nodes)]),
        ),
        payloads.Partitions: Lift(
            old.Partitions,
            lambda answer: payloads.Partitions(
                **old.common(answer), partitions=[*map(old.lift_partition, answer.partitions)]
            ),
        ),
        payloads.Reservations: Lift(
            old.Reservations,
            lambda answer: payloads.Reservations(
                **old.common(answer), reservations=[*map(old.lift_reservation, answer.reservations)]
            ),
        ),
        payloads.Pings: Lift(
            old.Pings,
            lambda answer: payloads.Pings(
                **old.common(answer),
                pings=[payloads.Ping(responding=ping.ping == "UP") for ping in answer.pings],
            ),
        ),
        payloads.Submission: Lift(
            old.Submission,
            lambda answer: payloads.Submission(
                **old.common(answer), job_id=answer.job_id, job_submit_user_msg=answer.job_submit_user_msg
            ),
        ),
        payloads.Written: Lift(old.Written, _lift_written),
        payloads.Killed: Lift(old.Written, lambda answer: payloads.Killed(**old.common(answer))),
        accounted.Users: Lift(
            old_accounted.Users,
            lambda answer: accounted.Users(
                **old.common(answer), users=[*map(old_accounted.lift_user, answer.users)]
            ),
        ),
        accounted.Associations: Lift(
            old_accounted.Associations,
            lambda answer: accounted.Associations(**old.common(answer), associations=answer.associations),
        ),
        accounted.Clusters: Lift(
            old_accounted.Clusters,
            lambda answer: accounted.Clusters(**old.common(answer), clusters=answer.clusters),
        ),
        accounted.Jobs: Lift(
            old_accounted.Jobs,
            lambda answer: accounted.Jobs(
                **old.common(answer), jobs=[*map(old_accounted.lift_job, answer.jobs)]
            ),
        ),
    },
    lower={
        "list jobs": _without_flags,
        "show job": _without_query,
        "list partitions": _without_query,
        "list users": _without_query,
        "list accounted jobs": _joined_states,
        "signal": _without_flags,
        "submit": _lower_submission,
        "update job": _lower_update,
    },
    has=frozenset({"tell the default partition"}),
    lacks={
        "kill": "slurmrestd v0.0.38 cannot kill a job at once, only cancel it with KillWait",
        "tell exit codes": "slurmrestd v0.0.38 does not tell the exit codes of jobs in accounting",
        "requeue": "slurmrestd v0.0.38 cannot requeue jobs",
        "update nodes": "slurmrestd v0.0.38 cannot change nodes",
        "list shares": "slurmrestd v0.0.38 does not tell shares",
        "show configuration": "slurmrestd v0.0.38 does not tell its configuration",
    },
)
