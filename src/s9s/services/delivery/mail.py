"""E-mail: to whom it may go, and handing it to the site's SMTP server."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, make_msgid
from typing import Final

import aiosmtplib
from msgspec import Struct

from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import ValidationError

#: One address as it may stand in an envelope: no names, no quotes, nothing that could end a header.
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)"
)
_MAX_ADDRESS: Final = 254
_MAX_SUBJECT: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
#: Greeting, TLS, login, envelope and text: as many times the longest wait for one answer.
_ANSWERS: Final = 8


class Attachment(Struct, frozen=True):
    """A file that goes with an e-mail."""

    name: str
    media_type: str
    """``application/pdf``."""
    content: bytes


class Server(Struct, frozen=True):
    """Where e-mail is handed in. `password` is secret."""

    host: str
    port: int
    security: str
    """``starttls``, ``tls`` or ``none``."""
    sender: str
    username: str | None = None
    password: str | None = None
    timeout_seconds: float = 30.0


class Mailer:
    """Sends e-mail to those who may be written to.

    Args:
        server: ``None``: the site sends none.
        allowed: Domains, ``*.domain`` and addresses; ``*`` is everybody. Empty: the sender's own domain.
        max_attachment_bytes: What is larger should be linked to, not attached.
        tls: Who is believed about the server's certificate; ``None`` is the host's own choice.
    """

    def __init__(
        self,
        server: Server | None,
        *,
        allowed: Sequence[str] = (),
        max_attachment_bytes: int = 10 * 2**20,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        own = [server.sender.rpartition("@")[2]] if server else []
        self._allowed = tuple(one.lower() for one in allowed or own)
        self.max_attachment_bytes = max_attachment_bytes
        self._tls = tls

    def check(self, parameter: str, address: str) -> None:
        """Raises `ValidationError` unless that address may be written to; `parameter` is its name."""
        if self._server is None:
            raise ValidationError.of(
                parameter, address, "no e-mail: this server has no mail.host", "This server sends no e-mail"
            )
        match = _ADDRESS.fullmatch(address)
        if match is None or len(address) > _MAX_ADDRESS:
            raise ValidationError.of(parameter, address, "one address like alice@example.com")
        if not self._may_write_to(address.lower(), match[1].lower()):
            raise ValidationError.of(
                parameter, address, list(self._allowed), f"This server does not write to {address}"
            )

    def _may_write_to(self, address: str, domain: str) -> bool:
        return any(
            one in ("*", address, domain) or (one.startswith("*.") and domain.endswith(one[1:]))
            for one in self._allowed
        )

    async def send(
        self,
        to: str,
        subject: str,
        text: str,
        attachments: Sequence[Attachment] = (),
        *,
        message_id: str | None = None,
    ) -> None:
        """Hand one e-mail to the SMTP server, which has it when this returns.

        Args:
            to: One address.
            subject: Line breaks and the like become spaces.
            text: Plain text.
            attachments: Files.
            message_id: ``<report-abc@example.com>``; the same for every attempt, so that a mailbox can tell
                a message that came twice. ``None`` makes one up.

        Raises:
            DeliveryFailed: It was not taken, or may not be sent at all.
        """
        server = self._server
        try:
            self.check("email", to)
        except ValidationError as error:
            raise DeliveryFailed(error.message, is_final=True) from None
        assert server is not None
        raw = await asyncio.to_thread(_compose, server.sender, to, subject, text, attachments, message_id)
        try:
            async with asyncio.timeout(server.timeout_seconds * _ANSWERS):
                await aiosmtplib.send(
                    raw,
                    sender=server.sender,
                    recipients=[to],
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password,
                    use_tls=server.security == "tls",
                    start_tls=server.security == "starttls",
                    tls_context=self._tls,
                    timeout=server.timeout_seconds,
                )
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise _failure(server, to, error) from error

    async def try_out(self) -> None:
        """Connect, log in and name the sender, as before an e-mail; none is sent. Raises `DeliveryFailed`."""
        server = self._server
        if server is None:
            raise DeliveryFailed("This server sends no e-mail", is_final=True)
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._tls,
            timeout=server.timeout_seconds,
        )
        try:
            async with asyncio.timeout(server.timeout_seconds * _ANSWERS), client:
                await client.mail(server.sender)
                await client.rset()
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise _failure(server, server.sender, error) from error

    def may_attach(self, size: int) -> bool:
        """Whether a file of that many bytes may be attached."""
        return size <= self.max_attachment_bytes


def _compose(
    sender: str,
    to: str,
    subject: str,
    text: str,
    attachments: Sequence[Attachment],
    message_id: str | None,
) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr(("S9S", sender))
    message["To"] = to
    message["Subject"] = _CONTROL.sub(" ", subject).strip()[:_MAX_SUBJECT]
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = message_id or make_msgid(domain=sender.rpartition("@")[2])
    # Nobody's out-of-office note should answer a machine (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    for one in attachments:
        kind, _, subtype = one.media_type.partition("/")
        name = _CONTROL.sub(" ", one.name)
        message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=name)
    return message.as_bytes()


def _failure(server: Server, to: str, error: Exception) -> DeliveryFailed:
    """What went wrong, and whether it will go wrong again (SMTP's 5xx)."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        return DeliveryFailed(
            f"{server.host} refuses {to}: {error.code} {_short(error.message)}", is_final=error.code >= 500
        )
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        # The administrator can mend it, and then it goes through.
        return DeliveryFailed(f"{server.host} refuses the login of this server", is_final=False)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return DeliveryFailed(
            f"{server.host} answers {error.code} {_short(error.message)}", is_final=error.code >= 500
        )
    return DeliveryFailed(
        f"{server.host} cannot be reached: {_short(str(error)) or 'no answer'}", is_final=False
    )


def _short(text: str) -> str:
    return _CONTROL.sub(" ", text)[:200]
