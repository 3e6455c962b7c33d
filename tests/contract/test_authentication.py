"""Who may call at all: bearer tokens, issued and revoked on the command line."""

from __future__ import annotations

import re

import pytest

from tests.contract.clusters import only_real, only_simulated
from tests.contract.rules import refused
from tests.contract.serving import Server, until

PROTECTED = ["/v1/jobs", "/v1/jobs/1", "/v1/nodes", "/v1/users", "/v1/partitions", "/v1/status"]


@pytest.mark.parametrize("path", PROTECTED)
def test_without_a_credential_there_is_nothing_to_see(server: Server, path: str) -> None:
    with server.caller(None) as nobody:
        for prefix in ("", "/api"):
            response = nobody.get(prefix + path)
            refused(response, 401, "AUTHENTICATION_FAILED")
            assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong",
        "Bearer",
        "Basic YWxpY2U6YWxpY2U=",
        "{token}",
        "Bearer {token}x",
        "Bearer {short}",
    ],
)
def test_a_bad_credential_is_refused(server: Server, authorization: str) -> None:
    token = server.token("alice")
    header = authorization.format(token=token, short=token[:-1])
    with server.caller(None) as nobody:
        refused(nobody.get("/v1/jobs", headers={"Authorization": header}), 401, "AUTHENTICATION_FAILED")


def test_the_word_bearer_has_no_case(server: Server) -> None:
    with server.caller(None) as nobody:
        headers = {"Authorization": f"bearer {server.token('alice')}"}
        assert nobody.get("/v1/status", headers=headers).status_code == 200


def test_a_write_without_a_credential_does_nothing(server: Server) -> None:
    with server.caller(None) as nobody:
        refused(nobody.post("/v1/jobs", json={"script": "/bin/true"}), 401, "AUTHENTICATION_FAILED")
        # Nor does an unreadable body get an answer of its own.
        refused(nobody.post("/v1/jobs", content=b"{"), 401, "AUTHENTICATION_FAILED")


def test_a_token_is_never_taken_from_the_address(server: Server) -> None:
    with server.caller(None) as nobody:
        for name in ("token", "access_token", "api_key"):
            refused(
                nobody.get("/v1/jobs", params={name: server.token("alice")}), 401, "AUTHENTICATION_FAILED"
            )


def test_a_revoked_token_is_refused_within_a_moment(server: Server) -> None:
    with server.caller(server.new_token("alice", "--name", "to be revoked")) as caller:
        assert caller.read("/v1/status")["caller"]["user"] == "alice"
        (line,) = [line for line in server.s9s("token", "list").splitlines() if "to be revoked" in line]
        server.s9s("token", "revoke", line.split()[0])
        until(lambda: caller.get("/v1/status").status_code == 401, seconds=5)


def test_an_expired_token_is_refused(server: Server) -> None:
    with server.caller(server.new_token("alice", "--expires", "3s")) as caller:
        assert caller.get("/v1/status").status_code == 200
        until(lambda: caller.get("/v1/status").status_code == 401, seconds=15)


def test_a_token_is_kept_as_a_hash_only(server: Server) -> None:
    token = server.token("alice")
    assert re.fullmatch(r"[\w.~+/-]{24,}", token)
    for path in server.state_dir.rglob("*"):
        if path.is_file():
            assert token.encode() not in path.read_bytes(), path.name


@only_simulated
def test_the_contracts_token_works_on_the_simulated_cluster(server: Server) -> None:
    with server.caller("test_token_123") as caller:
        assert caller.read("/v1/status")["clusters"][0]["name"]


@only_real
def test_the_contracts_token_is_worth_nothing_on_a_real_one(server: Server) -> None:
    with server.caller("test_token_123") as caller:
        refused(caller.get("/v1/status"), 401, "AUTHENTICATION_FAILED")
