"""Where passwords are checked: PAM of this host, or a directory server. Both are optional packages."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Final, Protocol

from s9s.domain.errors import ServiceUnavailable

TIMEOUT_SECONDS: Final = 15.0
#: Logins at the same time; PAM takes two seconds to say no.
CONCURRENCY: Final = 8

_log = logging.getLogger(__name__)


class Passwords(Protocol):
    """Knows whether a password is somebody's."""

    async def are_right(self, user: str, password: str) -> bool:
        """Whether the user may come in with this password. Raises `ServiceUnavailable`.

        Args:
            user: Has the form of a user's name.
            password: Not empty, without NUL.
        """
        ...

    def close(self) -> None:
        """Ask nothing more."""
        ...


class MissingPackage(Exception):
    """The package that is needed is not installed; ``str()`` says how to install it."""


class PamPasswords:
    """PAM, asked in threads of its own: it blocks, and must not keep anybody else waiting.

    Only root can ask it about others than itself, on most hosts.

    Args:
        service: A file of ``/etc/pam.d``.
    """

    def __init__(self, service: str) -> None:
        try:
            self._pam: Any = import_module("pam")
        except ImportError as error:
            raise MissingPackage("logins with PAM need python-pam: pip install 's9s[pam]'") from error
        self._service = service
        self._threads = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="pam")
        self._free = asyncio.Semaphore(CONCURRENCY)

    async def are_right(self, user: str, password: str) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._free.acquire()
                asked = asyncio.get_running_loop().run_in_executor(self._threads, self._ask, user, password)
                # A thread cannot be stopped: its place is free when it is done, whoever still waits.
                asked.add_done_callback(lambda _: self._free.release())
                return await asyncio.shield(asked)
        except TimeoutError as error:
            raise ServiceUnavailable("Passwords cannot be checked at present") from error

    def close(self) -> None:
        """Ask nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, user: str, password: str) -> bool:
        return bool(
            self._pam.PamAuthenticator().authenticate(user, password, self._service, resetcreds=False)
        )


class LdapPasswords:
    """A directory server: a password is right if the server lets its user in (a simple bind).

    Args:
        url: ``ldaps://...``, or ``ldap://...``, which is turned to TLS before anything is said.
        user_dn: The entry of a user, with ``{user}`` in the name's place.
        ca: Certificates of the authorities that may vouch for the server; ``None``: those of the host.
    """

    def __init__(self, url: str, user_dn: str, ca: str | None = None) -> None:
        try:
            self._bonsai: Any = import_module("bonsai")
        except ImportError as error:
            raise MissingPackage("logins with LDAP need bonsai: pip install 's9s[ldap]'") from error
        self._url = url
        self._user_dn = user_dn
        self._ca = ca
        self._free = asyncio.Semaphore(CONCURRENCY)

    async def are_right(self, user: str, password: str) -> bool:
        client = self._bonsai.LDAPClient(self._url, tls=not self._url.startswith("ldaps:"))
        client.set_cert_policy("demand")
        if self._ca is not None:
            client.set_ca_cert(self._ca)
        name = self._bonsai.escape_attribute_value(user)
        client.set_credentials("SIMPLE", user=self._user_dn.replace("{user}", name), password=password)
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._free,
                client.connect(is_async=True, timeout=TIMEOUT_SECONDS),
            ):
                return True
        except self._bonsai.AuthenticationError:
            return False
        except (self._bonsai.LDAPError, OSError, TimeoutError) as error:
            _log.warning("the directory server cannot be asked: %s", type(error).__name__)
            raise ServiceUnavailable("Passwords cannot be checked at present") from error

    def close(self) -> None:
        """Nothing is kept open."""
