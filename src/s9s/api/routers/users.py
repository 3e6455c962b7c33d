"""Routes of users."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.filters import user_query
from s9s.api.schemas.users import UserDocument, UserList, UserListParameters, user_document
from s9s.services.access import Caller
from s9s.services.users import Users


@get("/users", scope="users:read", parameters=UserListParameters, tags=["Users"], summary="List users")
async def list_users(
    parameters: NamedDependency[UserListParameters],
    caller: NamedDependency[Caller],
    users: NamedDependency[Users],
) -> UserList:
    """Slurm's users with their associations and the numbers of their jobs."""
    wanted = user_query(parameters)
    page = await users.page(
        caller,
        names=wanted.names,
        accounts=wanted.accounts,
        admin_levels=wanted.admin_levels,
        sort=parameters.sort,
        descending=parameters.order == "desc",
        limit=parameters.limit,
        offset=parameters.offset,
    )
    documents = [user_document(view.user, view.running, view.pending) for view in page.items]
    return UserList(page.total, page.limit, page.offset, page.has_more, documents)


@get("/users/{username:str}", scope="users:read", tags=["Users"], summary="Get user details")
async def get_user(
    username: Annotated[str, Parameter(description="User name")],
    caller: NamedDependency[Caller],
    users: NamedDependency[Users],
) -> UserDocument:
    """One user."""
    view = await users.get(username, caller)
    return user_document(view.user, view.running, view.pending)


ROUTES = [list_users, get_user]
