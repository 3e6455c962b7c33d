"""Checks of the ways out: the mail server, other servers that may be posted to, the storage of files."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from hashlib import sha256
from ipaddress import ip_network
from typing import TYPE_CHECKING

from s9s.app.delivery import open_mailer, open_outgoing
from s9s.app.queue import open_artifacts
from s9s.cli.checks.findings import Finding, fail, ok, warn
from s9s.config import BadConfiguration, Settings
from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import ValidationError

if TYPE_CHECKING:
    from s9s.services.delivery.outgoing import Outgoing

_SHORT = 200


async def check_delivery(settings: Settings) -> AsyncIterator[Finding]:
    """All of them."""
    async for finding in _mail(settings):
        yield finding
    async for finding in _outgoing(settings):
        yield finding
    async for finding in _storage(settings):
        yield finding


async def _mail(settings: Settings) -> AsyncIterator[Finding]:
    mail, subject = settings.mail, "mail"
    try:
        mailer = open_mailer(settings)
    except BadConfiguration as error:
        yield fail(subject, str(error))
        return
    for address in settings.alerts.email:
        try:
            mailer.check("alerts.email", address)
        except ValidationError as error:
            yield fail(subject, f"alerts for {address}: {error.message}", "set mail.allowed_recipients")
    if mail.host is None:
        return
    where = f"{mail.host}:{mail.port}"
    try:
        await mailer.try_out()
    except DeliveryFailed as error:
        yield fail(
            subject,
            f"{where}, {mail.security}: {error}",
            "check mail.host, mail.port, mail.security, mail.ca, mail.username and mail.password_file",
        )
        return
    login = f", logged in as {mail.username}" if mail.username else ""
    if mail.security == "none":
        yield warn(subject, f"{where} takes e-mail from {mail.sender}, not encrypted", "set mail.security")
    else:
        yield ok(subject, f"{where} takes e-mail from {mail.sender}, {mail.security}{login}")


async def _outgoing(settings: Settings) -> AsyncIterator[Finding]:
    subject = "outgoing"
    try:
        outgoing = open_outgoing(settings)
    except BadConfiguration as error:
        yield fail(subject, str(error))
        return
    for url in settings.alerts.webhooks:
        try:
            await outgoing.check("alerts.webhooks", url)
        except ValidationError as error:
            yield fail(subject, f"{url}: {error.message}", "set outgoing.allowed, or alerts.webhooks")
    for one in settings.outgoing.allowed:
        yield await _target(outgoing, one)


async def _target(outgoing: Outgoing, allowed: str) -> Finding:
    """What comes of one entry of `outgoing.allowed`."""
    subject = "outgoing"
    if allowed == "*":
        return warn(
            subject, "every public host may be posted to", "name those that are meant in outgoing.allowed"
        )
    if allowed.startswith("*."):
        return ok(subject, f"all hosts below {allowed[2:]} with a public address may be posted to")
    try:
        return ok(subject, f"the network {ip_network(allowed, strict=False)} may be posted to")
    except ValueError:
        pass
    try:
        await outgoing.try_out(allowed)
    except DeliveryFailed as error:
        mend = "name the network of its address in outgoing.allowed too" if error.is_final else None
        return fail(subject, str(error), mend or f"check the name {allowed}, and this host's name service")
    return ok(subject, f"{allowed} may be posted to")


async def _storage(settings: Settings) -> AsyncIterator[Finding]:
    wanted, subject = settings.artifacts, "file storage"
    if wanted.bucket is None:
        return
    where = f"bucket {wanted.bucket} at {wanted.endpoint or f'AWS, {wanted.region}'}"
    try:
        artifacts = open_artifacts(settings)
        name, content = f"s9s-check-{secrets.token_hex(8)}", secrets.token_bytes(1000)
        async with artifacts.create(name) as sink:
            await asyncio.to_thread(sink.write, content)
        try:
            read = b"".join([piece async for piece in await artifacts.open(name)])
        finally:
            await artifacts.delete(name)
    except BadConfiguration as error:
        yield fail(subject, str(error))
    except OSError as error:
        reason = " ".join(str(error.__cause__ or error).split())[:_SHORT]
        yield fail(
            subject,
            f"{where}: {reason}",
            "check artifacts.bucket, endpoint, region and access_key_id; the key must be allowed to put, get "
            "and delete objects",
        )
    else:
        if sha256(read).digest() != sha256(content).digest():
            yield fail(subject, f"{where} gives back something else than was written", "use another storage")
        else:
            yield ok(subject, f"{where} keeps, gives back and deletes files")
