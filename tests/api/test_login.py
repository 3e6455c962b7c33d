"""Logging in over HTTP."""

from __future__ import annotations

import pytest

from s9s.app.application import Application
from s9s.services.access import Role
from tests.api.conftest import Client


class OnePassword:
    """Knows one."""

    async def are_right(self, user: str, password: str) -> bool:
        return (user, password) == ("alice", "opensesame")

    def close(self) -> None:
        pass


@pytest.fixture
def can_log_in(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application.services.logins, "_passwords", OnePassword())


async def test_where_it_is_not_set_up_there_is_no_such_thing(client: Client) -> None:
    nobody = await client()
    response = await nobody.post("/v1/login", json={"username": "alice", "password": "opensesame"})
    assert response.status_code == 404


@pytest.mark.usefixtures("can_log_in")
async def test_a_login_gives_a_token_and_leaves_a_record_without_the_password(client: Client) -> None:
    nobody = await client(address="192.0.2.9")
    made = await nobody.post("/v1/login", json={"username": "alice", "password": "opensesame"})
    assert made.status_code == 201, made.text
    alice = await client(made.json()["token"])
    me = (await alice.get("/v1/whoami")).json()
    assert (me["user"], me["role"], me["credential"]["kind"]) == ("alice", "user", "login")
    assert (await alice.get(made.headers["location"])).json()["name"] == "login"
    # What is made with it does not outlive it.
    child = (await alice.post("/v1/tokens", json={})).json()
    assert child["expires_at"] <= made.json()["expires_at"]
    wrong = await nobody.post("/v1/login", json={"username": "alice", "password": "hush-hush"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "AUTHENTICATION_FAILED")
    dave = await client(user="dave", role=Role.ADMIN)
    log = await dave.get("/v1/audit", params={"action": "login"})
    assert log.status_code == 200, log.text
    assert "opensesame" not in log.text
    assert "hush-hush" not in log.text
    assert {record["result"] for record in log.json()["records"]} == {"SUCCESS", "AUTHENTICATION_FAILED"}
    assert {record["address"] for record in log.json()["records"]} == {"192.0.2.9"}


@pytest.mark.usefixtures("can_log_in")
@pytest.mark.parametrize("body", [{}, {"username": "alice"}, {"username": "alice", "password": 1}])
async def test_a_body_that_is_wrong_is_refused_without_an_echo(
    client: Client, body: dict[str, object]
) -> None:
    response = await (await client()).post("/v1/login", json=body)
    assert response.status_code == 400
