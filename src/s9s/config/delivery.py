"""Whom the server writes to: e-mail, and requests to other servers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from s9s.config.section import AbsolutePath, Section, Text, Texts


class Mail(Section):
    """E-mail: reports, alerts. None leaves without a `host`."""

    host: Text | None = None
    """The SMTP server that takes the site's e-mail; unset sends none."""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    """Its port; usually 587 with `starttls`, 465 with `tls`, 25 with `none`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted; a server that cannot do it, or has a wrong certificate, gets none."""
    ca: AbsolutePath | None = None
    """Certificates of who may vouch for the SMTP server (PEM); unset are those of the host."""
    username: Text | None = None
    """Name to log in with; unset does not log in."""
    password_file: AbsolutePath | None = None
    """File with the password, readable by the server's user only."""
    sender: Annotated[str, Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$", examples=["s9s@example.com"])] | None = (
        None
    )
    """Address that e-mail comes from. Must be set where there is a `host`."""
    allowed_recipients: Annotated[Texts, Field(examples=['["example.com", "*.example.org", "a@b.net"]'])] = ()
    """Domains and addresses that may be written to, `*.` before a domain is all below it, `*` is everybody;
    unset is the domain of `sender`."""
    max_attachment_bytes: Annotated[int, Field(ge=0, le=2**30)] = 10 * 2**20
    """Larger files are not attached: the e-mail says where they are."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Longest wait for one answer of the SMTP server."""


class Outgoing(Section):
    """Requests that the server makes because a client asked for it: webhooks. None leaves unless allowed."""

    allowed: Annotated[Texts, Field(examples=['["hooks.example.com", "*.example.org", "10.1.0.0/16"]'])] = ()
    """Hosts, all below a domain (`*.`), all public ones (`*`) and networks that may be reached; unset: none.
    A host with an address that is not public (loopback, private, link-local, this server's own), and plain
    `http`, only where a network is named that the address is in."""
    ca: AbsolutePath | None = None
    """Certificates of who may vouch for other servers (PEM); unset are those of the host."""
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    """Longest time that one request may take."""
