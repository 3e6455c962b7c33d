"""A private directory server: OpenLDAP's slapd on free ports of loopback, with a few users and groups."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.commands import run
from tests.api.authority import Authority
from tests.programs import may_install, uninstallable

SUFFIX = "dc=example,dc=org"
USER_DN = f"uid={{user}},ou=people,{SUFFIX}"
#: Odd, but right ones; and those of a guesser are made of them.
PASSWORDS = {"alice": "correct horse", "bob": 'p"\\ä€ $(id)', "carol": "-y /etc/passwd"}

_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_PROGRAMS = ("slapd", "slapadd", "ldapwhoami", "ldapsearch")

_CONFIGURATION = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {directory}/slapd.pid
TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {certificate}
disallow bind_anon
require bind
security simple_bind=1
database mdb
suffix "{suffix}"
directory {directory}/data
access to attrs=userPassword by anonymous auth by * none
access to dn.base="cn=secret,ou=groups,{suffix}" by * none
access to * by users read
"""

_ENTRIES = f"""\
dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,{SUFFIX}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{SUFFIX}
objectClass: organizationalUnit
ou: groups

dn: cn=hpc,ou=groups,{SUFFIX}
objectClass: groupOfNames
cn: hpc
member: uid=alice,ou=people,{SUFFIX}

dn: cn=posix,ou=groups,{SUFFIX}
objectClass: posixGroup
cn: posix
gidNumber: 5000
memberUid: bob

dn: cn=secret,ou=groups,{SUFFIX}
objectClass: groupOfNames
cn: secret
member: uid=alice,ou=people,{SUFFIX}
"""


class Slapd:
    """Runs until the end of the ``with``; `ldap` and `ldaps` are its addresses."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = Authority(directory)
        self.ca = str(self._authority.file)
        self.ldap, self.ldaps = (f"{scheme}://127.0.0.1:{_free_port()}" for scheme in ("ldap", "ldaps"))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        (self._directory / "data").mkdir()
        configuration = self._directory / "slapd.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                directory=self._directory, ca=self.ca, certificate=self._authority.server(), suffix=SUFFIX
            )
        )
        entries = self._directory / "entries.ldif"
        entries.write_text(_ENTRIES + "".join(map(_person, PASSWORDS.items())), encoding="utf-8")
        run([_program("slapadd"), "-f", configuration, "-l", entries, "-q"])
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def freeze(self) -> None:
        """Keep it from answering, with its sockets open."""
        assert self._process is not None
        self._process.send_signal(19)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(18)

    def _start(self) -> None:
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("slapd"), "-d", "0", "-f", str(self._directory / "slapd.conf"),
                 "-h", f"{self.ldap}/ {self.ldaps}/"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 20
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", int(self.ldaps.split(":")[2])), 5):
                return
            said = (self._directory / "log").read_text()
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)


def install() -> None:
    """What is needed, on Debian as root; elsewhere the test is skipped, with what is missing."""
    from lab.packages import apt_install

    if all(map(_program, _PROGRAMS)):
        return
    if not may_install():
        uninstallable("slapd and ldap-utils are not installed, and only root on Debian can install them")
    # No database of Debian's own, and no daemon.
    run(["debconf-set-selections"], stdin="slapd slapd/no_configuration boolean true\n")
    apt_install(("slapd", "ldap-utils"), needed=_PROGRAMS)


def _program(name: str) -> str:
    return shutil.which(name, path=_PATH) or ""


def _person(person: tuple[str, str]) -> str:
    import base64

    name, password = person
    encoded = base64.b64encode(password.encode()).decode()
    return (
        f"\ndn: uid={name},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: {name}\n"
        f"cn: {name}\nsn: {name}\nuserPassword:: {encoded}\n"
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
