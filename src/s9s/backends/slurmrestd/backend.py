"""A cluster reached through slurmrestd."""

from __future__ import annotations

import asyncio
import pwd
import time
from collections.abc import Callable, Sequence
from typing import Final

from s9s.backends.base import Feed, Unsupported
from s9s.backends.slurmrestd import build, parse, payloads
from s9s.backends.slurmrestd.accounting import Accounting
from s9s.backends.slurmrestd.cancellation import Cancellation
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.discovery import discover
from s9s.backends.slurmrestd.errors import Asked, Problem, error_of, most_telling
from s9s.backends.slurmrestd.feeds import JobsFeed, NodesFeed
from s9s.backends.slurmrestd.lookup import JobLookup, asked
from s9s.backends.slurmrestd.submissions import check_script, submit
from s9s.backends.slurmrestd.tokens import TokenSource
from s9s.backends.slurmrestd.transport import Transport
from s9s.backends.slurmrestd.wire import Network
from s9s.domain.accounting import User
from s9s.domain.clusters import ClusterInfo
from s9s.domain.directives import with_directives
from s9s.domain.errors import ResourceConflict, ResourceNotFound, SlurmError, SlurmUnavailable
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobDetails, JobState, JobSubmission, JobUpdate, Submitted
from s9s.domain.nodes import Node, NodeUpdate
from s9s.domain.partitions import Partition
from s9s.domain.reservations import Reservation

#: So many nodes are looked at one by one; a list of all is 13 MB for 5,000 of them.
_FEW_NODES: Final = 8
#: Homes are remembered for that many.
_MANY_USERS: Final = 4096


def _home(user: str) -> str:
    return pwd.getpwnam(user).pw_dir


class RestBackend:
    """`base.Backend` over slurmrestd.

    Args:
        url: ``http://127.0.0.1:6820``, ``https://...`` or ``unix:/run/slurmrestd.sock``.
        tokens: Whose name calls are made in.
        home: A user's home directory, where jobs start that do not say; `KeyError` where it is not known. May
            block.
        timeout_seconds: For an answer to begin, and between its parts.
        ca: Certificates of the authorities that may vouch for an ``https://`` address; ``None``: the host's.
        network: Replaces the network, for tests.
    """

    def __init__(
        self,
        *,
        url: str,
        tokens: TokenSource,
        home: Callable[[str], str] = _home,
        timeout_seconds: float = 60.0,
        ca: str | None = None,
        network: Network | None = None,
    ) -> None:
        self._tokens = tokens
        self._home = home
        self._homes: dict[str, str] = {}
        self._client = Client(Transport(url, ca=ca, network=network), tokens, timeout_seconds=timeout_seconds)
        self._lookup = JobLookup(self._client)
        self._cancellation = Cancellation(self._client, self._lookup)
        self._accounting = Accounting(self._client)

    async def discover(self) -> ClusterInfo:
        info = await discover(self._client, self._accounting, self._tokens)
        self._accounting.cluster = info.name or None
        return info

    async def close(self) -> None:
        await self._client.close()

    async def ping(self) -> None:
        if not await self._client.responds():
            raise SlurmUnavailable("slurmctld does not answer slurmrestd, or refuses this server's token")

    # -- reads -----------------------------------------------------------------------------------------------

    def jobs_feed(self) -> Feed[Job]:
        return JobsFeed(self._client)

    def nodes_feed(self) -> Feed[Node]:
        return NodesFeed(self._client)

    async def partitions(self) -> list[Partition]:
        listed = Asked(action="list partitions")
        answer = await self._client.ask(build.LIST_PARTITIONS, payloads.Partitions, listed)
        return [parse.partition(partition) for partition in answer.partitions]

    async def reservations(self) -> list[Reservation]:
        listed = Asked(action="list reservations")
        answer = await self._client.ask(build.LIST_RESERVATIONS, payloads.Reservations, listed)
        return [parse.reservation(reservation, time.time()) for reservation in answer.reservations]

    async def users(self) -> list[User]:
        return await self._accounting.users()

    async def finished_jobs(self, start: int, end: int) -> list[Job]:
        return await self._accounting.finished_jobs(start, end)

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        return await self._accounting.finished_with_usage(start, end)

    async def job(self, job_id: str, actor: str | None = None) -> JobDetails:
        live = await self._lookup.live(job_id, actor)
        if live is not None and live.start_time is None:
            return JobDetails(job=live)
        try:
            accounted = await self._lookup.accounted(job_id, actor)
        except SlurmError:
            if live is None:
                raise
            accounted = None  # that accounting is out must not hide a live job
        recorded, usage = accounted or (None, None)
        job = live or recorded
        if job is None:
            raise ResourceNotFound.of("job", job_id)
        return JobDetails(job=job, usage=usage)

    # -- writes ----------------------------------------------------------------------------------------------

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        check_script(submission.script)
        complete, unknown = with_directives(submission)
        if unknown:
            raise Unsupported(f"slurmrestd has no field for the directive {unknown[0]!r}")
        request = submit(complete, actor=actor, home=await self._home_of(actor))
        submitting = Asked(action="submit the job", is_submission=True)
        answer = await self._client.call(request, payloads.Submission, submitting, actor=actor)
        if answer is None or not answer.job_id:
            problems = answer.errors if answer else []
            raise error_of(most_telling(problems or [Problem(error="no job id")]), submitting)
        return Submitted(job_id=str(answer.job_id), message=_remarks(answer))

    async def _home_of(self, user: str) -> str | None:
        """The user's home, asked for once; ``None`` where it is not known."""
        if user not in self._homes:
            try:
                home = await asyncio.to_thread(self._home, user)
            except KeyError:
                return None
            if len(self._homes) >= _MANY_USERS:
                self._homes.clear()
            self._homes[user] = home
        return self._homes[user]

    async def cancel(
        self, job_id: str, actor: str, *, signal: int | None = None, force: bool = False
    ) -> None:
        await self._cancellation.cancel(job_id, actor, signal=signal, force=force)

    async def update_job(self, job_id: str, update: JobUpdate, actor: str) -> None:
        records = await self._lookup.all_live(job_id, actor)
        # On a running job a hold does nothing but set its priority to 0, and a release nothing at all.
        if update.hold is not None and not any(job.state is JobState.PENDING for job in records):
            verb = "held" if update.hold else "released"
            raise ResourceConflict(
                f"Job {job_id} is not pending and cannot be {verb}", state=str(records[0].state)
            )
        request = build.update_job(_write_id(job_id, records[0]), update)
        await self._client.ask(request, payloads.Written, asked("change", job_id), actor=actor)

    async def requeue(self, job_id: str, actor: str) -> None:
        await self._client.require("requeue")
        records = await self._lookup.all_live(job_id, actor)
        request = build.requeue_job(_write_id(job_id, records[0]))
        await self._client.ask(request, payloads.Written, asked("requeue", job_id), actor=actor)

    async def suspend(self, job_id: str, actor: str) -> None:
        raise Unsupported("slurmrestd cannot suspend jobs")

    async def resume(self, job_id: str, actor: str) -> None:
        raise Unsupported("slurmrestd cannot resume jobs")

    async def update_nodes(self, names: Sequence[str], update: NodeUpdate, actor: str) -> None:
        await self._client.require("update nodes")
        for name in await self._unknown_nodes(names):
            raise ResourceNotFound.of("node", name)
        named = ",".join(names)
        changing = Asked(action=f"change node {named}", resource_type="node", resource_id=named)
        request = build.update_nodes(names, update)
        await self._client.ask(request, payloads.Written, changing, actor=actor)

    async def _unknown_nodes(self, names: Sequence[str]) -> list[str]:
        looking = Asked(action="look at nodes")
        if len(names) > _FEW_NODES:
            listed = await self._client.ask(build.list_nodes(None), payloads.Nodes, looking)
            found = {node.name for node in listed.nodes}
        else:
            requests = [self._client.call(build.show_node(name), payloads.Nodes, looking) for name in names]
            # Unknown is HTTP 200, no nodes, and an error without a number (24.11, 26.05).
            answers = await asyncio.gather(*requests)
            found = {node.name for answer in answers if answer for node in answer.nodes}
        return [name for name in names if name not in found]


def _remarks(answer: payloads.Submission) -> str | None:
    """What Slurm says beside the id of an accepted job: that it is held, or waits for resources.

    22.05 lists that among the errors (2015, 2042), 24.11 and 26.05 twice among the warnings.
    """
    said = [problem.text for problem in [*answer.errors, *answer.warnings]]
    texts = dict.fromkeys(filter(None, [answer.job_submit_user_msg, *said]))
    once = [text for text in texts if not any(other != text and text.endswith(other) for other in texts)]
    return "; ".join(once) or None


def _write_id(job_id: str, job: Job) -> str:
    """The id that updates take: tasks and components have none but their own numbers (24.11, 26.05)."""
    if job_id.isdigit():
        return job_id
    if "_" in job_id and job.numeric_id == job.array_job_id:
        # The number means the whole array; this task has no record of its own, or was the last to get one.
        raise Unsupported(f"slurmrestd cannot change task {job_id} by itself")
    return str(job.numeric_id)
