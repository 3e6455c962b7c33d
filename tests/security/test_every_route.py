"""Every route of the OpenAPI document, for every role and kind of credential, compared with a table."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest

from s9s.api.openapi import Document
from s9s.app.application import Application
from s9s.domain.credentials import Kind
from s9s.services.access import SCOPES, Role
from s9s.services.identity import self_service
from s9s.services.identity.tokens import Wish
from tests.api.authority import Authority, der
from tests.api.conftest import Client
from tests.security.provider import Provider

PUBLIC, ANYBODY = "public", "anybody"

#: What a credential must be good for. A new route must be added here by hand.
TABLE = {
    "list_jobs": "jobs:read",
    "get_job": "jobs:read",
    "get_job_output": "jobs:read",
    "get_job_error": "jobs:read",
    "submit_job": "jobs:write",
    "cancel_job": "jobs:write",
    "bulk_jobs": "jobs:write",
    "hold_job": "jobs:write",
    "release_job": "jobs:write",
    "set_job_priority": "jobs:write",
    "requeue_job": "jobs:write",
    "suspend_job": "jobs:write",
    "resume_job": "jobs:write",
    "list_nodes": "nodes:read",
    "get_node": "nodes:read",
    "drain_node": "nodes:write",
    "resume_node": "nodes:write",
    "set_node_state": "nodes:write",
    "list_users": "users:read",
    "get_user": "users:read",
    "list_partitions": "partitions:read",
    "get_partition": "partitions:read",
    "get_cluster_metrics": "metrics:read",
    "scrape_metrics": "metrics:read",
    "get_performance_metrics": "metrics:read",
    "get_efficiency": "metrics:read",
    "list_alerts": "alerts:read",
    "get_alert": "alerts:read",
    "acknowledge_alert": "alerts:write",
    "list_silences": "alerts:read",
    "create_silence": "alerts:write",
    "end_silence": "alerts:write",
    "list_tokens": "tokens:read",
    "get_token": "tokens:read",
    "create_token": "tokens:write",
    "revoke_token": "tokens:write",
    "list_audit": "admin",
    # What an export takes depends on what is in it: tests/api/test_exports.py.
    "export_data": ANYBODY,
    "create_export": ANYBODY,
    "list_exports": ANYBODY,
    "get_export": ANYBODY,
    "download_export": ANYBODY,
    "delete_export": ANYBODY,
    "search_everything": ANYBODY,
    "create_report": "reports:write",
    "list_reports": "reports:read",
    "get_report": "reports:read",
    "download_report": "reports:read",
    "delete_report": "reports:write",
    "create_webhook": "webhooks:write",
    "list_webhooks": "webhooks:read",
    "get_webhook": "webhooks:read",
    "update_webhook": "webhooks:write",
    "delete_webhook": "webhooks:write",
    "test_webhook": "webhooks:write",
    "list_webhook_deliveries": "webhooks:read",
    "redeliver_webhook": "webhooks:write",
    "create_schedule": "reports:write",
    "list_schedules": "reports:read",
    "get_schedule": "reports:read",
    "update_schedule": "reports:write",
    "delete_schedule": "reports:write",
    "whoami": ANYBODY,
    "create_ticket": ANYBODY,
    "stream_events": ANYBODY,  # each channel needs the scope of its list: tests/api/test_ws.py
    "get_status": ANYBODY,
    "openapi_json": PUBLIC,
    "openapi_yaml": PUBLIC,
    "asyncapi_json": PUBLIC,
    "asyncapi_yaml": PUBLIC,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "issue_access_token": PUBLIC,
    "log_in": PUBLIC,
}

#: Well formed, and of nothing that there is: nobody but the credential decides about the answer.
BODIES: dict[str, dict[str, Any]] = {
    "submit_job": {"script": "/nonexistent/script.sh"},
    "bulk_jobs": {"action": "cancel", "job_ids": ["999999"]},
    "log_in": {"username": "alice", "password": "x"},
    "set_job_priority": {"priority": 1},
    "drain_node": {"reason": "test"},
    "set_node_state": {"state": "RESUME"},
    "create_silence": {"duration": "1h", "reason": "test"},
}

#: What takes an operator besides the scope.
OPERATORS = {"list_silences", "create_silence", "end_silence"}

#: What never ends by itself is asked for what is not there.
QUERIES = {"stream_events": f"?since={2**62}"}

OPERATIONS = [
    (operation["operationId"], method.upper(), path)
    for path, item in Document().content["paths"].items()
    for method, operation in item.items()
]
KINDS = ("token", "api_key", "login", "client", "oidc", "certificate")
PROXY = "198.51.100.7"
#: Nobody's credential is worth more than Slurm says of its user.
USERS = {Role.USER: "alice", Role.OPERATOR: "carol", Role.ADMIN: "dave"}


def test_the_table_has_every_route_and_no_other() -> None:
    assert {operation for operation, _, _ in OPERATIONS} == TABLE.keys()
    assert set(TABLE.values()) - {PUBLIC, ANYBODY} == set(SCOPES)


def test_the_document_says_the_same() -> None:
    for item in Document().content["paths"].values():
        for operation in item.values():
            needs = TABLE[operation["operationId"]]
            told = operation.get("security")
            expected: Any = {PUBLIC: [], ANYBODY: None}.get(
                needs, [{"bearer": []}, {"apiKey": []}, {"oauth2": [needs]}]
            )
            assert told == expected, operation["operationId"]


def may(role: Role, scopes: frozenset[str], needs: str) -> bool:
    """The rule in words: `admin` takes an administrator; scopes, if any, must name what is needed."""
    if needs in (PUBLIC, ANYBODY):
        return True
    if needs == "admin" and role is not Role.ADMIN:
        return False
    return not scopes or needs in scopes or "admin" in scopes


@pytest.fixture
def changed_settings(provider: Provider, tmp_path: Path) -> dict[str, Any]:
    return {
        "server": {"trusted_proxies": [PROXY]},
        "oidc": {
            "issuer": provider.issuer,
            "audience": ["s9s"],
            "operators": ["operators"],
            "administrators": ["administrators"],
            "tier": "enterprise",
        },
        "limits": {"failed_logins": 1_000_000},
    }


@pytest.fixture(autouse=True)
def _any_number_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_service, "MAX_VALID", 1_000_000)


class Presenting:
    """Makes callers with a credential of any kind."""

    def __init__(self, application: Application, client: Client, provider: Provider, directory: Path) -> None:
        self._application = application
        self._client = client
        self._provider = provider
        self._authority = Authority(directory)

    async def caller(
        self,
        kind: str,
        role: Role | None,
        scopes: frozenset[str] = frozenset(),
        *,
        user: str | None = None,
    ) -> httpx2.AsyncClient:
        user = user or USERS[role or Role.USER]
        wish: dict[str, Any] = {"user": user, "role": role, "scopes": scopes, "tier": "enterprise"}
        if kind == "oidc":
            groups = {None: "", Role.USER: "users", Role.OPERATOR: "operators", Role.ADMIN: "administrators"}
            more = {"scope": " ".join(scopes)} if scopes else {}
            return await self._client(
                self._provider.sign(preferred_username=user, groups=[groups[role]], **more)
            )
        if kind == "certificate":
            return await self.with_certificate(user, Wish(**wish, kind=Kind.CERTIFICATE))
        if kind == "client":
            secret, token = await self._application.tokens.create(Wish(**wish, kind=Kind.CLIENT))
            asked = {
                "client_id": token.token_id,
                "client_secret": secret,
                "grant_type": "client_credentials",
            }
            made = await (await self._client()).post("/oauth/token", json=asked)
            return await self._client(made.json()["access_token"])
        secret, _ = await self._application.tokens.create(Wish(**wish, kind=Kind(kind)))
        caller = await self._client(secret)
        if kind == "api_key":
            caller.headers["x-api-key"] = secret
            del caller.headers["authorization"]
        return caller

    async def with_certificate(self, user: str, registered: Wish | None = None) -> httpx2.AsyncClient:
        """By a proxy that has verified it."""
        raw = der(self._authority.client(user))
        if registered is not None:
            await self._application.tokens.register(registered, sha256(raw).digest())
        caller = await self._client(address=PROXY)
        caller.headers["client-cert"] = f":{base64.b64encode(raw).decode()}:"
        return caller


@pytest.fixture
def presenting(application: Application, client: Client, provider: Provider, tmp_path: Path) -> Presenting:
    return Presenting(application, client, provider, tmp_path)


async def answers(caller: httpx2.AsyncClient) -> dict[str, httpx2.Response]:
    """To every route, by its name."""
    found = {}
    for operation, method, path in OPERATIONS:
        url = path.format(
            job_id="999999",
            node_name="nowhere",
            username="nobody-here",
            name="nope",
            token_id="tok_0",
            export_id="exp_0",
            alert_id="alr_0",
            silence_id="sil_0",
            report_id="rep_0",
            schedule_id="sch_0",
            webhook_id="whk_0",
            delivery_id="dlv_0",
        )
        body = BODIES.get(operation, {})
        content: dict[str, Any] = {"json": body} if method in ("POST", "PUT", "PATCH") else {}
        content: dict[str, Any] = {"json": body} if method in ("PATCH", "POST", "PUT") else {}
        found[operation] = await caller.request(method, f"{url}{QUERIES.get(operation, '')}", **content)
    return found


def compare(found: dict[str, httpx2.Response], role: Role, scopes: frozenset[str]) -> None:
    for operation, response in found.items():
        needs = TABLE[operation]
        case = f"{operation} as {role} with {sorted(scopes)}: {response.status_code} {response.text[:200]}"
        assert response.status_code < 500, case
        if operation == "issue_access_token":
            assert response.status_code in (400, 401), case
        elif operation in OPERATORS and role is Role.USER and may(role, scopes, needs):
            assert response.status_code == 403, case
            assert "operators" in response.json()["error"]["message"], case
        elif may(role, scopes, needs):
            assert response.status_code not in (401, 403), case
        else:
            error = response.json()["error"]
            assert (response.status_code, error["code"]) == (403, "PERMISSION_DENIED"), case
            assert error["details"]["required_scope"] == needs, case


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", KINDS)
async def test_every_role_and_kind(presenting: Presenting, kind: str, role: Role) -> None:
    caller = await presenting.caller(kind, role)
    me = (await caller.get("/v1/whoami")).json()
    assert (me["user"], me["role"], me["credential"]["kind"]) == (USERS[role], role.value, kind)
    compare(await answers(caller), role, frozenset())


@pytest.mark.parametrize("kind", KINDS)
async def test_every_scope_of_every_kind(presenting: Presenting, kind: str) -> None:
    scopes = frozenset({"jobs:read", "tokens:write"})
    caller = await presenting.caller(kind, Role.ADMIN, scopes)
    assert (await caller.get("/v1/whoami")).json()["scopes"] == sorted(scopes)
    compare(await answers(caller), Role.ADMIN, scopes)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
async def test_one_scope_opens_its_routes_only(presenting: Presenting, scope: str, role: Role) -> None:
    scopes = frozenset({scope})
    compare(await answers(await presenting.caller("token", role, scopes)), role, scopes)
    others = frozenset(SCOPES) - scopes - {"admin"}
    compare(await answers(await presenting.caller("token", role, others)), role, others)


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}, {"x-api-key": "s9k_" + "A" * 43}])
async def test_without_a_good_credential_only_what_is_public(client: Client, headers: dict[str, str]) -> None:
    nobody = await client()
    nobody.headers.update(headers)
    for operation, response in (await answers(nobody)).items():
        if TABLE[operation] == PUBLIC:
            # The endpoints where credentials are got: nothing in the request, and logins are not set up.
            expected = {"issue_access_token": {400, 401}, "log_in": {404}}.get(operation, {200})
            assert response.status_code in expected, operation
        else:
            assert response.status_code == 401, operation
            assert response.json()["error"]["code"] == "AUTHENTICATION_FAILED"


async def test_both_prefixes_are_guarded(client: Client) -> None:
    nobody = await client()
    for operation, method, path in OPERATIONS:
        if TABLE[operation] != PUBLIC and path.startswith("/v1/"):
            assert (await nobody.request(method, f"/api{path}")).status_code == 401
    for path in (
        "/v1//jobs",
        "/v1/jobs/",
        "/V1/jobs",
        "/api/api/v1/jobs",
        "/v1/../v1/jobs",
        "/api/v1/../v1/jobs",
    ):
        assert (await nobody.get(path)).status_code in (401, 404), path
