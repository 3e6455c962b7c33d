from typing import Any

import pytest
from msgspec import structs

from s9s.domain.accounting import Association, User
from s9s.domain.clusters import ClusterInfo
from s9s.domain.credentials import Restrictions
from s9s.domain.errors import PermissionDenied
from s9s.domain.jobs import Job, JobState, JobSubmission
from s9s.domain.nodes import Node
from s9s.domain.queries import Visibility
from s9s.services.access import (
    SCOPES,
    Caller,
    Role,
    job_visibility,
    may_see_all,
    may_see_job,
    may_see_secrets,
    may_see_user,
    narrowed_submission,
    require_node,
    require_owner,
    require_scope,
    visibility_of,
)

USER = Caller("alice", Role.USER)
OPERATOR = Caller("carol", Role.OPERATOR)
ADMIN = Caller("dave", Role.ADMIN)


def cluster(*private_data: str) -> ClusterInfo:
    return ClusterInfo(name="lab", slurm_version="24.11.5", routes={}, private_data=frozenset(private_data))


def job(user: str, account: str | None) -> Job:
    return Job(
        job_id="1",
        numeric_id=1,
        job_name="a",
        user=user,
        account=account,
        state=JobState.RUNNING,
        partition="normal",
        submit_time=1,
    )


@pytest.mark.parametrize("scope", SCOPES)
def test_a_credential_without_scopes_allows_all_that_the_role_may(scope: str) -> None:
    assert ADMIN.allows(scope)
    assert USER.allows(scope) == OPERATOR.allows(scope) == (scope != "admin")


@pytest.mark.parametrize("scope", SCOPES)
def test_scopes_narrow_a_credential(scope: str) -> None:
    caller = Caller("dave", Role.ADMIN, frozenset({"jobs:read", "nodes:write"}))
    assert caller.allows(scope) == (scope in {"jobs:read", "nodes:write"})


@pytest.mark.parametrize("scope", SCOPES)
def test_the_scope_admin_holds_the_others_but_gives_no_role(scope: str) -> None:
    assert Caller("dave", Role.ADMIN, frozenset({"admin"})).allows(scope)
    assert Caller("alice", Role.USER, frozenset({"admin"})).allows(scope) == (scope != "admin")


def test_requiring_a_scope_names_it() -> None:
    require_scope(USER, "jobs:write")
    with pytest.raises(PermissionDenied, match="does not allow jobs:write") as caught:
        require_scope(Caller("alice", Role.USER, frozenset({"jobs:read"})), "jobs:write")
    assert caught.value.details == {"required_scope": "jobs:write"}


@pytest.mark.parametrize("kind", ["jobs", "nodes", "partitions", "usage", "users"])
def test_private_data_hides_its_own_kind_from_users_only(kind: str) -> None:
    assert not may_see_all(USER, cluster(kind), kind)
    assert may_see_all(OPERATOR, cluster(kind), kind)
    assert may_see_all(ADMIN, cluster(kind), kind)
    others = {"jobs", "nodes", "partitions", "usage", "users"} - {kind}
    assert may_see_all(USER, cluster(*others), kind)
    assert may_see_all(USER, cluster(), kind)


def test_jobs_are_visible_to_all_unless_private() -> None:
    assert job_visibility(USER, cluster(), None) is None
    assert job_visibility(USER, cluster("nodes", "users"), None) is None
    assert job_visibility(OPERATOR, cluster("jobs"), None) is None
    assert job_visibility(ADMIN, cluster("jobs"), None) is None


def test_private_jobs_are_the_users_own_and_those_of_coordinated_accounts() -> None:
    assert job_visibility(USER, cluster("jobs"), None) == Visibility(frozenset({"alice"}))
    user = User(username="alice", coordinator_of=("research",))
    visibility = job_visibility(USER, cluster("jobs"), user)
    assert visibility == Visibility(frozenset({"alice"}), frozenset({"research"}))
    assert may_see_job(visibility, job("alice", "gpu"))
    assert may_see_job(visibility, job("bob", "research"))
    assert not may_see_job(visibility, job("bob", "gpu"))
    assert not may_see_job(visibility, job("bob", None))
    assert may_see_job(None, job("bob", None))


def test_secrets_are_for_the_owner_and_administrators() -> None:
    assert may_see_secrets(USER, "alice")
    assert not may_see_secrets(USER, "bob")
    assert not may_see_secrets(OPERATOR, "bob")
    assert may_see_secrets(ADMIN, "bob")
    require_owner(USER, "alice", "read the output of job 7")
    with pytest.raises(PermissionDenied, match="Only bob and administrators may read the output of job 7"):
        require_owner(OPERATOR, "bob", "read the output of job 7")


def test_private_users_leave_oneself_and_the_members_of_coordinated_accounts() -> None:
    info = ClusterInfo(name="c", slurm_version="24.11.5", routes={}, private_data=frozenset({"users"}))
    caller = Caller("alice", Role.USER)
    alice = User(username="alice", coordinator_of=("research",))
    bob = User(username="bob", associations=(Association(account="research"),))
    eve = User(username="eve", associations=(Association(account="other"),))
    sight = visibility_of(caller, info, alice, "users")
    assert [may_see_user(sight, user) for user in (alice, bob, eve)] == [True, True, False]
    assert visibility_of(caller, info, alice, "jobs") is None


def restricted(**narrow: Any) -> Caller:
    return Caller("alice", Role.USER, restrictions=Restrictions(**narrow))


@pytest.mark.parametrize(
    ("narrow", "seen"),
    [
        ({}, "abcdef"),
        ({"accounts": frozenset({"research"})}, "abe"),
        ({"accounts": frozenset({"research", "physics"})}, "abcde"),
        ({"partitions": frozenset({"gpu"})}, "acf"),
        ({"own_jobs_only": True}, "abf"),
        ({"own_jobs_only": True, "accounts": frozenset({"research"})}, "ab"),
        ({"own_jobs_only": True, "accounts": frozenset({"research"}), "partitions": frozenset({"gpu"})}, "a"),
        ({"accounts": frozenset({"nobody"})}, ""),
        ({"networks": frozenset({"10.0.0.0/8"})}, "abcdef"),
    ],
)
def test_a_credentials_restrictions_leave_some_jobs(narrow: dict[str, Any], seen: str) -> None:
    jobs = {
        "a": structs.replace(job("alice", "Research"), partition="gpu"),
        "b": structs.replace(job("alice", "research"), partition="normal"),
        "c": structs.replace(job("bob", "physics"), partition="normal,gpu"),
        "d": structs.replace(job("bob", "physics"), partition="normal"),
        "e": structs.replace(job("bob", "research"), partition="normal"),
        "f": structs.replace(job("alice", None), partition="gpu"),
    }
    for caller in (restricted(**narrow), structs.replace(restricted(**narrow), role=Role.ADMIN)):
        visibility = job_visibility(caller, cluster(), None)
        assert "".join(name for name, one in jobs.items() if may_see_job(visibility, one)) == seen
    # With PrivateData only what both leave.
    private = job_visibility(restricted(**narrow), cluster("jobs"), None)
    assert "".join(name for name, one in jobs.items() if may_see_job(private, one)) == "".join(
        name for name in seen if name in "abf"
    )


ALICE = User(username="alice", default_account="research")


@pytest.mark.parametrize(
    ("script", "asked", "result"),
    [
        ("", {}, ("research", "gpu")),
        ("", {"account": "physics"}, None),
        ("", {"account": "RESEARCH", "partition": "gpu"}, ("RESEARCH", "gpu")),
        ("", {"account": "research,physics"}, None),
        ("", {"partition": "normal"}, None),
        ("", {"partition": "gpu,normal"}, None),
        ("", {"partition": "gpu,debug"}, ("research", "gpu,debug")),
        ("#SBATCH -A physics", {}, None),
        ("#SBATCH --account=physics", {"account": "research"}, ("research", "gpu")),
        ("#SBATCH --partition normal", {}, None),
        ("#SBATCH -p debug", {}, ("research", "debug")),
        ("#SBATCH --mem=1G\n#SBATCH hetjob\n#SBATCH -A physics", {}, None),
        ("#SBATCH  PackJob", {}, None),
        ("echo hetjob", {}, ("research", "gpu")),
    ],
)
def test_a_submission_stays_within_the_restrictions_and_says_so(
    script: str, asked: dict[str, str], result: tuple[str, str] | None
) -> None:
    caller = restricted(accounts=frozenset({"research"}), partitions=frozenset({"gpu", "debug"}))
    submission = JobSubmission(script=f"#!/bin/sh\n{script}\n", **asked)
    assert narrowed_submission(USER, submission, ALICE, "gpu") is submission
    if result is None:
        with pytest.raises(PermissionDenied):
            narrowed_submission(caller, submission, ALICE, "gpu")
    else:
        narrowed = narrowed_submission(caller, submission, ALICE, "gpu")
        assert (narrowed.account, narrowed.partition) == result


def test_without_a_default_what_is_restricted_must_be_named() -> None:
    submission = JobSubmission(script="#!/bin/sh\n")
    with pytest.raises(PermissionDenied, match="needs a named account"):
        narrowed_submission(restricted(accounts=frozenset({"research"})), submission, None, "gpu")
    with pytest.raises(PermissionDenied, match="needs a named partition"):
        narrowed_submission(restricted(partitions=frozenset({"gpu"})), submission, ALICE, None)
    with pytest.raises(PermissionDenied, match="not for the partition normal"):
        narrowed_submission(restricted(partitions=frozenset({"gpu"})), submission, ALICE, "normal")


def test_a_node_is_changed_by_credentials_for_all_its_jobs_only() -> None:
    node = Node(node_name="n1", base_state="IDLE", partitions=("gpu", "normal"))
    require_node(USER, node)
    require_node(restricted(partitions=frozenset({"gpu", "normal", "debug"})), node)
    for narrow in (
        {"partitions": frozenset({"gpu"})}, {"accounts": frozenset({"research"})}, {"own_jobs_only": True},
    ):  # fmt: skip
        with pytest.raises(PermissionDenied):
            require_node(restricted(**narrow), node)
