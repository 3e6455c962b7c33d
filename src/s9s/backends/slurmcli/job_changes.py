"""What users do to jobs, each time as the user who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from signal import SIGKILL
from typing import Any, Final

from s9s.backends.slurmcli import sbatch, scancel, scontrol
from s9s.backends.slurmcli.errors import Asked, check, error_of
from s9s.backends.slurmcli.job_ids import checked
from s9s.backends.slurmcli.live import LiveJobs
from s9s.backends.slurmcli.programs import Programs, in_memory
from s9s.domain.errors import PermissionDenied, ResourceConflict, ResourceNotFound, ValidationError
from s9s.domain.jobs import Job, JobState, JobSubmission, JobUpdate, Submitted

#: A job's environment begins with what a fresh login has.
_LOGIN: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/bash"}

#: What fits a command line; the others are ended as in any cancel.
_MOST_STEPS: Final = 1000
_MOST_KILLS: Final = 4
_MOST_SIGNAL: Final = 64
_WITH_PROCESSES: Final = frozenset({JobState.RUNNING, JobState.SUSPENDED})


class JobChanges:
    """Submission of jobs and changes to them."""

    def __init__(self, programs: Programs, live: LiveJobs) -> None:
        self._programs = programs
        self._live = live
        # Each has one command waiting for another: together they must never take all that may run at once.
        self._kills = asyncio.Semaphore(_MOST_KILLS)

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        """See `Backend.submit`."""
        identity = self._programs.processes.identities.of(actor)
        if identity is None:
            raise PermissionDenied(f"{actor} is no user of this host", user=actor)
        login = _LOGIN | {"HOME": identity.home, "USER": actor, "LOGNAME": actor}
        asked = Asked(action="submit the job", values=submission)
        with in_memory(sbatch.environment(submission, login)) as environment:
            finished = await self._programs.run(
                sbatch.argv(submission, identity.home, environment),
                actor=actor,
                input=sbatch.script(submission),
                pass_fds=[environment],
            )
        check(finished, asked)
        try:
            return sbatch.parse(finished.stdout, finished.stderr)
        except ValueError as error:
            raise error_of(finished, asked) from error

    async def cancel(self, job_id: str, actor: str, signal: int | None, *, force: bool) -> None:
        """See `Backend.cancel`."""
        if signal is not None and not 1 <= signal <= _MOST_SIGNAL:
            raise ValidationError.of("signal", signal, f"1 to {_MOST_SIGNAL}")
        jobs = await self._unfinished(job_id)
        if signal not in (None, SIGKILL):  # to Slurm a KILL is a cancel
            if not any(job.state in _WITH_PROCESSES for job in jobs):
                raise ResourceConflict(f"Job {job_id} is not running", job_id=job_id)
            # As slurmrestd does it: to the batch script's shell and the steps, not to the shell's children.
            for command in (scancel.signal_script(job_id, signal), scancel.signal_steps(job_id, signal)):
                await self._run("signal", job_id, actor, command)
            return
        if force and any(job.state in _WITH_PROCESSES for job in jobs):
            await self._kill(job_id, actor)
        else:
            await self._run("cancel", job_id, actor, scancel.cancel(job_id))

    async def update(self, job_id: str, update: JobUpdate, actor: str) -> None:
        """See `Backend.update_job`."""
        if update.hold and any(job.state is not JobState.PENDING for job in await self._unfinished(job_id)):
            # Slurm would take the running job's priority away and say JobHeldUser.
            raise ResourceConflict(f"Job {job_id} is not pending and cannot be held", job_id=job_id)
        if (command := scontrol.update_job(checked(job_id), update)) is not None:
            await self._run("update", job_id, actor, command, update)
        if update.hold is not None:
            await self.act("hold" if update.hold else "release", job_id, actor)

    async def act(self, verb: str, job_id: str, actor: str) -> None:
        """Hold, release, requeue, suspend or resume; see `Backend`."""
        await self._run(verb, job_id, actor, scontrol.on_job(verb, checked(job_id)))

    async def _kill(self, job_id: str, actor: str) -> None:
        """End a job at once and as CANCELLED.

        By itself a killed job is FAILED; and to a job that is cancelled slurmctld passes nothing on, so that
        its processes have KillWait to ignore TERM. So the kill comes first and the cancel before slurmctld
        hears of the death, some 10 ms later. On a busy host it may come too late, and the job is FAILED.
        """
        async with self._kills:
            await self._kill_and_cancel(job_id, actor)

    async def _kill_and_cancel(self, job_id: str, actor: str) -> None:
        with scancel.Confirmation() as confirmation:
            confirmed = scancel.cancel_when_confirmed(job_id)
            cancel = asyncio.create_task(
                self._run("cancel", job_id, actor, confirmed, stdin=confirmation.input)
            )
            try:
                steps = (await self._live.steps(job_id))[:_MOST_STEPS]
                await confirmation.wanted(cancel)
                kills = [scancel.kill_steps(steps)] if steps else []
                is_killed = False
                for command in (*kills, scancel.signal_script(job_id)):
                    # It may be in its prolog, with nothing to kill, or have ended since it was looked at.
                    with suppress(ResourceConflict, ResourceNotFound):
                        await self._run("kill", job_id, actor, command)
                        is_killed = True
                confirmation.give()
                # If its death is known before the cancel comes, it is over all the same.
                with suppress(*([ResourceConflict] if is_killed else [])):
                    await cancel
            finally:
                cancel.cancel()
                await asyncio.wait({cancel})

    async def _run(
        self,
        verb: str,
        job_id: str,
        actor: str,
        argv: Sequence[str],
        values: Any = None,
        stdin: int | None = None,
    ) -> None:
        asked = Asked(action=f"{verb} job {job_id}", resource_type="job", resource_id=job_id, values=values)
        check(await self._programs.run(argv, actor=actor, input=stdin), asked)

    async def _unfinished(self, job_id: str) -> list[Job]:
        """What of a job has not ended, as the server sees it: scancel is silent on what it does not find."""
        jobs = [job for job in await self._live.named(job_id) if not job.state.is_finished]
        if not jobs:
            raise ResourceConflict(f"Job {job_id} has already finished", job_id=job_id)
        return jobs
