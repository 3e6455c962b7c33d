"""sacctmgr: users and their associations.

Its separator cannot be chosen; what stands between is written by administrators of accounting only.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from s9s.backends.slurmcli.values import text, words
from s9s.domain.accounting import AdminLevel, Association, User

_COLUMNS: Final = "user,defaultaccount,admin,coordinators,cluster,account,partition,qos,defaultqos"

USERS: Final = (
    "sacctmgr", "--noheader", "--parsable2", "--readonly", "show", "user", "withassoc", "withcoord",
    f"format={_COLUMNS}",
)  # fmt: skip


def parse_users(output: str, cluster: str) -> list[User]:
    """All users with their associations on this cluster. Raises `ValueError` for anything else."""
    users: dict[str, User] = {}
    associations: dict[str, list[Association]] = {}
    for line in output.splitlines():
        name, default, admin, coordinated, on, account, partition, qos, default_qos = line.split("|")
        users[name] = User(
            username=name,
            default_account=text(default),
            admin_level=AdminLevel(admin.lower()) if admin else AdminLevel.NONE,
            coordinator_of=words(coordinated),
        )
        mine = associations.setdefault(name, [])
        if account and on == cluster:
            mine.append(
                Association(
                    account=account, partition=text(partition), qos=words(qos), default_qos=text(default_qos)
                )
            )
    return [replace(user, associations=tuple(associations[name])) for name, user in users.items()]
