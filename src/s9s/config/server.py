"""The server itself: where it listens, what it keeps, what it bears, what it says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from s9s.config.section import AbsolutePath, Networks, Section, Text, Texts


def default_state_dir() -> Path:
    """``/var/lib/s9s`` for root, a directory of the user's own for everyone else."""
    if os.geteuid() == 0:
        return Path("/var/lib/s9s")
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "s9s"


class Server(Section):
    """Where the server listens and keeps its files."""

    host: Text = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on; 0 takes any free one."""
    state_dir: AbsolutePath = Field(default_factory=default_state_dir)
    """Directory of the embedded database and of all files of the server; made with mode 0700."""
    secrets_key_file: AbsolutePath | None = None
    """Key that secrets in the database are encrypted with: 32 random bytes, `chmod 600`; unset is
    `secrets-key` in the state directory, made when it is needed. All on one database need the same."""
    public_url: (
        Annotated[str, Field(pattern=r"^https?://[^\s/]\S*$", examples=["https://api.example.com"])] | None
    ) = None
    """Address under which clients reach the server, where a proxy stands before it."""
    tls_certificate: AbsolutePath | None = None
    """Certificate of the server, followed by those of its issuers (PEM); with it the server speaks TLS only.
    A renewed one is taken without a restart."""
    tls_key: AbsolutePath | None = None
    """Private key of the certificate (PEM); unset is in the same file."""
    client_ca: AbsolutePath | None = None
    """Certificates of those who issue certificates to clients (PEM)."""
    client_certificates: Literal["optional", "required"] = "optional"
    """Whether clients need a certificate where there is a `client_ca`."""
    trusted_proxies: Annotated[Networks, Field(examples=['["10.0.0.5", "2001:db8::/64"]'])] = ()
    """Proxies that are believed for whom they speak (`X-Forwarded-For`, and `Client-Cert` of RFC 9440)."""
    allowed_origins: Annotated[Texts, Field(examples=['["https://portal.example.com"]'])] = ()
    """Web pages of other servers that may use the API from a browser (CORS); unset is none, `*` is all."""


class Database(Section):
    """What outlives a restart."""

    url: Annotated[str, Field(pattern=r"^sqlite:////.+$", examples=["sqlite:////srv/s9s/s9s.db"])] | None = (
        None
    )
    """Database; unset is `s9s.db` in the state directory."""


class Limits(Section):
    """Bounds of what one request, or all together, may take."""

    max_body_bytes: Annotated[int, Field(ge=1024, le=2**30)] = 8 * 2**20
    """Largest body of a request."""
    enterprise_requests: Annotated[int, Field(ge=1, le=10**12)] = 100_000_000
    """Requests an hour of a credential of the tier enterprise; free has 1,000 and pro 10,000."""
    max_concurrent_requests: Annotated[int, Field(ge=1, le=10_000)] = 128
    """Requests of one credential that may be under way at the same time."""
    failed_logins: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Failed logins from one address (of IPv6: one /64) before each costs a growing delay; it regains one
    every two seconds, and the same wrong secret again counts a quarter."""
    request_head_seconds: Annotated[float, Field(gt=0, le=3600)] = 15.0
    """Longest time in which a client may send a request's head."""
    request_body_seconds: Annotated[float, Field(gt=0, le=86400)] = 120.0
    """Longest time in which a client may send a request's body, and after which one that does not read its
    answer is disconnected."""
    max_processes: Annotated[int, Field(ge=1, le=1024)] = 16
    """Slurm commands that run at the same time."""


class Logging(Section):
    """What the server says on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is logged."""
    format: Literal["auto", "text", "json"] = "auto"
    """Form of a line; `auto` is text on a terminal and JSON elsewhere."""
    access: bool = False
    """Log every request."""
