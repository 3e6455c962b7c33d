"""Who may do what: the one place for decisions about permission.

A caller acts in Slurm as their own Slurm user, so what may be changed there is Slurm's decision. What
is decided here is what a credential may be used for at all (its scopes) and what of the snapshot, which
the server read with its own identity, a caller gets to see (Slurm's PrivateData). A role adds sight,
never power in Slurm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from s9s.domain.accounting import User
from s9s.domain.clusters import ClusterInfo
from s9s.domain.queries import Visibility

#: What a credential can be narrowed to. ``admin`` holds all others and the administration of S9S itself.
SCOPES: Final = (
    "admin",
    "jobs:read",
    "jobs:write",
    "nodes:read",
    "nodes:write",
    "partitions:read",
    "users:read",
)


class Role(StrEnum):
    """How much of the cluster the holder of a credential gets to see."""

    USER = "user"
    """What Slurm shows to any user."""
    OPERATOR = "operator"
    """Everything, also where PrivateData hides it from users."""
    ADMIN = "admin"
    """As an operator, besides other users' environment and command, and the administration of S9S."""


class Caller(Struct, frozen=True):
    """Whoever makes a request."""

    user: str
    """The Slurm user as whom everything is done."""
    role: Role
    scopes: frozenset[str] = frozenset()
    """Empty: all that the role may."""
    token_id: str = ""
    """Public id of the credential; never the secret."""
    tier: str = "free"

    def allows(self, scope: str) -> bool:
        """Whether the credential may be used for this; `admin` takes the role as well."""
        if self.scopes and not self.scopes & {scope, "admin"}:
            return False
        return scope != "admin" or self.role is Role.ADMIN

    @property
    def sees_everything(self) -> bool:
        """Whether PrivateData does not hold for the caller, as it does not for Slurm's operators."""
        return self.role is not Role.USER


def job_visibility(caller: Caller, info: ClusterInfo, users: Mapping[str, User]) -> Visibility | None:
    """Which jobs a caller may see: with PrivateData=jobs their own and those of accounts they coordinate.

    Args:
        caller: Whoever asks.
        info: Of the cluster that holds the jobs.
        users: The cluster's users by name; a user who is not among them coordinates nothing.

    Returns:
        ``None`` for all jobs.
    """
    return _visibility(caller, "jobs" in info.private_data, users)


def user_visibility(caller: Caller, info: ClusterInfo, users: Mapping[str, User]) -> Visibility | None:
    """Which users a caller may see: with PrivateData=users themselves and members of accounts they coordinate."""
    return _visibility(caller, "users" in info.private_data, users)


def usage_visibility(caller: Caller, info: ClusterInfo, users: Mapping[str, User]) -> Visibility | None:
    """Whose usage a caller may see: with PrivateData=usage as with `user_visibility`."""
    return _visibility(caller, "usage" in info.private_data, users)


def _visibility(caller: Caller, is_private: bool, users: Mapping[str, User]) -> Visibility | None:
    if not is_private or caller.sees_everything:
        return None
    user = users.get(caller.user)
    return Visibility(frozenset({caller.user}), frozenset(user.coordinator_of if user else ()))


def is_visible(visibility: Visibility | None, user: str, accounts: Iterable[str | None]) -> bool:
    """Whether a row of this user, in any of these accounts, may be seen. Accounts are compared without case."""
    if visibility is None or user in visibility.users:
        return True
    coordinated = {account.lower() for account in visibility.accounts}
    return any(account is not None and account.lower() in coordinated for account in accounts)


def may_see_nodes(caller: Caller, info: ClusterInfo) -> bool:
    """Whether nodes may be shown: with PrivateData=nodes to operators and administrators only."""
    return caller.sees_everything or "nodes" not in info.private_data


def may_see_partitions(caller: Caller, info: ClusterInfo) -> bool:
    """Whether partitions may be shown: with PrivateData=partitions to operators and administrators only."""
    return caller.sees_everything or "partitions" not in info.private_data


def may_see_secrets(caller: Caller, job_owner: str) -> bool:
    """Whether a job's environment and command may be shown: to its owner and to administrators."""
    return caller.user == job_owner or caller.role is Role.ADMIN
