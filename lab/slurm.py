"""Slurm's own files and daemons in one state directory."""

import os
import platform
import secrets
import shutil
import stat
from pathlib import Path

from lab import config
from lab.clients import write_wrappers
from lab.commands import run
from lab.config import GPUS_PER_NODE, Database, Shape
from lab.daemons import Daemon, listening, listening_at
from lab.errors import LabError
from lab.packages import Installation
from lab.users import RESTD_USER


def make_folders(directory: Path) -> None:
    """Make the state directory, with a place for each daemon's user.

    Raises: LabError if Slurm's users could not enter it.
    """
    for folder in ("bin", "dev", "etc", "log", "run", "spool/slurmctld"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("run", "log"):
        (directory / folder).chmod(0o1777)  # slurmctld, slurmdbd and slurmrestd write there, each as its user
    shutil.chown(directory / "spool/slurmctld", "slurm", "slurm")
    for path in (directory, *directory.parents):
        if not path.stat().st_mode & stat.S_IXOTH:
            raise LabError(
                f"the users of the cluster cannot enter {path}: take another directory, or chmod o+x"
            )


def write_files(shape: Shape, installation: Installation) -> bool:
    """Write keys, device files, client wrappers and all configuration except slurmdbd's.

    Returns whether slurm.conf is another than before.
    """
    directory = shape.directory
    _name_loopback()
    changed = write_conf(shape)
    (directory / "etc/gres.conf").write_text(config.gres_conf(shape))
    (directory / "etc/cgroup.conf").write_text(config.cgroup_conf(installation.version))
    write_wrappers(directory / "bin", installation, directory / "etc/slurm.conf")
    key = directory / "jwt.key"
    if not key.exists():
        _private(key, secrets.token_bytes(32))
    for number in range(GPUS_PER_NODE):
        device = directory / f"dev/gpu{number}"
        if not device.exists():
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))  # slurmd only wants it to exist
    return changed


def _name_loopback() -> None:
    """Give 127.0.0.1 its name where /etc/hosts has none.

    slurmctld looks up the address of whoever submits, and waits five seconds for an answer (24.11, 26.05).
    """
    hosts = Path("/etc/hosts")
    text = hosts.read_text() if hosts.exists() else ""
    if not any(line.split()[:1] == ["127.0.0.1"] for line in text.splitlines()):
        hosts.write_text(f"127.0.0.1 localhost {platform.node()}\n{text}")


def write_conf(shape: Shape) -> bool:
    """Write slurm.conf; return whether it is another than before."""
    path, text = shape.directory / "etc/slurm.conf", config.slurm_conf(shape)
    if path.exists() and path.read_text() == text:
        return False
    path.write_text(text)
    return True


def write_slurmdbd_conf(shape: Shape, database: Database) -> None:
    """Write slurmdbd.conf, for SlurmUser's eyes only."""
    _private(shape.directory / "etc/slurmdbd.conf", config.slurmdbd_conf(shape, database).encode())


def daemons(shape: Shape, installation: Installation) -> dict[str, Daemon]:
    """All daemons of the cluster in their starting order: slurmdbd, slurmctld, slurmd-NODE..., slurmrestd."""
    directory, ports = shape.directory, shape.ports
    conf = directory / "etc/slurm.conf"
    env = {"SLURM_CONF": str(conf)}
    ping = [str(directory / "bin/scontrol"), "ping"]

    def daemon(name: str, argv: list[str], **options: object) -> Daemon:
        return Daemon(name, directory, installation.daemon(argv), **{"env": env, **options})  # type: ignore[arg-type]

    found = [
        daemon("slurmdbd", ["slurmdbd", "-D"], ready=lambda: listening(ports.slurmdbd)),
        daemon(
            "slurmctld",
            ["slurmctld", "-D", "-f", str(conf)],
            ready=lambda: run(ping, env=env, check=False).returncode == 0,
        ),
    ]
    for name, port in zip(shape.node_names, ports.slurmd, strict=False):
        found.append(
            daemon(
                f"slurmd-{name}",
                ["slurmd", "-D", "-f", str(conf), "-N", name],
                ready=lambda port=port: listening(port),
            )
        )
    socket = directory / "run/slurmrestd.sock"
    become = ["setpriv", f"--reuid={RESTD_USER}", f"--regid={RESTD_USER}", "--clear-groups"]
    addresses = [f"127.0.0.1:{ports.slurmrestd}", f"unix:{socket}"]
    found.append(
        daemon(
            "slurmrestd",
            [*become, "slurmrestd", "-f", str(conf), "-a", "rest_auth/jwt", *addresses],
            env={**env, "SLURM_JWT": "daemon", "SLURM_BITSTR_LEN": "0"},
            ready=lambda: listening(ports.slurmrestd) and listening_at(socket),
            umask=0,  # anybody may connect to the socket
        )
    )
    return {daemon.name: daemon for daemon in found}


def _private(path: Path, content: bytes) -> None:
    """Write a file that only SlurmUser may read."""
    path.touch(mode=0o600)
    path.write_bytes(content)
    path.chmod(0o600)
    shutil.chown(path, "slurm", "slurm")
