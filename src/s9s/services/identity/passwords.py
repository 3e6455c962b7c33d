"""Where passwords are checked: PAM of this host. A directory server is in `directory`."""

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
