"""Who may do what: the one place for decisions about permission.

A caller acts in Slurm as their own Slurm user, so what may be changed there is Slurm's decision. What
is decided here is what a credential may be used for at all (its scopes) and what of the snapshot, which
the server read with its own identity, a caller gets to see (Slurm's PrivateData). A role adds sight,
never power in Slurm.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from s9s.domain.accounting import User
from s9s.domain.alerts import Alert
from s9s.domain.clusters import ClusterInfo
from s9s.domain.credentials import NO_RESTRICTIONS, Kind, Restrictions
from s9s.domain.directives import other_identity, with_directives
from s9s.domain.errors import PermissionDenied
from s9s.domain.jobs import Job, JobSubmission
from s9s.domain.nodes import Node
from s9s.domain.queries import Visibility

#: What a credential can be narrowed to, and what each is good for.
SCOPES: Final = {
    "admin": "Everything, and the administration of S9S itself; for administrators only",
    "alerts:read": "List alerts, and hear of them",
    "alerts:write": "Acknowledge alerts; for operators also silence them",
    "jobs:read": "List and look up jobs, read their output",
    "jobs:write": "Submit, cancel, hold, release and change jobs",
    "metrics:read": "Read the cluster's metrics",
    "nodes:read": "List and look up nodes",
    "nodes:write": "Drain, resume and change nodes, as far as Slurm allows the user",
    "partitions:read": "List and look up partitions",
    "reports:read": "List and fetch one's own reports and their schedules",
    "reports:write": "Have reports made and scheduled of what one may see, and delete them",
    "tokens:read": "List one's own credentials",
    "tokens:write": "Make narrower credentials of one's own and revoke them",
    "users:read": "List and look up users",
    "webhooks:read": "List one's own webhooks and what they delivered",
    "webhooks:write": "Have what one may hear of posted to other servers",
}


#: What a credential must be good for to hear of changes, by channel.
CHANNEL_SCOPES: Final = {
    "jobs": "jobs:read",
    "nodes": "nodes:read",
    "metrics": "metrics:read",
    "queue": "jobs:read",
    "alerts": "alerts:read",
}

_HET_JOB: Final = re.compile(r"^#SBATCH\b.*\b(het|pack)job\b", re.MULTILINE | re.IGNORECASE)


class Role(StrEnum):
    """How much of the cluster the holder of a credential gets to see."""

    USER = "user"
    """What Slurm shows to any user."""
    OPERATOR = "operator"
    """Everything, also where PrivateData hides it from users."""
    ADMIN = "admin"
    """As an operator, besides other users' environment and command, and the administration of S9S."""

    @property
    def rank(self) -> int:
        """Higher sees more."""
        return list(Role).index(self)


class Caller(Struct, frozen=True):
    """Whoever makes a request."""

    user: str
    """The Slurm user as whom everything is done."""
    role: Role
    """No more than Slurm says of the user at the moment (`services.roles`)."""
    scopes: frozenset[str] = frozenset()
    """Empty: all that the role may."""
    token_id: str = ""
    """Public id of the credential; never the secret."""
    tier: str = "free"
    kind: Kind = Kind.TOKEN
    restrictions: Restrictions = NO_RESTRICTIONS
    expires_at: int | None = None
    """When the credential ends, epoch seconds; ``None``: never."""
    limit: Role | None = None
    """The role that the credential was made with; ``None``: whatever Slurm says."""

    @property
    def granted(self) -> frozenset[str]:
        """The scopes that the credential is really good for."""
        return frozenset(scope for scope in SCOPES if self.allows(scope))

    def allows(self, scope: str) -> bool:
        """Whether the credential may be used for this; `admin` takes the role as well."""
        if self.scopes and not self.scopes & {scope, "admin"}:
            return False
        return scope != "admin" or self.role is Role.ADMIN

    @property
    def sees_everything(self) -> bool:
        """Whether PrivateData does not hold for the caller, as it does not for Slurm's operators."""
        return self.role is not Role.USER


def may_see_all(caller: Caller, info: ClusterInfo, kind: str) -> bool:
    """Whether Slurm's PrivateData leaves the caller the sight of everybody's things of one kind.

    Args:
        caller: Whoever asks.
        info: Of the cluster.
        kind: A word of PrivateData: ``jobs``, ``nodes``, ``partitions``, ``usage``, ``users``, ...
    """
    return caller.sees_everything or kind not in info.private_data


def job_visibility(caller: Caller, info: ClusterInfo, user: User | None) -> Visibility | None:
    """Which jobs a caller may see, and so do anything about.

    With PrivateData=jobs these are their own and those of accounts they coordinate; the restrictions of the
    credential narrow them further.

    Args:
        caller: Whoever asks.
        info: Of the cluster that holds the jobs.
        user: The caller's user as accounting knows it; ``None`` coordinates nothing.

    Returns:
        ``None`` for all jobs.
    """
    sight = visibility_of(caller, info, user, "jobs")
    narrow = caller.restrictions
    if narrow.accounts:
        sight = Visibility(accounts=narrow.accounts, within=sight)
    if narrow.partitions:
        sight = Visibility(partitions=narrow.partitions, within=sight)
    if narrow.own_jobs_only:
        sight = Visibility(users=frozenset({caller.user}), within=sight)
    return sight


def usage_visibility(caller: Caller, info: ClusterInfo, user: User | None) -> Visibility | None:
    """Which jobs' use of resources a caller may see: PrivateData=usage hides it, where the jobs may be seen.

    Args and result as in `job_visibility`.
    """
    jobs = job_visibility(caller, info, user)
    usage = visibility_of(caller, info, user, "usage")
    return jobs if usage is None else structs.replace(usage, within=jobs)


def visibility_of(caller: Caller, info: ClusterInfo, user: User | None, kind: str) -> Visibility | None:
    """Whose things of one kind (a word of PrivateData) a caller may see. As `job_visibility`."""
    if may_see_all(caller, info, kind):
        return None
    return Visibility(frozenset({caller.user}), frozenset(user.coordinator_of if user else ()))


def may_see_job_totals(caller: Caller, info: ClusterInfo, partition: str | None = None) -> bool:
    """Whether a caller may be told how many jobs there were of everybody, in the cluster or one partition.

    What a caller may not see one by one is not told in sum either.
    """
    narrow = caller.restrictions
    if narrow.accounts or narrow.own_jobs_only or (narrow.partitions and partition not in narrow.partitions):
        return False
    return may_see_all(caller, info, "jobs")


def require_totals(caller: Caller, info: ClusterInfo) -> None:
    """Let only callers pass from whom nothing of the cluster as a whole is hidden.

    Raises `PermissionDenied`.
    """
    if not (
        may_see_job_totals(caller, info)
        and may_see_all(caller, info, "nodes")
        and may_see_all(caller, info, "partitions")
    ):
        raise PermissionDenied("This credential does not see the whole cluster")


def report_visibility(caller: Caller, info: ClusterInfo, user: User | None) -> Visibility | None:
    """Whose jobs a report for a caller sums over: what `job_visibility` and PrivateData=usage allow."""
    sight = job_visibility(caller, info, user)
    if may_see_all(caller, info, "usage"):
        return sight
    own = visibility_of(caller, info, user, "usage") or Visibility()
    return Visibility(users=own.users, accounts=own.accounts, within=sight)


def report_partitions(caller: Caller, wanted: frozenset[str] | None) -> frozenset[str] | None:
    """The partitions of a report: those that are wanted, or all that the credential is for.

    Raises `PermissionDenied` for what is beyond the credential.
    """
    allowed = caller.restrictions.partitions
    if not allowed:
        return wanted
    if wanted is not None and not wanted <= allowed:
        raise _beyond("partition", ",".join(sorted(wanted - allowed)), allowed)
    return wanted or allowed


def may_report_on_all(caller: Caller, info: ClusterInfo, partitions: frozenset[str] | None) -> bool:
    """Whether a report for a caller may hold sums over everybody's jobs and nodes in these partitions."""
    names = [None] if partitions is None else sorted(partitions)
    return (
        all(may_see_job_totals(caller, info, name) for name in names)
        and may_see_all(caller, info, "nodes")
        and may_see_all(caller, info, "partitions")
    )


def require_channel(caller: Caller, info: ClusterInfo, user: User | None, channel: str) -> Visibility | None:
    """Let only those hear of changes who may list what changes; which jobs they may hear of.

    Statistics tell of everybody's jobs and nodes, so they are for those who may see them all.

    Args:
        caller: Whoever subscribes.
        info: Of the cluster.
        user: The caller's user as accounting knows it.
        channel: ``jobs``, ``nodes``, ``queue``, ``metrics`` or ``alerts``.

    Returns:
        As `job_visibility`; ``None`` for channels of something else.

    Raises:
        PermissionDenied: With what is missing.
    """
    require_scope(caller, CHANNEL_SCOPES[channel])
    visibility = job_visibility(caller, info, user)
    if channel == "jobs":
        return visibility
    if channel == "alerts":
        return alert_visibility(caller, info, user)
    if channel in ("queue", "metrics") and not may_see_job_totals(caller, info):
        raise PermissionDenied(f"The channel {channel} tells of jobs that you may not see", channel=channel)
    if channel in ("nodes", "metrics") and not may_see_all(caller, info, "nodes"):
        raise PermissionDenied("Nodes are private on this cluster", private_data="nodes")
    return None


def alert_visibility(caller: Caller, info: ClusterInfo, user: User | None) -> Visibility | None:
    """About whose jobs a caller gets alerts: their own, an operator all. As `job_visibility`."""
    sight = job_visibility(caller, info, user)
    return sight if caller.sees_everything else Visibility(users=frozenset({caller.user}), within=sight)


def may_see_alert(visibility: Visibility | None, sees_nodes: bool, alert: Alert) -> bool:
    """Whether an alert may be seen.

    Args:
        visibility: As `alert_visibility` has it.
        sees_nodes: Whether the caller may see nodes.
        alert: The alert; one about neither a job nor a node is for everybody.
    """
    if (job := alert.job) is not None:
        return may_see_job(visibility, job)
    return sees_nodes or not alert.rule.is_about_a_node


def require_alert_change(caller: Caller, owner: str | None) -> None:
    """Let only operators pass, and the owner of the job that an alert is about. Raises `PermissionDenied`."""
    if not caller.sees_everything and caller.user != owner:
        raise PermissionDenied(f"Only operators{f' and {owner}' if owner else ''} may do this")


def may_see_user(visibility: Visibility | None, user: User) -> bool:
    """Whether a user is one whom `visibility_of` allows: oneself, or a member of a coordinated account."""
    return (
        visibility is None
        or user.username in visibility.users
        or any(one.account in visibility.accounts for one in user.associations)
    )


def may_see_job(visibility: Visibility | None, job: Job) -> bool:
    """Whether one job is among those that `job_visibility` allows."""
    while visibility is not None:
        if not (
            job.user in visibility.users
            or (job.account or "").lower() in map(str.lower, visibility.accounts)
            or not visibility.partitions.isdisjoint(job.partition.split(","))
        ):
            return False
        visibility = visibility.within
    return True


def narrowed_submission(
    caller: Caller, submission: JobSubmission, user: User | None, default_partition: str | None
) -> JobSubmission:
    """The submission, with account and partition spelled out where the credential is for some only.

    What is spelled out wins over the script's own directives, whichever way it is submitted.

    Args:
        caller: Whoever submits.
        submission: With the script's text.
        user: The caller's user as accounting knows it; ``None`` has no default account.
        default_partition: Where jobs go that name none; ``None``: there is no such.

    Raises:
        PermissionDenied: For what is beyond the credential, and for a script that names another user: a job
            belongs to its submitter, be that root.
    """
    if option := other_identity(submission.script):
        raise PermissionDenied(
            f"A job runs as the user who submits it: the script must not say {option}",
            parameter="script",
            value=option,
        )
    narrow = caller.restrictions
    if not (narrow.accounts or narrow.partitions):
        return submission
    if _HET_JOB.search(submission.script):
        # Options outside the script go for its first component only.
        raise PermissionDenied("This credential is not for heterogeneous jobs")
    wanted, _ = with_directives(submission)
    if narrow.accounts:
        account = wanted.account or (user.default_account if user else None)
        if account is None or account.lower() not in narrow.accounts:
            raise _beyond("account", account, narrow.accounts)
        submission = structs.replace(submission, account=account)
    if narrow.partitions:
        partition = wanted.partition or default_partition
        if partition is None or not narrow.partitions.issuperset(partition.split(",")):
            raise _beyond("partition", partition, narrow.partitions)
        submission = structs.replace(submission, partition=partition)
    return submission


def require_node(caller: Caller, node: Node) -> None:
    """Let only credentials change a node that are for all the jobs that there may be on it.

    Raises `PermissionDenied`.
    """
    narrow = caller.restrictions
    if narrow.accounts or narrow.own_jobs_only:
        raise PermissionDenied("This credential is for some jobs only, and a node is for those of others too")
    if narrow.partitions and not narrow.partitions.issuperset(node.partitions):
        raise _beyond("partition", ",".join(node.partitions), narrow.partitions)


def _beyond(what: str, value: str | None, allowed: frozenset[str]) -> PermissionDenied:
    return PermissionDenied(
        f"This credential is not for the {what} {value}"
        if value
        else f"This credential needs a named {what}",
        parameter=what,
        value=value,
        allowed=sorted(allowed),
    )


def may_see_secrets(caller: Caller, job_owner: str) -> bool:
    """Whether a job's environment and command may be shown: to its owner and to administrators."""
    return caller.user == job_owner or caller.role is Role.ADMIN


def require_owner(caller: Caller, job_owner: str, action: str) -> None:
    """Let only a job's owner and administrators pass.

    Args:
        caller: Whoever asks.
        job_owner: The job's user.
        action: What is to be done, for the message: ``read the output of job 7``.

    Raises:
        PermissionDenied: For everyone else.
    """
    if not may_see_secrets(caller, job_owner):
        raise PermissionDenied(f"Only {job_owner} and administrators may {action}")


def require_own(caller: Caller, owner: str, what: str) -> None:
    """Let only the user pass whom something belongs to: it acts with whoever's credential changes it.

    Raises `PermissionDenied`.
    """
    if caller.user != owner:
        raise PermissionDenied(f"Only {owner} may do this with the {what}")


def require_scope(caller: Caller, scope: str) -> None:
    """Let only credentials pass that may be used for this. Raises `PermissionDenied`."""
    if not caller.allows(scope):
        raise PermissionDenied(f"This credential does not allow {scope}", required_scope=scope)


def may_see_made(caller: Caller, owner: str, credential: str, scope: str) -> bool:
    """Whether a caller may have a file that somebody asked for: its owner, and administrators.

    The file holds what the credential that asked for it may see: one that is for less gets only its own.

    Args:
        caller: Whoever wants it.
        owner: The user who asked for it.
        credential: Public id of the credential that did.
        scope: What it takes to see what is in it.
    """
    if not caller.allows(scope):
        return False
    if caller.restrictions.narrows_jobs:
        return caller.user == owner and caller.token_id == credential
    return caller.user == owner or caller.role is Role.ADMIN
