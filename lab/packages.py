"""Slurm's programs: the host's own packages, or a Debian tree of another suite beside them.

A tree is used without chroot. For the daemons, and so for the jobs, its /usr is bound over the host's in a
private mount namespace; its client commands run on the host, through the tree's own dynamic loader. So users,
/etc, /home and all paths are the same on both sides, nothing needs unmounting, and any uid can run a client.
"""

import logging
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.commands import run
from lab.errors import LabUnavailable
from lab.locks import locked

log = logging.getLogger("lab")

SUITES = {"22.05": "bookworm", "24.11": "trixie", "26.05": "forky"}
"""Slurm version to the Debian suite that has it."""

SLURM = ("munge", "slurmctld", "slurmd", "slurmdbd", "slurmrestd", "slurm-client", "slurm-wlm-jwt-plugin")
"""Nothing pulls the JWT plugin in by itself, and forky only recommends munge."""

HOST = ("munge", "mariadb-server")
POLICY = Path("/usr/sbin/policy-rc.d")
DEFAULT_CACHE = Path(os.environ.get("S9S_LAB_CACHE", "/var/cache/s9s-lab"))

_ARCHITECTURES = {
    "x86_64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


@dataclass(frozen=True)
class Installation:
    """One installed Slurm; `tree` is None where it is the host's own."""

    version: str
    tree: Path | None

    @property
    def _root(self) -> Path:
        return self.tree or Path("/")

    @property
    def plugin_dir(self) -> Path:
        """Directory of the plugins, valid inside and outside of the mount namespace."""
        return self._root / "usr/lib" / _architecture()[0] / "slurm-wlm"

    def client(self, program: str) -> list[str]:
        """Command that runs a client program on the host, as any uid."""
        binary = str(self._root / "usr/bin" / program)
        if self.tree is None:
            return [binary]
        triple, loader = _architecture()
        libraries = f"{self.tree}/usr/lib/{triple}:{self.plugin_dir}"
        return [
            f"{self.tree}/usr/lib/{triple}/{loader}",
            "--library-path",
            libraries,
            "--argv0",
            program,
            binary,
        ]

    def daemon(self, argv: Sequence[str]) -> list[str]:
        """Command that runs `argv` (a program under /usr) with this Slurm; it becomes that program."""
        if self.tree is None:
            return list(argv)
        # /etc/alternatives and the loader's cache must agree with /usr; all else in /etc is the host's.
        script = (
            'mount --bind "$0/etc/alternatives" /etc/alternatives && '
            'mount --bind "$0/etc/ld.so.cache" /etc/ld.so.cache && '
            'mount --bind "$0/usr" /usr && exec "$@"'
        )
        return [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "/bin/sh",
            "-c",
            script,
            str(self.tree),
            *argv,
        ]


def require(version: str) -> None:
    """Check that this machine can carry the lab.

    Raises: LabUnavailable naming what is missing.
    """
    if version not in SUITES:
        raise LabUnavailable(f"{_left_out(version)}known versions are {', '.join(SUITES)}")
    if not sys.platform.startswith("linux") or platform.machine() not in _ARCHITECTURES:
        raise LabUnavailable(f"{_left_out(version)}it needs Linux on {' or '.join(_ARCHITECTURES)}")
    if os.geteuid():
        raise LabUnavailable(
            f"{_left_out(version)}installing and starting it needs root (run as root or with sudo)"
        )
    if shutil.which("apt-get") is None:
        raise LabUnavailable(
            f"{_left_out(version)}its packages come from Debian, and there is no apt-get here"
        )


def install(version: str, cache: Path = DEFAULT_CACHE) -> Installation:
    """Install what is missing for this Slurm and return it; quick when all is there.

    Raises: LabUnavailable if this machine cannot; LabError if apt-get or debootstrap fails.
    """
    require(version)
    suite = SUITES[version]
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "lock"):
        if suite == _host_suite():
            apt_install((*HOST, *SLURM), needed=("mariadbd", "munged", *SLURM[1:5], "squeue"))
            return locate(version, cache)
        if run(["unshare", "--mount", "true"], check=False).returncode:
            raise LabUnavailable(f"{_left_out(version)}its private mount namespace is forbidden here")
        apt_install(HOST, needed=("mariadbd", "munged"))
        tree = cache / suite
        if not tree.is_dir():
            _debootstrap(suite, tree)
        return locate(version, cache)


def locate(version: str, cache: Path = DEFAULT_CACHE) -> Installation:
    """Where this Slurm is, or would be, installed."""
    suite = SUITES[version]
    return Installation(version, None if suite == _host_suite() else cache / suite)


def _left_out(version: str) -> str:
    return f"The real Slurm {version} is left out: "


def _architecture() -> tuple[str, str]:
    return _ARCHITECTURES[platform.machine()]


def _host_suite() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def apt_install(packages: Sequence[str], needed: Sequence[str]) -> None:
    """Install packages unless all the programs `needed` are there; their daemons are not started."""
    search = f"/usr/sbin:/usr/bin:{os.environ.get('PATH', '')}"
    if all(shutil.which(program, path=search) for program in needed):
        return
    log.info("installing %s with apt-get", " ".join(packages))
    apt = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=600", "--no-install-recommends"]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with _no_daemons_started():
        if run([*apt, "install", *packages], timeout=1800, env=quiet, check=False).returncode:
            run([*apt, "update"], timeout=600, env=quiet)  # lists absent or stale
            run([*apt, "install", *packages], timeout=1800, env=quiet)
    if Path("/run/systemd/system").is_dir():
        units = [p for p in packages if p.startswith(("slurmc", "slurmd", "slurmr", "munge"))] + ["mariadb"]
        run(["systemctl", "disable", *units], check=False)  # nor at the next boot


@contextmanager
def _no_daemons_started() -> Iterator[None]:
    """Keep Debian's packages from starting their daemons, as policy-rc.d provides for."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _debootstrap(suite: str, tree: Path) -> None:
    apt_install(("debootstrap", "debian-archive-keyring"), needed=("debootstrap",))
    partial = tree.with_name(f"{suite}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    log.info("unpacking Debian %s with its Slurm into %s (about a minute, once)", suite, tree)
    command = ["debootstrap", "--variant=minbase", f"--include={','.join(('ca-certificates', *SLURM))}"]
    command += [suite, str(partial), mirror()]
    scripts = Path("/usr/share/debootstrap/scripts")
    if not (scripts / suite).exists():  # bookworm's debootstrap has not heard of forky
        command.append(str(scripts / "sid"))
    run(command, timeout=1800, env={"DEBIAN_FRONTEND": "noninteractive"})
    for archive in (partial / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()
    shutil.rmtree(partial / "var/lib/apt/lists", ignore_errors=True)
    partial.rename(tree)


def mirror(apt: Path = Path("/etc/apt")) -> str:
    """Mirror of Debian named by S9S_LAB_MIRROR or by the host's own apt sources.

    Raises: LabUnavailable if neither names one.
    """
    if named := os.environ.get("S9S_LAB_MIRROR"):
        return named
    suite = _host_suite()
    for source in sorted(apt.glob("sources.list.d/*.sources")):
        for stanza in source.read_text().split("\n\n"):
            lines = [
                line.split(":", 1) for line in stanza.splitlines() if ":" in line and line[0] not in "# "
            ]
            fields = {key: value.split() for key, value in lines}
            if suite in fields.get("Suites", []) and "main" in fields.get("Components", []):
                return fields["URIs"][0]
    for source in (apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))):
        for line in source.read_text().splitlines() if source.exists() else []:
            words = re.sub(r"\[.*?\]", "", line).split()
            if words[:1] == ["deb"] and words[2:3] == [suite] and "main" in words[3:]:
                return words[1]
    raise LabUnavailable(
        f"No Debian mirror for {suite or 'this system'} in {apt}; name one in S9S_LAB_MIRROR"
    )
