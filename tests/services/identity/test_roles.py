"""What Slurm says of users, as roles: with and without accounting, and on a server of one's own."""

from __future__ import annotations

import pytest
from msgspec import structs

from s9s.domain.accounting import AdminLevel, User
from s9s.domain.clusters import ClusterInfo
from s9s.services.access import Role
from s9s.services.identity.roles import Roles, role_or_none
from s9s.snapshot.snapshot import Snapshot

INFO = ClusterInfo(name="c", slurm_version="24.11.5", routes={"list users": "sacctmgr"})
USERS = [
    User(username="alice"),
    User(username="carol", admin_level=AdminLevel.OPERATOR),
    User(username="dave", admin_level=AdminLevel.ADMINISTRATOR),
    User(username="root", admin_level=AdminLevel.NONE),
]


class Changes(list[int]):
    def __call__(self) -> None:
        self.append(1)


@pytest.fixture
def snapshot() -> Snapshot:
    snapshot = Snapshot()
    snapshot.info = INFO
    snapshot.users.replace(USERS)
    return snapshot


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def roles(snapshot: Snapshot, changes: Changes) -> Roles:
    roles = Roles()
    roles.follow(snapshot, changes)
    changes.clear()
    return roles


def test_a_role_is_slurms(roles: Roles) -> None:
    found = {name: roles.of(name) for name in ("alice", "carol", "dave", "nobody-here", "root", "slurm")}
    assert found == {
        "alice": Role.USER,
        "carol": Role.OPERATOR,
        "dave": Role.ADMIN,
        "nobody-here": Role.USER,
        "root": Role.ADMIN,
        "slurm": Role.USER,
    }


@pytest.mark.parametrize("limit", [None, *Role])
@pytest.mark.parametrize("user", ["alice", "carol", "dave", "eve"])
def test_a_credential_is_never_more_than_its_user_nor_than_it_was_made(
    roles: Roles, user: str, limit: Role | None
) -> None:
    most = roles.of(user)
    assert most is not None
    role = roles.within(user, limit)
    assert role.rank == (most.rank if limit is None else min(most.rank, limit.rank))


def test_slurm_user_is_an_administrator_where_it_is_known(roles: Roles, snapshot: Snapshot) -> None:
    snapshot.info = structs.replace(INFO, super_users=frozenset({"root", "hpcadm"}))
    roles.refresh()
    assert roles.of("hpcadm") is Role.ADMIN


def test_a_level_that_is_taken_away_counts_with_the_next_read(
    roles: Roles, snapshot: Snapshot, changes: Changes
) -> None:
    roles.refresh()
    snapshot.users.replace([structs.replace(user, cpu_seconds_used=5) for user in USERS])
    roles.refresh()
    assert changes == []  # nobody's role is another one
    snapshot.users.replace([structs.replace(user, admin_level=AdminLevel.NONE) for user in USERS])
    roles.refresh()
    assert len(changes) == 1
    assert roles.within("carol", Role.OPERATOR) is Role.USER
    assert roles.within("dave", None) is Role.USER
    snapshot.users.replace(USERS)
    roles.refresh()
    assert roles.within("carol", Role.OPERATOR) is Role.OPERATOR


def test_a_user_who_is_removed_is_nobody(roles: Roles, snapshot: Snapshot) -> None:
    snapshot.users.replace([user for user in USERS if user.username != "dave"])
    roles.refresh()
    assert roles.within("dave", Role.ADMIN) is Role.USER


@pytest.mark.parametrize(
    "info",
    [
        structs.replace(INFO, has_accounting=False, routes={}),
        structs.replace(INFO, routes={}),  # no sacctmgr on this host, and no slurmrestd
    ],
)
def test_where_slurm_says_nothing_whoever_makes_credentials_does(info: ClusterInfo) -> None:
    snapshot, roles = Snapshot(), Roles()
    snapshot.info = info
    roles.follow(snapshot, Changes())
    assert roles.of("alice") is None
    assert [roles.within("alice", limit) for limit in Role] == list(Role)
    assert roles.within("alice", None) is Role.USER
    assert roles.within("root", None) is Role.ADMIN


def test_before_slurm_has_said_anything_nobody_is_anything() -> None:
    snapshot, roles, changes = Snapshot(), Roles(), Changes()
    roles.follow(snapshot, changes)
    assert roles.within("dave", Role.ADMIN) is Role.USER  # the cluster is out of reach
    snapshot.info = INFO
    roles.refresh()
    assert roles.within("dave", Role.ADMIN) is Role.USER  # accounting is
    changes.clear()
    snapshot.users.replace(USERS)
    roles.refresh()
    assert roles.within("dave", Role.ADMIN) is Role.ADMIN
    assert len(changes) == 1


def test_what_was_said_once_is_not_unsaid_by_an_empty_answer(roles: Roles, snapshot: Snapshot) -> None:
    snapshot.users.replace([])
    roles.refresh()
    assert roles.within("dave", Role.ADMIN) is Role.USER


def test_ones_own_server_is_ones_own(snapshot: Snapshot) -> None:
    snapshot.info = structs.replace(INFO, acts_as="alice")
    roles = Roles()
    roles.follow(snapshot, Changes())
    assert roles.within("alice", None) is Role.ADMIN
    assert roles.within("alice", Role.USER) is Role.USER
    assert roles.within("bob", Role.ADMIN) is Role.USER
    assert roles.within("carol", Role.ADMIN) is Role.OPERATOR


def test_without_a_cluster_nobody_says_anything() -> None:
    assert Roles().of("root") is None


@pytest.mark.parametrize(("text", "role"), [("auto", None), ("user", Role.USER), ("admin", Role.ADMIN)])
def test_roles_as_they_are_kept(text: str, role: Role | None) -> None:
    assert role_or_none(text) is role
    with pytest.raises(ValueError, match="king"):
        role_or_none("king")
