"""Passwords checked by a directory server (LDAP), with the client programs that every distribution has.

They come with the host's own updates, need no compiler where S9S is installed, and block nobody here; see
`docs/decisions/0008-ldap.md`. A login is one process of some 15 ms.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from s9s.domain.errors import ServiceUnavailable
from s9s.services.identity.passwords import CONCURRENCY, TIMEOUT_SECONDS, MissingPackage

#: Results of a bind that are about the user (RFC 4511): no or another kind of password, a policy that was
#: broken, a wrong password, an account that may not log in.
_REFUSED: Final = frozenset({19, 48, 49, 50, 53})
_NO_SUCH_ENTRY: Final = 32
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
#: Seconds for the connection alone.
_CONNECT_SECONDS: Final = 5

_log = logging.getLogger(__name__)


class LdapPasswords:
    """A directory server: a password is right if the server lets its user in (a simple bind).

    Raises `MissingPackage` where the programs are not installed.

    Args:
        url: ``ldaps://...``, or ``ldap://...``, which is turned to TLS before anything is said.
        user_dn: The entry of a user, with ``{user}`` in the name's place; for Active Directory
            ``{user}@example.com`` does as well.
        ca: Certificates of the authorities that may vouch for the server; ``None``: those of the host.
        group: Entry of a group whose members alone may come in; ``None``: everybody may.
    """

    def __init__(self, url: str, user_dn: str, ca: str | None = None, group: str | None = None) -> None:
        name = "ldapsearch" if group else "ldapwhoami"
        program = shutil.which(name, path=_PATH)
        if program is None:
            raise MissingPackage(f"logins with LDAP need {name}: apt install ldap-utils (openldap-clients)")
        self._command = [program, "-x", "-H", url, "-o", f"nettimeout={_CONNECT_SECONDS}"]
        if not url.startswith("ldaps:"):
            self._command.append("-ZZ")  # nothing is said unless TLS begins
        self._user_dn = user_dn
        self._group = group
        # Over whatever an ldap.conf of the host says; and no .ldaprc is read without HOME.
        self._environment = {
            "LDAPTLS_REQCERT": "demand",
            "LDAPTLS_CACERT": ca or _authorities(),
            "LDAPREFERRALS": "off",
            "LC_ALL": "C",
        }
        self._threads = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="ldap")

    async def are_right(self, user: str, password: str) -> bool:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(2 * TIMEOUT_SECONDS):  # its turn, and then the answer
                status, found, said = await loop.run_in_executor(self._threads, self._ask, user, password)
        except (TimeoutError, subprocess.TimeoutExpired, OSError) as error:
            _log.warning("the directory server cannot be asked: %s", type(error).__name__)
            raise ServiceUnavailable("Passwords cannot be checked at present") from error
        if status == 0:
            return not self._group or b"\ndn:" in b"\n" + found
        if status in _REFUSED:
            return False
        if status == _NO_SUCH_ENTRY and self._group:
            _log.warning("there is no group %s that this user may see", self._group)
            return False
        _log.warning("the directory server cannot be asked: %s", said)
        raise ServiceUnavailable("Passwords cannot be checked at present") from OSError(said)

    def close(self) -> None:
        """Ask nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, user: str, password: str) -> tuple[int, bytes, str]:
        """The result's number, what was found, and what was said about a failure."""
        # Not in the arguments, which everybody on the host can read.
        secret, entrance = os.pipe()
        try:
            os.write(entrance, password.encode())
            os.close(entrance)
            name = self._user_dn.replace("{user}", _escaped(user))
            command = [*self._command, "-y", f"/dev/fd/{secret}", "-D", name]
            if self._group:
                members = "".join(
                    f"({attribute}={_filtered(value)})"
                    for attribute, value in (("member", name), ("uniqueMember", name), ("memberUid", user))
                )
                command += ["-LLL", "-b", self._group, "-s", "base", f"(|{members})", "1.1"]
            done = subprocess.run(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                cwd="/",
                timeout=TIMEOUT_SECONDS,
                pass_fds=(secret,),
                check=False,
            )
        finally:
            os.close(secret)
        said = done.stderr.decode("utf-8", "replace").strip().replace("\n", "; ")[-300:]
        return done.returncode, done.stdout, said


def _authorities() -> str:
    """The host's own list of authorities."""
    return ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"


def _escaped(name: str) -> str:
    """A user's name as a value in a distinguished name (RFC 4514)."""
    return re.sub(r'([\\+,"<>;=#])', r"\\\1", name)


def _filtered(value: str) -> str:
    """A value in a filter (RFC 4515)."""
    return re.sub(r"[\\*()\0]", lambda match: f"\\{ord(match[0]):02x}", value)
