"""Settings to the ways out."""

from __future__ import annotations

import os
import ssl
import stat
from pathlib import Path

from s9s.config import BadConfiguration, Settings
from s9s.services.delivery.mail import Mailer, Server
from s9s.services.delivery.outgoing import Outgoing

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MAX_PASSWORD = 4096


def open_mailer(settings: Settings) -> Mailer:
    """What sends e-mail. Raises `BadConfiguration`."""
    mail = settings.mail
    if mail.host is None:
        return Mailer(None)
    if mail.sender is None:
        raise BadConfiguration("mail.sender must be set where there is a mail.host")
    if (mail.username is None) != (mail.password_file is None):
        raise BadConfiguration("mail.username and mail.password_file belong together")
    if mail.username and mail.security == "none" and mail.host not in _LOOPBACK:
        raise BadConfiguration("mail.security must not be none where there is a mail.username")
    password = None
    if mail.password_file is not None:
        password = read_secret("mail.password_file", mail.password_file)
    server = Server(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        sender=mail.sender,
        username=mail.username,
        password=password,
        timeout_seconds=mail.timeout_seconds,
    )
    return Mailer(
        server,
        allowed=mail.allowed_recipients,
        max_attachment_bytes=mail.max_attachment_bytes,
        tls=_context("mail.ca", mail.ca),
    )


def open_outgoing(settings: Settings) -> Outgoing:
    """What sends requests to other servers. Raises `BadConfiguration`."""
    outgoing = settings.outgoing
    return Outgoing(
        outgoing.allowed,
        timeout_seconds=outgoing.timeout_seconds,
        tls=_context("outgoing.ca", outgoing.ca),
    )


def _context(key: str, authority: Path | None) -> ssl.SSLContext | None:
    if authority is None:
        return None
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:  # ssl.SSLError is one
        raise BadConfiguration(f"{key}: {authority} cannot be used: {error.strerror or error}") from error


def read_secret(key: str, path: Path) -> str:
    """What is in a file that nobody else can read. Raises `BadConfiguration` naming the key."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode) or mode & 0o077:
                raise BadConfiguration(f"{key}: {path} must be a file that nobody else can read (chmod 600)")
            return os.read(descriptor, _MAX_PASSWORD).decode().strip()
        finally:
            os.close(descriptor)
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{key}: {path} cannot be read: {error}") from error
