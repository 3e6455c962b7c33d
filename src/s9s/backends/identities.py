"""Who a user is to this host: uid, groups, home."""

from __future__ import annotations

import os
import pwd
import time
from typing import Final

from msgspec import Struct

#: Seconds for which an answer is used again; how soon a change of somebody's groups counts.
_FRESH: Final = 30.0
_MOST: Final = 10_000


class Identity(Struct, frozen=True, kw_only=True):
    """A user as the operating system knows them."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    """Every group of theirs, the primary one included."""
    home: str


class Identities:
    """Looks users up in the host's user database (files, LDAP, ... through NSS), with a short memory."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Identity | None]] = {}
        #: The user that this process runs as; ``None`` when the database does not have it.
        self.own: Final = self._by_uid(os.geteuid())

    def of(self, name: str) -> Identity | None:
        """The user of that name; ``None`` when there is none. May ask a directory server: can block."""
        looked_up_at, identity = self._known.get(name, (0.0, None))
        now = time.monotonic()
        if not looked_up_at or now - looked_up_at > _FRESH:
            identity = _look_up(name)
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[name] = (now, identity)
        return identity

    def _by_uid(self, uid: int) -> Identity | None:
        try:
            return self.of(pwd.getpwuid(uid).pw_name)
        except KeyError:
            return None


def _look_up(name: str) -> Identity | None:
    try:
        entry = pwd.getpwnam(name)
    except (KeyError, ValueError, UnicodeError):  # unknown, or with a NUL, or not encodable
        return None
    return Identity(
        name=entry.pw_name,
        uid=entry.pw_uid,
        gid=entry.pw_gid,
        groups=tuple(os.getgrouplist(entry.pw_name, entry.pw_gid)),
        home=entry.pw_dir or "/",
    )
