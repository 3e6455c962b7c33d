"""TLS of the server itself, and client certificates: of the connection, and as a proxy tells of them."""

from __future__ import annotations

import asyncio
import base64
import ssl
import subprocess
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
import websockets

from s9s.api.tls import CertifiedHttpProtocol
from s9s.app.application import Application
from s9s.app.tls import Tls, UnusableTls, open_tls
from s9s.config.server import Server
from s9s.domain.credentials import Kind
from s9s.services.access import Role
from s9s.services.identity.known import hash_of
from s9s.services.identity.tokens import Wish
from tests.api.authority import Authority, der
from tests.api.conftest import Client, listening, serving


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(directory: Path) -> Authority:
    return Authority(directory)


@pytest.fixture(params=["common_name"])
def source(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pattern() -> str:
    return "[a-z_][a-z0-9_-]*"


@pytest.fixture
def changed_settings(authority: Authority, source: str, pattern: str) -> dict[str, Any]:
    return {
        "server": {
            "tls_certificate": authority.server(),
            "client_ca": authority.file,
            "trusted_proxies": ["198.51.100.7"],
        },
        "certificates": {"user_from": source, "user_pattern": pattern},
    }


@pytest.fixture
async def url(application: Application, changed_settings: dict[str, Any]) -> AsyncIterator[str]:
    tls = open_tls(Server(**changed_settings["server"]))
    assert tls is not None
    async with serving(application, tls.context) as port:
        yield f"https://127.0.0.1:{port}"


def context(authority: Authority, certificate: Path | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=authority.file)
    if certificate is not None:
        made.load_cert_chain(certificate)
    return made


async def get(
    url: str, authority: Authority, certificate: Path | None, path: str = "/v1/whoami", **headers: str
) -> httpx2.Response:
    async with httpx2.AsyncClient(verify=context(authority, certificate), base_url=url) as client:
        return await client.get(path, headers=headers)


async def test_a_certificate_stands_for_the_user_that_its_subject_names(
    url: str, authority: Authority
) -> None:
    alice = authority.client("alice")
    for _ in range(2):
        me = (await get(url, authority, alice)).json()
        assert (me["user"], me["role"], me["credential"]["kind"]) == ("alice", "user", "certificate")
        assert me["credential"]["token_id"] == f"crt_{sha256(der(alice)).hexdigest()[:16]}"
    jobs = await get(url, authority, alice, "/v1/jobs?limit=1")
    assert (jobs.status_code, jobs.json()["limit"]) == (200, 1)


async def test_without_a_certificate_a_token_is_needed_and_a_token_wins(
    url: str, authority: Authority, application: Application
) -> None:
    assert (await get(url, authority, None)).status_code == 401
    secret, _ = await application.tokens.create(Wish(user="bob"))
    bearer = {"authorization": f"Bearer {secret}"}
    for certificate in (None, authority.client("alice")):
        assert (await get(url, authority, certificate, **bearer)).json()["user"] == "bob"
    wrong = await get(url, authority, authority.client("alice"), authorization="Bearer wrong")
    assert wrong.status_code == 401


@pytest.mark.parametrize("name", ["root", "slurm", "0", "a b", "../x", "Alice"])
async def test_some_names_are_nobodys(url: str, authority: Authority, name: str) -> None:
    assert (await get(url, authority, authority.client(name, file="nobody"))).status_code == 401


async def test_what_the_authority_did_not_issue_for_clients_is_no_certificate(
    url: str, authority: Authority, directory: Path
) -> None:
    stranger = Authority(directory, "Other CA")
    for certificate in (
        stranger.client("alice", file="forged"),
        authority.client("alice", days=-1, file="expired"),
        authority.client("alice", is_server=True, file="server-as-client"),
    ):
        with pytest.raises((httpx2.TransportError, ssl.SSLError)):
            await get(url, authority, certificate)
    assert (await get(url, authority, authority.client("alice"))).status_code == 200


async def test_a_registered_certificate_has_its_own_role_and_can_be_revoked(
    url: str, authority: Authority, application: Application
) -> None:
    file = authority.client("alice", file="registered")
    wish = Wish(
        user="dave", role=Role.ADMIN, kind=Kind.CERTIFICATE, tier="pro", scopes=frozenset({"jobs:read"})
    )
    token = await application.tokens.register(wish, sha256(der(file)).digest())
    me = (await get(url, authority, file)).json()
    assert (me["user"], me["role"], me["scopes"]) == ("dave", "admin", ["jobs:read"])
    assert me["credential"]["token_id"] == token.token_id
    await application.tokens.revoke(token.token_id)
    assert (await get(url, authority, file)).status_code == 401


@pytest.mark.parametrize(
    ("source", "pattern", "emails", "principal", "user"),
    [
        ("email", r"([a-z]+)@example\.com", ("bob@example.com",), None, "bob"),
        ("email", r"([a-z]+)@example\.com", ("bob@example.com", "b.b@elsewhere.org"), None, "bob"),
        ("email", r"([a-z]+)@example\.com", ("bob@example.com", "eve@example.com"), None, None),
        ("email", r"([a-z]+)@example\.com", ("bob@example.com.evil.org",), None, None),
        ("email", r"([a-z]+)@example\.com", (), None, None),
        ("principal", r"([a-z]+)@CORP", (), "carol@CORP", "carol"),
        ("principal", r"([a-z]+)@CORP", ("carol@CORP",), None, None),
        ("registered", ".+", ("bob@example.com",), "carol@CORP", None),
    ],
    indirect=["source"],
)
async def test_the_name_is_taken_from_where_the_settings_say(
    url: str,
    authority: Authority,
    pattern: str,
    emails: tuple[str, ...],
    principal: str | None,
    user: str | None,
) -> None:
    response = await get(
        url, authority, authority.client("alice", emails=emails, principal=principal, file="who")
    )
    assert (response.json().get("user"), response.status_code) == (user, 200 if user else 401)


async def test_what_a_proxy_tells_is_believed_from_trusted_ones_only(
    client: Client, authority: Authority, directory: Path
) -> None:
    header = f":{base64.b64encode(der(authority.client('alice'))).decode()}:"
    proxy = await client(address="198.51.100.7")
    me = await proxy.get("/v1/whoami", headers={"client-cert": header})
    assert (me.status_code, me.json()["user"]) == (200, "alice")
    for address in ("127.0.0.1", "198.51.100.8", "::1"):
        stranger = await client(address=address)
        spoofed = {"client-cert": header, "x-forwarded-for": "198.51.100.7", "forwarded": "for=198.51.100.7"}
        assert (await stranger.get("/v1/whoami", headers=spoofed)).status_code == 401
    for bad in (":!!:", header.strip(":"), "::", f"{header}, {header}"):
        assert (await proxy.get("/v1/whoami", headers={"client-cert": bad})).status_code == 401
    twice = [("client-cert", header), ("client-cert", header)]
    assert (await proxy.get("/v1/whoami", headers=twice)).status_code == 401
    expired = base64.b64encode(der(authority.client("alice", days=-1, file="old"))).decode()
    assert (await proxy.get("/v1/whoami", headers={"client-cert": f":{expired}:"})).status_code == 401


async def test_a_certificate_as_a_bearer_token_is_nothing(url: str, authority: Authority) -> None:
    alice = authority.client("alice")
    assert (await get(url, authority, alice)).status_code == 200  # it is known now
    raw = der(alice)
    for secret in (sha256(raw).hexdigest(), base64.b64encode(raw).decode()):
        assert (await get(url, authority, None, authorization=f"Bearer {secret}")).status_code == 401


async def test_no_text_has_the_hash_of_a_certificate(authority: Authority) -> None:
    raw = der(authority.client("alice"))
    for text in (
        raw.decode("latin-1"),
        f"\xff{raw.decode('latin-1')}",
        raw.decode("utf-8", "surrogateescape"),
    ):
        assert hash_of(text) != hash_of(raw)


async def test_a_websocket_has_the_certificate_too(authority: Authority, directory: Path) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        told = scope["extensions"].get("tls", {}).get("client_cert", b"none")
        await send({"type": "websocket.send", "bytes": told})
        await send({"type": "websocket.close"})

    tls = open_tls(Server(tls_certificate=authority.server(), client_ca=authority.file))
    assert tls is not None
    alice = authority.client("alice")
    async with listening(application, CertifiedHttpProtocol, tls.context, lifespan="off") as port:
        for certificate, expected in ((alice, der(alice)), (None, b"none")):
            tls_client = context(authority, certificate)
            async with websockets.connect(f"wss://127.0.0.1:{port}/v1/ws", ssl=tls_client) as socket:
                assert await asyncio.wait_for(socket.recv(), 10) == expected


async def test_a_required_certificate_is_required(authority: Authority, application: Application) -> None:
    server = Server(
        tls_certificate=authority.server(), client_ca=authority.file, client_certificates="required"
    )
    tls = open_tls(server)
    assert tls is not None
    async with serving(application, tls.context) as port:
        url = f"https://127.0.0.1:{port}"
        assert (await get(url, authority, authority.client("alice"), "/healthz")).status_code == 200
        with pytest.raises((httpx2.TransportError, ssl.SSLError)):
            await get(url, authority, None, "/healthz")


async def test_openssl_agrees(url: str, authority: Authority) -> None:
    alice = authority.client("alice")
    command = [
        "openssl", "s_client", "-connect", url.removeprefix("https://"), "-CAfile", str(authority.file),
        "-cert", str(alice), "-key", str(alice), "-verify_return_error", "-quiet",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    request = b"GET /v1/whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(request)
    answer = await asyncio.wait_for(process.stdout.read(), 20)
    process.stdin.close()
    await process.wait()
    assert b'"user":"alice"' in answer
    old = ["openssl", "s_client", "-connect", command[3], "-tls1_1"]
    done = await asyncio.to_thread(subprocess.run, old, input=b"", capture_output=True, timeout=20)
    assert done.returncode != 0


def test_bad_files_are_told(tmp_path: Path, authority: Authority) -> None:
    good = authority.server("good")
    assert open_tls(Server()) is None
    with pytest.raises(UnusableTls, match=r"need a server\.tls_certificate"):
        open_tls(Server(client_ca=authority.file))
    with pytest.raises(UnusableTls, match="No such file"):
        open_tls(Server(tls_certificate=tmp_path / "none.pem"))
    with pytest.raises(UnusableTls):
        open_tls(Server(tls_certificate=good, client_ca=tmp_path / "none.pem"))
    keyless = tmp_path / "keyless.pem"
    keyless.touch(mode=0o600)
    keyless.write_bytes(authority.file.read_bytes())
    with pytest.raises(UnusableTls, match="keyless"):
        open_tls(Server(tls_certificate=keyless))
    good.chmod(0o644)
    with pytest.raises(UnusableTls, match="can be read by everybody"):
        open_tls(Server(tls_certificate=good))


async def test_a_renewed_certificate_is_taken_for_new_connections(
    application: Application, authority: Authority
) -> None:
    file = authority.server("renewed")
    tls = Tls(file, Server(tls_certificate=file))
    async with serving(application, tls.context) as port:

        def shown() -> bytes:
            pem = ssl.get_server_certificate(("127.0.0.1", port), timeout=10)
            return ssl.PEM_cert_to_DER_cert(pem)

        assert await asyncio.to_thread(shown) == der(file)
        first = der(file)
        file.write_text("in the middle of being written")
        tls.renew()
        assert await asyncio.to_thread(shown) == first
        authority.server("renewed")
        tls.renew()
        assert der(file) != first
        assert await asyncio.to_thread(shown) == der(file)
