"""sbatch: what a submission asks for, checked as slurmctld checks it."""

from __future__ import annotations

import posixpath
from typing import Final

from s9s.backends.simulated.arrays import parse_array
from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.conditions import Dependency
from s9s.backends.simulated.courses import course_of_script
from s9s.backends.simulated.lifecycle import Lifecycle
from s9s.backends.simulated.privileges import ACCESS_DENIED, Privileges
from s9s.backends.simulated.records import Batch, LimitSignal, Record, Tasks, asked
from s9s.backends.simulated.requests import Request, read_request
from s9s.domain.directives import with_directives
from s9s.domain.errors import PermissionDenied, SlurmError, ValidationError
from s9s.domain.jobs import Job, JobState, JobSubmission, Submitted
from s9s.domain.signals import signal_number

#: Slurm's default for a job script's largest size.
MAX_SCRIPT_BYTES: Final = 4 << 20


class Submissions:
    """Turns submissions into pending jobs.

    Args:
        cluster: Where they go.
        lifecycle: Takes the new jobs.
        privileges: Who may ask for what.
        runs_jobs: Whether they will really be run, or follow what their script looks like.
    """

    def __init__(
        self, cluster: Cluster, lifecycle: Lifecycle, privileges: Privileges, *, runs_jobs: bool
    ) -> None:
        self._cluster = cluster
        self._lifecycle = lifecycle
        self._privileges = privileges
        self._runs_jobs = runs_jobs

    def submit(self, submission: JobSubmission, actor: str, home: str) -> Submitted:
        """Submit a batch job.

        Args:
            submission: What the client wants; the script's ``#SBATCH`` lines are added here.
            actor: Whose job it will be.
            home: The actor's home directory.

        Raises:
            ValidationError: with Slurm's words and the field that they are about.
            PermissionDenied: for what takes an operator.
            SlurmError: when a limit on submitted jobs is reached.
        """
        _check_script(submission.script)
        submission, unknown = with_directives(submission)
        self._check_privileges(submission, actor)
        request = read_request(self._cluster, submission, actor)
        numeric_id = self._cluster.ids.next()
        tasks = _tasks(submission, numeric_id)
        dependency = self._dependency(submission)
        if not self._cluster.limits.may_submit(actor, request.qos, tasks.count if tasks else 1):
            raise SlurmError.of("submit the job", "Job violates accounting/QOS policy (job submit limit, "
                                "user's size and/or time limits)", 2050)  # fmt: skip
        record = self._record(submission, request, actor, home, numeric_id, tasks)
        self._lifecycle.enter(record, dependency)
        remarks = f"not understood and left out: {'; '.join(unknown)}" if unknown else None
        return Submitted(job_id=str(numeric_id), message=remarks)

    def _record(
        self,
        submission: JobSubmission,
        request: Request,
        actor: str,
        home: str,
        numeric_id: int,
        tasks: Tasks | None,
    ) -> Record:
        now = self._cluster.instant
        job = Job(
            job_id=str(numeric_id),
            numeric_id=numeric_id,
            job_name=submission.job_name or "sbatch",
            user=actor,
            state=JobState.PENDING,
            account=request.account,
            partition=request.partition,
            qos=request.qos,
            array_job_id=numeric_id if tasks else None,
            array_tasks=tasks.shown if tasks else None,
            submit_time=now,
            time_limit_seconds=request.time_limit_seconds,
            working_directory=posixpath.join(home, submission.working_directory or "").rstrip("/") or "/",
            standard_input=submission.standard_input,
            standard_output=submission.standard_output,
            standard_error=submission.standard_error,
            comment=submission.comment,
            features=submission.constraint,
            priority=submission.priority,
        )
        return Record(
            job=asked(job, request.need),
            need=request.need,
            course=None
            if self._runs_jobs
            else course_of_script(submission.script, self._cluster.seed, numeric_id),
            batch=Batch(
                script=submission.script,
                environment=submission.environment,
                tasks=request.tasks,
                tasks_per_node=submission.tasks_per_node,
                appends=submission.open_mode == "append",
                limit_signal=_limit_signal(submission.signal),
            ),
            tasks=tasks,
            nice=submission.nice or 0,
            has_fixed_priority=bool(submission.priority),
            held_by="user" if submission.hold or submission.priority == 0 else None,
            begin_time=submission.begin_time,
            deadline=submission.deadline,
            can_requeue=submission.requeue is not False,
        )

    def _check_privileges(self, submission: JobSubmission, actor: str) -> None:
        if self._privileges.is_operator(actor):
            return
        if submission.nice is not None and submission.nice < 0:
            raise ValidationError.of("nice", submission.nice, "0 or more; operators may go below")
        if submission.priority:
            raise PermissionDenied(f"Setting a priority: {ACCESS_DENIED}")

    def _dependency(self, submission: JobSubmission) -> Dependency | None:
        if not submission.dependency:
            return None
        try:
            dependency = Dependency.parse(submission.dependency)
        except ValueError as problem:
            raise _dependency_problem(submission.dependency, str(problem)) from problem
        for condition in dependency.conditions:
            # 24.11 and 26.05 refuse unknown jobs; 22.05 takes them.
            if condition.job_id is not None and not self._cluster.meant_by(condition.job_id):
                raise _dependency_problem(submission.dependency, f"there is no job {condition.job_id}")
        return dependency if dependency.conditions else None


def _dependency_problem(value: str, allowed: str) -> ValidationError:
    return ValidationError.of("dependencies", value, allowed, "Job dependency problem")


def _check_script(script: str) -> None:
    if not script.startswith("#!"):
        raise ValidationError.of(
            "script", script[:80], "text that starts with #! and the path of an interpreter",
            "This does not look like a batch script. The first line must start with #! followed by the path "
            "to an interpreter",
        )  # fmt: skip
    if "\0" in script or len(script.encode(errors="replace")) > MAX_SCRIPT_BYTES:
        raise ValidationError.of(
            "script", script[:80], f"text of at most {MAX_SCRIPT_BYTES} bytes without NUL",
            "Pathname of a file, directory or other parameter too long",
        )  # fmt: skip


def _tasks(submission: JobSubmission, numeric_id: int) -> Tasks | None:
    if submission.array is None:
        return None
    try:
        return parse_array(numeric_id, submission.array)
    except ValueError as problem:
        raise ValidationError.of(
            "array", submission.array, "task numbers like 0-9, 1,3,5-11:2 or 0-15%4, below 1001", str(problem)
        ) from problem


def _limit_signal(text: str | None) -> LimitSignal | None:
    """``--signal=[{R|B}:]SIG[@seconds]``; sent 60 seconds ahead unless it says otherwise."""
    if not text:
        return None
    name, _, seconds = text.rpartition(":")[2].partition("@")
    try:
        return LimitSignal(signal_number(name), int(seconds or 60))
    except ValueError as problem:
        raise ValidationError.of("signal", text, "[B:]SIG[@seconds], like USR1@120") from problem
