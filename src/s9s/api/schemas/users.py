"""Users on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from s9s.api.schemas.paging import PageInfo, PageParameters, SortOrder
from s9s.domain.accounting import User
from s9s.domain.durations import format_hours


class UserListParameters(PageParameters, frozen=True):
    """Filters, order and page of the user list."""

    user: Annotated[str, Meta(description="User names as a comma list")] | None = None
    account: Annotated[str, Meta(description="Users with an association in any of these accounts")] | None = (
        None
    )
    admin_level: Annotated[str, Meta(description="none, operator, administrator")] | None = None
    sort: Annotated[str, Meta(description="Any scalar field of a user")] = "username"
    order: Annotated[SortOrder, Meta(description="Sort order")] = "asc"


class AssociationDocument(Struct, frozen=True):
    """A user's place in an account."""

    account: str
    partition: Annotated[str, Meta(description="null: any")] | None
    qos: list[str]
    default_qos: str | None


class UserDocument(Struct, frozen=True):
    """A Slurm user."""

    username: Annotated[str, Meta(examples=["alice"])]
    default_account: str | None
    admin_level: Annotated[str, Meta(examples=["none"])]
    jobs_running: int
    jobs_pending: int
    cpu_time_used: Annotated[str, Meta(examples=["1247h"])] | None
    associations: list[AssociationDocument]
    coordinator_of: list[str]


class UserList(PageInfo, frozen=True):
    """A page of users."""

    users: list[UserDocument]


def user_document(user: User, running: int, pending: int) -> UserDocument:
    """A user with the numbers of the user's jobs."""
    return UserDocument(
        username=user.username,
        default_account=user.default_account,
        admin_level=user.admin_level.value,
        jobs_running=running,
        jobs_pending=pending,
        cpu_time_used=None if user.cpu_seconds_used is None else format_hours(user.cpu_seconds_used),
        associations=[
            AssociationDocument(one.account, one.partition, list(one.qos), one.default_qos)
            for one in user.associations
        ],
        coordinator_of=list(user.coordinator_of),
    )
