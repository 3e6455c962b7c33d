"""E-mail to a real SMTP server on loopback, with TLS and a login."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import ValidationError
from s9s.services.delivery.mail import Attachment, Mailer, Server, _compose
from tests.api.authority import Authority
from tests.delivery.servers import Mailbox, smtp_server

PDF = Attachment("usage ü.pdf", "application/pdf", b"%PDF-1.7 \x00\xff" * 1000)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def _serving(authority: Authority) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.server())
    return context


def _mailer(port: int, authority: Authority | None = None, **changed: Any) -> Mailer:
    server = {"host": "127.0.0.1", "port": port, "security": "starttls", "sender": "s9s@hpc.example"}
    tls = None if authority is None else ssl.create_default_context(cafile=authority.file)
    return Mailer(Server(**{"timeout_seconds": 5.0} | server | changed), allowed=["*"], tls=tls)


async def test_a_file_arrives_as_it_is_through_tls_and_a_login(authority: Authority) -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox, starttls=_serving(authority), needs_login=True) as port:
        mailer = _mailer(port, authority, username="s9s", password="correct horse")
        await mailer.send("ada@hpc.example", "Usage: grüße", "Hello\n", [PDF], message_id="<r1@hpc.example>")
    [message], [envelope] = mailbox.messages, mailbox.envelopes
    assert mailbox.is_encrypted == [True]
    assert mailbox.logins == ["s9s"]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("s9s@hpc.example", ["ada@hpc.example"])
    assert message["subject"] == "Usage: grüße"
    assert message["message-id"] == "<r1@hpc.example>"
    assert message["auto-submitted"] == "auto-generated"
    body = message.get_body()
    assert body is not None
    assert body.get_content().splitlines() == ["Hello"]
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == PDF.name
    assert attachment.get_content_type() == "application/pdf"
    assert attachment.get_content() == PDF.content


async def test_a_server_with_a_wrong_certificate_gets_nothing(authority: Authority) -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox, starttls=_serving(authority), needs_login=True) as port:
        mailer = _mailer(port, username="s9s", password="correct horse")
        with pytest.raises(DeliveryFailed, match="cannot be reached") as failed:
            await mailer.send("ada@hpc.example", "x", "x")
    assert not failed.value.is_final
    assert mailbox.logins == []


async def test_a_server_without_tls_gets_nothing() -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox) as port:
        with pytest.raises(DeliveryFailed):
            await _mailer(port).send("ada@hpc.example", "x", "x")
        await _mailer(port, security="none").send("ada@hpc.example", "x", "x")
    assert len(mailbox.envelopes) == 1


async def test_a_wrong_password_is_told_without_it(authority: Authority) -> None:
    mailbox = Mailbox()
    async with smtp_server(mailbox, starttls=_serving(authority), needs_login=True) as port:
        mailer = _mailer(port, authority, username="s9s", password="hunter2")
        with pytest.raises(DeliveryFailed, match="refuses the login") as failed:
            await mailer.send("ada@hpc.example", "x", "x")
    assert not failed.value.is_final
    assert "hunter2" not in str(failed.value)
    assert mailbox.envelopes == []


@pytest.mark.parametrize(("answer", "is_final"), [("550 no such user", True), ("451 try again later", False)])
async def test_a_refusal_says_whether_trying_again_is_of_use(answer: str, is_final: bool) -> None:
    mailbox = Mailbox()
    mailbox.answers["ada@hpc.example"] = [answer]
    async with smtp_server(mailbox) as port:
        mailer = _mailer(port, security="none")
        with pytest.raises(DeliveryFailed, match=answer[:3]) as failed:
            await mailer.send("ada@hpc.example", "x", "x")
    assert failed.value.is_final is is_final


async def test_a_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(DeliveryFailed, match="cannot be reached") as failed:
        await _mailer(1).send("ada@hpc.example", "x", "x")
    assert not failed.value.is_final


@pytest.mark.parametrize(
    "address",
    [
        "ada", "@hpc.example", "ada@", "ada@hpc.example\r\nBcc: eve@evil.example",
        "ada@hpc.example, eve@evil.example", "Ada <ada@hpc.example>", "ada@hpc.example>",
        '"ada eve"@hpc.example', "ada@[127.0.0.1]", "a" * 250 + "@hpc.example",
        "ada@hpc.example\n", "ada@hpc..example", "ada@-hpc.example", "ädä@hpc.example",
    ],
)  # fmt: skip
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        _mailer(25).check("delivery.email", address)
    assert refused.value.details["parameter"] == "delivery.email"


@pytest.mark.parametrize(
    ("allowed", "yes", "no"),
    [
        ([], ["ada@hpc.example", "Ada@HPC.example"], ["ada@sub.hpc.example", "ada@evil.example"]),
        (["example.org"], ["a@example.org"], ["a@hpc.example", "a@x.example.org", "a@notexample.org"]),
        (["*.example.org"], ["a@x.example.org", "a@y.x.example.org"], ["a@example.org", "a@badexample.org"]),
        (["eve@evil.example"], ["eve@evil.example"], ["ada@evil.example"]),
        (["*"], ["a@b.example"], []),
    ],
)
def test_only_those_may_be_written_to_whom_the_site_allows(
    allowed: list[str], yes: list[str], no: list[str]
) -> None:
    mailer = Mailer(Server("127.0.0.1", 25, "none", "s9s@hpc.example"), allowed=allowed)
    for address in yes:
        mailer.check("email", address)
    for address in no:
        with pytest.raises(ValidationError, match="does not write to") as refused:
            mailer.check("email", address)
        assert refused.value.details["allowed"] == (allowed or ["hpc.example"])


async def test_a_site_without_mail_sends_none() -> None:
    mailer = Mailer(None)
    with pytest.raises(ValidationError, match="sends no e-mail"):
        mailer.check("email", "ada@hpc.example")
    with pytest.raises(DeliveryFailed):
        await mailer.send("ada@hpc.example", "x", "x")


@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_in_a_subject_or_a_file_name_makes_another_header(subject: str, name: str) -> None:
    file = Attachment(f"x{name}", "text/csv", b"1")
    raw = _compose("s9s@hpc.example", "ada@hpc.example", subject, "text", [file], "<1@hpc.example>")
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    names = [line.partition(":")[0].lower() for line in head if not line[:1].isspace()]
    assert sorted(names) == [
        "auto-submitted", "content-type", "date", "from", "message-id", "mime-version", "subject", "to",
    ]  # fmt: skip
