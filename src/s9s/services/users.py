"""Slurm's users, with the numbers of their jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from s9s.domain.accounting import User
from s9s.domain.errors import ResourceNotFound
from s9s.domain.queries import Page
from s9s.services.access import Caller, may_see_all
from s9s.services.clusters import Cluster
from s9s.services.paging import ordered, page_of


class UserView(Struct, frozen=True):
    """A user and how many jobs run and wait."""

    user: User
    running: int
    pending: int


USER_SORT_KEYS: Final[Mapping[str, Callable[[UserView], Any]]] = {
    "username": lambda view: view.user.username,
    "default_account": lambda view: view.user.default_account,
    "admin_level": lambda view: view.user.admin_level.value,
    "jobs_running": lambda view: view.running,
    "jobs_pending": lambda view: view.pending,
    "cpu_time_used": lambda view: view.user.cpu_seconds_used,
}


class Users:
    """The users of one cluster, as far as PrivateData lets the caller see them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def page(
        self,
        caller: Caller,
        *,
        names: frozenset[str] | None = None,
        accounts: frozenset[str] | None = None,
        admin_levels: frozenset[str] | None = None,
        sort: str = "username",
        descending: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[UserView]:
        """One page; with PrivateData=users a plain user sees only itself."""
        await self._cluster.watcher.settled()
        sees_all = may_see_all(caller, self._cluster.info, "users")
        counts = self._cluster.snapshot.jobs.counts_by_user()
        found: Sequence[UserView] = [
            _view(user, counts)
            for user in self._cluster.snapshot.users.all()
            if (sees_all or user.username == caller.user)
            and (names is None or user.username in names)
            and (accounts is None or any(one.account.lower() in accounts for one in user.associations))
            and (admin_levels is None or user.admin_level.value in admin_levels)
        ]
        found = ordered(found, USER_SORT_KEYS, sort=sort, descending=descending)
        return page_of(found, limit=limit, offset=offset)

    async def get(self, username: str, caller: Caller) -> UserView:
        """One user. Raises `ResourceNotFound`, also for one that the caller may not see."""
        await self._cluster.watcher.settled()
        user = self._cluster.snapshot.users.get(username)
        if user is None or not (username == caller.user or may_see_all(caller, self._cluster.info, "users")):
            raise ResourceNotFound.of("user", username)
        return _view(user, self._cluster.snapshot.jobs.counts_by_user())


def _view(user: User, counts: Mapping[str, tuple[int, int]]) -> UserView:
    running, pending = counts.get(user.username, (0, 0))
    return UserView(user, running, pending)
