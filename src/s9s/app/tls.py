"""TLS as the settings want it."""

from __future__ import annotations

import asyncio
import logging
import ssl
import stat
from pathlib import Path
from typing import Final

from s9s.config.server import Server

#: How often a renewed certificate is looked for.
RENEWAL_SECONDS: Final = 30.0

_log = logging.getLogger(__name__)


class UnusableTls(Exception):
    """Certificate, key or authorities cannot be used; ``str()`` says why."""


class Tls:
    """The server's side of TLS: 1.2 or newer, with a certificate that may be renewed meanwhile."""

    def __init__(self, certificate: Path, server: Server) -> None:
        self._certificate = certificate
        self._key = server.tls_key
        self.context: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.options |= ssl.OP_NO_RENEGOTIATION
        self.context.set_alpn_protocols(["http/1.1"])
        self._seen = self._load()
        if server.client_ca is not None:
            try:
                self.context.load_verify_locations(server.client_ca)
            except OSError as error:
                raise UnusableTls(f"server.client_ca {server.client_ca}: {error}") from error
            required = server.client_certificates == "required"
            self.context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL

    async def watch(self) -> None:
        """Take a renewed certificate for new connections, for ever."""
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            self.renew()

    def renew(self) -> None:
        """Take certificate and key anew if their files have changed; the old ones stay if those fail."""
        try:
            if self._times() != self._seen:
                self._seen = self._load()
                _log.info("the renewed certificate %s is in use", self._certificate)
        except (UnusableTls, OSError) as error:
            _log.warning("the certificate stays as it was: %s", error)

    def _load(self) -> tuple[int, ...]:
        key = self._key or self._certificate
        try:
            times = self._times()
            mode = key.stat().st_mode
            if mode & stat.S_IRWXO:
                raise UnusableTls(f"{key} can be read by everybody: chmod o-rwx {key}")
            # A key with a password would ask for it on the terminal.
            self.context.load_cert_chain(self._certificate, self._key, password=lambda: "none")
        except OSError as error:  # an SSLError is one
            raise UnusableTls(f"server.tls_certificate {self._certificate}, key {key}: {error}") from error
        return times

    def _times(self) -> tuple[int, ...]:
        return tuple(path.stat().st_mtime_ns for path in (self._certificate, self._key) if path is not None)


def open_tls(server: Server) -> Tls | None:
    """TLS if there is a certificate to it. Raises `UnusableTls`."""
    if server.tls_certificate is None:
        if server.tls_key or server.client_ca:
            raise UnusableTls("server.tls_key and server.client_ca need a server.tls_certificate")
        return None
    return Tls(server.tls_certificate, server)
