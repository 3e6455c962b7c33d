"""Slurm's users, with the numbers of their jobs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from s9s.domain.accounting import User
from s9s.domain.errors import ResourceNotFound
from s9s.domain.queries import Page, Visibility
from s9s.services.access import Caller, job_visibility, may_see_user, visibility_of
from s9s.services.clusters import Cluster
from s9s.services.paging import ordered, page_of
from s9s.snapshot.query import counts_by_user


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
        sight = self._sight(caller)
        counts = self._counts(caller)
        found: Sequence[UserView] = [
            self._view(user, counts, caller)
            for user in self._cluster.snapshot.users.all()
            if may_see_user(sight, user)
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
        if user is None or not may_see_user(self._sight(caller), user):
            raise ResourceNotFound.of("user", username)
        return self._view(user, self._counts(caller), caller)

    def _sight(self, caller: Caller) -> Visibility | None:
        snapshot = self._cluster.snapshot
        return visibility_of(caller, self._cluster.info, snapshot.users.get(caller.user), "users")

    def _counts(self, caller: Caller) -> Mapping[str, tuple[int, int]]:
        """How many jobs run and wait of whom, of those that the caller may see."""
        snapshot = self._cluster.snapshot
        sight = job_visibility(caller, self._cluster.info, snapshot.users.get(caller.user))
        return snapshot.jobs.counts_by_user() if sight is None else counts_by_user(snapshot.jobs, sight)

    def _view(self, user: User, counts: Mapping[str, tuple[int, int]], caller: Caller) -> UserView:
        """A user without what the caller may not know: the usage."""
        snapshot = self._cluster.snapshot
        own = snapshot.users.get(caller.user)
        running, pending = counts.get(user.username, (0, 0))
        if not may_see_user(visibility_of(caller, self._cluster.info, own, "usage"), user):
            user = structs.replace(user, cpu_seconds_used=None)
        return UserView(user, running, pending)
