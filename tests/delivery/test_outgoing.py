"""Signed requests to a real server on loopback, and all the places that none may go to."""

from __future__ import annotations

import hashlib
import hmac
import socket
import ssl
import time
from pathlib import Path

import pytest

from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import ValidationError
from s9s.services.delivery.outgoing import SIGNATURE_HEADER, Outgoing, Resolve
from tests.api.authority import Authority
from tests.delivery.servers import Hook, http_server

LOOPBACK = ["127.0.0.0/8"]


def _resolving(*answers: str) -> Resolve:
    """Every name has the first address, then the next one, and so on."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return [left.pop(0) if len(left) > 1 else left[0]]

    return resolve


async def test_the_signature_is_that_of_the_time_and_the_body() -> None:
    hook = Hook()
    with http_server(hook) as port:
        await Outgoing(LOOPBACK).post(
            f"http://127.0.0.1:{port}/a?b=c", b'{"x":1}', "secret", headers={"X-S9S-Delivery": "rep_1"}
        )
    [(path, headers, body)] = hook.requests
    assert path == "/a?b=c"
    assert body == b'{"x":1}'
    assert headers["content-type"] == "application/json"
    assert headers["x-s9s-delivery"] == "rep_1"
    assert headers["host"] == f"127.0.0.1:{port}"
    at, _, digest = headers[SIGNATURE_HEADER.lower()].partition(",")
    stamp = at.removeprefix("t=")
    assert abs(int(stamp) - time.time()) < 60
    assert digest == "v1=" + hmac.digest(b"secret", stamp.encode() + b"." + body, hashlib.sha256).hex()


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        (302, True),
        (400, True),
        (404, True),
        (410, True),
        (408, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
async def test_an_answer_says_whether_trying_again_is_of_use(status: int, is_final: bool) -> None:
    hook = Hook()
    hook.answers = [status]
    with http_server(hook) as port, pytest.raises(DeliveryFailed, match=str(status)) as failed:
        await Outgoing(LOOPBACK).post(f"http://127.0.0.1:{port}/", b"{}", "secret")
    assert failed.value.is_final is is_final
    assert len(hook.requests) == 1  # a redirect is not followed


async def test_a_certificate_must_be_for_the_name_that_was_asked_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(authority.server())  # for 127.0.0.1
    trusting = ssl.create_default_context(cafile=authority.file)
    hook = Hook()
    with http_server(hook, serving) as port:
        resolve = _resolving("127.0.0.1")
        outgoing = Outgoing(LOOPBACK, tls=trusting, resolve=resolve)
        await outgoing.post(f"https://127.0.0.1:{port}/", b"{}", "secret")
        with pytest.raises(DeliveryFailed, match="cannot be reached"):
            await outgoing.post(f"https://hooks.example:{port}/", b"{}", "secret")
        with pytest.raises(DeliveryFailed, match="cannot be reached"):
            await Outgoing(LOOPBACK).post(f"https://127.0.0.1:{port}/", b"{}", "secret")
    assert len(hook.requests) == 1


async def test_nothing_is_allowed_by_default() -> None:
    with pytest.raises(ValidationError, match="not allowed") as refused:
        await Outgoing([]).check("delivery.url", "https://hooks.example.com/")
    assert refused.value.details["parameter"] == "delivery.url"
    assert refused.value.details["allowed"] == "none: outgoing.allowed is not set"


INWARD = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]",
    "[fd00:ec2::254]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
]  # fmt: skip


@pytest.mark.parametrize("host", INWARD)
async def test_inward_addresses_are_refused_even_where_every_public_host_is_allowed(host: str) -> None:
    outgoing = Outgoing(["*"], resolve=_resolving(host.strip("[]")))
    for name in (host, "innocent.example"):
        with pytest.raises(ValidationError, match="not public"):
            await outgoing.check("url", f"https://{name}/")
        with pytest.raises(DeliveryFailed) as failed:
            await outgoing.post(f"https://{name}/", b"{}", "secret")
        assert failed.value.is_final


async def test_one_inward_address_among_others_is_enough_to_refuse() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.215.14", "127.0.0.1"]

    with pytest.raises(ValidationError, match="not public"):
        await Outgoing(["*"], resolve=resolve).check("url", "https://both.example/")


async def test_this_hosts_own_addresses_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from s9s.services.delivery import outgoing

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
    assert outgoing._is_own(outgoing.ip_address("127.0.0.1"))
    assert not outgoing._is_own(outgoing.ip_address("93.184.215.14"))
    monkeypatch.setattr(outgoing, "_is_own", lambda address: True)
    with pytest.raises(ValidationError, match="not public"):
        await Outgoing(["*"], resolve=_resolving("93.184.215.14")).check("url", "https://self.example/")


async def test_a_name_that_changes_its_address_gains_nothing() -> None:
    """The second address would be the server's; the name is looked up once for each request."""
    hook = Hook()
    with http_server(hook) as port:
        rebinding = Outgoing(["*"], resolve=_resolving("192.0.2.1", "127.0.0.1"))
        for _ in range(2):
            with pytest.raises(DeliveryFailed):
                await rebinding.post(f"https://rebinding.example:{port}/", b"{}", "secret")
    assert hook.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example.com", "ftp://hooks.example.com/", "file:///etc/passwd", "https://", "https:///x",
        "//x/y", "https://user:pass@hooks.example.com/", "https://hooks.example.com:99999/", "https://hooks.example.com:x/",
        "https://hooks.example.com/ x", "https://hooks.example.com/\r\nX: y", "https://2130706433/",
        "https://127.1/",
        "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://hooks.example.com\\@evil.example/", "https://[::1/",
        "https://hooks.exämple.com/", "https://" + "a" * 3000 + ".example/",
    ],
)  # fmt: skip
async def test_what_is_no_plain_url_is_refused(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        await Outgoing(["*", "0.0.0.0/0", "::/0"], resolve=_resolving("93.184.215.14")).check("url", url)
    assert refused.value.details["allowed"] == "a URL like https://hooks.example.com/s9s"


@pytest.mark.parametrize(
    ("allowed", "url", "address", "reason"),
    [
        (["hooks.example.com"], "https://hooks.example.com/", "93.184.215.14", None),
        (["hooks.example.com"], "https://HOOKS.example.com./", "93.184.215.14", None),
        (["hooks.example.com"], "https://evil.example.com/", "93.184.215.14", "are not allowed"),
        (["hooks.example.com"], "http://hooks.example.com/", "93.184.215.14", "must use https"),
        (["hooks.example.com"], "https://hooks.example.com/", "10.1.2.3", "not public"),
        (["hooks.example.com", "10.1.0.0/16"], "http://hooks.example.com/", "10.1.2.3", None),
        (["10.1.0.0/16"], "http://anything.example/", "10.1.2.3", None),
        (["10.1.0.0/16"], "http://anything.example/", "10.2.2.3", "are not allowed"),
        (["*.example.com"], "https://a.example.com/", "93.184.215.14", None),
        (["*.example.com"], "https://example.com/", "93.184.215.14", "are not allowed"),
        (["*.example.com"], "https://badexample.com/", "93.184.215.14", "are not allowed"),
    ],
)
async def test_what_the_site_allows(allowed: list[str], url: str, address: str, reason: str | None) -> None:
    outgoing = Outgoing(allowed, resolve=_resolving(address))
    if reason is None:
        await outgoing.check("url", url)
        return
    with pytest.raises(ValidationError, match=reason):
        await outgoing.check("url", url)


async def test_a_host_without_an_address_may_have_one_later() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    outgoing = Outgoing(["*"], resolve=resolve)
    await outgoing.check("url", "https://hooks.example.com/")
    with pytest.raises(DeliveryFailed, match="has no address") as failed:
        await outgoing.post("https://hooks.example.com/", b"{}", "secret")
    assert not failed.value.is_final
