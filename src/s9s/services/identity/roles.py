"""How much of the cluster a user may see, as Slurm says it at the moment: the one place for that.

A credential may be limited to less than its user is, by its role, and is never more. Slurm says it with
AdminLevel, which it tells with the users (to coordinate is no role: `access.visibility_of` looks at their
accounts). Root and SlurmUser are administrators whatever accounting says of them. So is whoever runs a
server that can act as nobody else: it belongs to them, and Slurm shows it no more than it shows them.

A cluster without accounting says nothing of anybody. There a credential has the role that it was made
with, and one that was made with none is an ordinary user's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from s9s.domain.accounting import AdminLevel
from s9s.services.access import Role

if TYPE_CHECKING:  # commands that only make credentials start without it
    from s9s.snapshot.snapshot import Snapshot

#: Stands for a role that is not limited: whatever Slurm says of the user.
AUTO: Final = "auto"

_ROLES: Final = {
    AdminLevel.NONE: Role.USER,
    AdminLevel.OPERATOR: Role.OPERATOR,
    AdminLevel.ADMINISTRATOR: Role.ADMIN,
}


class _Said(Struct, frozen=True):
    """What Slurm says."""

    of_others: Role | None
    """Of all who are not among `privileged`; ``None``: nothing."""
    privileged: dict[str, Role]


class Roles:
    """Users' roles in Slurm. Before `follow` Slurm says nothing of anybody."""

    def __init__(self) -> None:
        self._said = _Said(None, {})
        self._snapshot: Snapshot | None = None
        self._changed: Callable[[], None] = lambda: None
        self._seen: tuple[object, int] = (None, -1)

    def follow(self, snapshot: Snapshot, changed: Callable[[], None]) -> None:
        """Look at a cluster from now on; `changed` is called when anybody's role is another one."""
        self._snapshot = snapshot
        self._changed = changed
        self.refresh()

    def refresh(self) -> None:
        """Take note of what the snapshot has learned since the last time, if anything."""
        snapshot = self._snapshot
        if snapshot is None:
            return
        users = snapshot.users
        if self._seen[0] is snapshot.info and self._seen[1] == users.generation:
            return
        self._seen = snapshot.info, users.generation
        said = _said(snapshot)
        if said != self._said:
            self._said = said
            self._changed()

    def of(self, user: str) -> Role | None:
        """What Slurm says of a user; ``None``: nothing."""
        self.refresh()
        return self._said.privileged.get(user, self._said.of_others)

    def within(self, user: str, limit: Role | None) -> Role:
        """The role of a credential of a user.

        Args:
            user: Whose it is.
            limit: The role that it was made with; ``None`` is no limit.
        """
        role = self.of(user)
        if role is None:
            return limit or Role.USER
        return role if limit is None or role.rank < limit.rank else limit


def role_or_none(text: str) -> Role | None:
    """A role as it is kept and written; ``None`` for `AUTO`. Raises `ValueError`."""
    return None if text == AUTO else Role(text)


def _said(snapshot: Snapshot) -> _Said:
    info = snapshot.info
    if info is None:
        # A cluster that nobody has reached yet will have something to say: until then nobody is anything.
        return _Said(Role.USER, {"root": Role.ADMIN})
    privileged = dict.fromkeys(info.super_users, Role.ADMIN)
    if info.acts_as not in ("anyone", "nobody"):
        privileged[info.acts_as] = Role.ADMIN
    has_told = len(snapshot.users) > 0
    if not has_told and not (info.has_accounting and "list users" in info.routes):
        return _Said(None, privileged)
    for user in snapshot.users.all():
        if user.admin_level is not AdminLevel.NONE:
            privileged.setdefault(user.username, _ROLES[user.admin_level])
    return _Said(Role.USER, privileged)
