"""Checks of this host: the configuration file, the state directory, the address to listen on."""

from __future__ import annotations

import errno
import ipaddress
import os
import resource
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from s9s.app.tls import UnusableTls, open_tls
from s9s.cli.checks.findings import Finding, fail, nearest_existing, ok, open_to_others, warn
from s9s.config import Settings

#: On these, SQLite's locks and its write-ahead log cannot be relied on.
_NETWORK_FILE_SYSTEMS: Final = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "nfs", "nfs4",
    "orangefs", "panfs", "smb3",
})  # fmt: skip
_FREE_BYTES: Final = 200 * 2**20
#: Each client takes a descriptor, and so does each running command.
_DESCRIPTORS: Final = 4096


def check_host(settings: Settings) -> Iterator[Finding]:
    """All of them."""
    yield _configuration(settings.config_file)
    yield from _state_directory(settings.server.state_dir)
    yield from _listening(settings)
    yield from _tls(settings)
    yield _descriptors()


def _configuration(file: Path | None) -> Finding:
    if file is None:
        return ok("configuration", "no file; defaults, environment and flags")
    if why := open_to_others(file):
        # Who can write it decides which programs the server runs.
        return fail("configuration", f"{file} {why}", f"chown {_me()} {file}; chmod go-w {file}")
    return ok("configuration", str(file))


def _state_directory(path: Path) -> Iterator[Finding]:
    subject = "state directory"
    nearest = nearest_existing(path)
    if not nearest.is_dir():
        yield fail(subject, f"{nearest} is not a directory", "set server.state_dir to another one")
        return
    if not os.access(nearest, os.W_OK | os.X_OK):
        mend = f"make {path} and `chown {_me()}` it, or set server.state_dir (S9S_STATE_DIR) to another one"
        yield fail(subject, f"{nearest} is not writable by {_me()}", mend)
        return
    status = path.stat() if nearest == path else None
    if status is None:
        yield ok(subject, f"{path} will be made")
    elif status.st_uid != os.geteuid():
        yield warn(
            subject,
            f"{path} belongs to uid {status.st_uid}, and this check runs as {_me()}",
            "check, and issue tokens, as the user whom the server runs as",
        )
    elif status.st_mode & 0o022:
        yield warn(subject, f"{path} can be written by others", f"chmod 700 {path}")
    else:
        yield ok(subject, str(path))
    if (kind := _file_system(nearest)) in _NETWORK_FILE_SYSTEMS:
        yield warn(
            subject,
            f"{path} is on a network file system ({kind}), where the embedded database is not safe",
            "set server.state_dir (S9S_STATE_DIR) to a local disk",
        )
    free = shutil.disk_usage(nearest).free
    if free < _FREE_BYTES:
        yield warn(subject, f"only {free // 2**20} MB are free in {nearest}", "make room")


def _file_system(path: Path) -> str:
    """The type of the file system that a path is on, as the kernel names it."""
    resolved, best, kind = path.resolve(), Path(), ""
    for line in Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        point = Path(before.split()[4].encode("utf-8", "surrogateescape").decode("unicode_escape"))
        if resolved.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, after.split()[0]
    return kind


def _listening(settings: Settings) -> Iterator[Finding]:
    host, port, subject = settings.server.host, settings.server.port, "listening"
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            yield warn(
                subject,
                f"{host} port {port} is taken, perhaps by this very server",
                "if not: choose another server.port (S9S_PORT, --port)",
            )
        else:
            mend = "use a port of 1024 or above, or start as root" if error.errno == errno.EACCES else None
            yield fail(
                subject, f"cannot listen on {host} port {port}: {error.strerror}", mend or "set server.host"
            )
        return
    yield ok(subject, f"{host} port {port} is free")
    is_encrypted = settings.has_tls
    if not ipaddress.ip_address(address[0]).is_loopback and not is_encrypted:
        yield warn(
            subject,
            f"{host} can be reached from outside, and tokens would travel in the clear",
            "set server.tls_certificate; or listen on 127.0.0.1 behind a proxy with TLS, and set "
            "server.public_url to its https address",
        )


def _tls(settings: Settings) -> Iterator[Finding]:
    try:
        tls = open_tls(settings.server)
    except UnusableTls as error:
        yield fail("tls", str(error), "set server.tls_certificate and server.tls_key to a pair in PEM")
        return
    if tls is not None:
        yield ok("tls", str(settings.server.tls_certificate))


def _descriptors() -> Finding:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit != resource.RLIM_INFINITY and limit < _DESCRIPTORS:
        return warn(
            "open files",
            f"at most {limit}, so that many clients at most",
            f"ulimit -n {_DESCRIPTORS} or more",
        )
    return ok("open files", f"up to {limit}")


def _me() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
