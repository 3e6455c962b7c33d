"""Settings to a way to the cluster, and finding the Slurm of this host.

Each way is imported only where it is taken, to keep the start of the server short.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from s9s.backends.base import Backend
from s9s.backends.combined import COMMANDS, SLURMRESTD, CombinedBackend
from s9s.backends.processes import Processes
from s9s.config import Settings
from s9s.domain.errors import S9SError, SlurmUnavailable

if TYPE_CHECKING:
    from s9s.backends.slurmrestd import TokenSource

#: Where slurmrestd listens unless told otherwise: Debian's unit, and the port of Slurm's documentation.
_USUAL_URLS: Final = (
    "unix:/run/slurmrestd/slurmrestd.socket",
    "unix:/run/slurmrestd.socket",
    "http://127.0.0.1:6820",
)
_PROBE_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Found:
    """What there is of Slurm on this host."""

    has_commands: bool
    slurmrestd_url: str | None
    jwt_key: Path | None
    """The cluster's key as far as this process may read it."""

    @property
    def is_any(self) -> bool:
        """Whether there is a Slurm at all."""
        return self.has_commands or self.slurmrestd_url is not None


def falls_back(settings: Settings, found: Found) -> bool:
    """Whether ``auto`` takes the simulated cluster: there is no Slurm, and the settings name nothing of one.

    What they name and is not there is a mistake, and a simulated cluster with its test token no answer to it.
    """
    cluster = settings.cluster
    names_one = cluster.bin_dir or cluster.slurm_conf or cluster.slurmrestd_url or cluster.jwt_key
    return cluster.mode == "auto" and not found.is_any and names_one is None


def reaches_only_this_host(settings: Settings) -> bool:
    """Whether nobody from outside can be a client, as far as the settings tell."""
    server = settings.server
    is_loopback = server.host in ("127.0.0.1", "::1", "localhost")
    return is_loopback and server.public_url is None and not server.trusted_proxies


async def open_backend(settings: Settings, processes: Processes | None = None) -> Backend:
    """The backend that the settings ask for; ``auto`` looks for this host's Slurm first.

    Raises `SlurmUnavailable` when the settings ask for a way that is not there.
    """
    mode = settings.cluster.mode
    if mode == "simulated":
        return _simulated(settings)
    processes = processes or Processes(concurrency=settings.limits.max_processes, sudo=settings.cluster.sudo)
    found = await find_slurm(settings, processes)
    if falls_back(settings, found):
        return _simulated(settings)
    ways: dict[str, Backend] = {}
    if mode in ("auto", "cli") and found.has_commands:
        ways[COMMANDS] = _command_line(settings, processes)
    if mode in ("auto", "slurmrestd") and found.slurmrestd_url is not None:
        tokens = _tokens(settings, found, processes)
        if tokens is not None:
            ways[SLURMRESTD] = _slurmrestd(settings, found.slurmrestd_url, tokens, processes)
    if not ways:
        wanted = {"cli": "Slurm's command scontrol", "slurmrestd": "slurmrestd with a key or token for it"}
        raise SlurmUnavailable(
            f"There is no {wanted.get(mode, 'usable way to Slurm')} here; "
            "set cluster.bin_dir, cluster.slurm_conf, cluster.slurmrestd_url or cluster.jwt_key"
        )
    private_data = settings.cluster.private_data
    return CombinedBackend(
        ways,
        name=settings.cluster.name,
        private_data=None if private_data is None else frozenset(private_data.lower().split(",")) - {"none"},
    )


async def find_slurm(settings: Settings, processes: Processes) -> Found:
    """Look for Slurm's commands and for slurmrestd; what the settings name is taken as it is."""
    has_commands = await _has_commands(settings, processes)
    url = settings.cluster.slurmrestd_url or await _first_that_listens(_USUAL_URLS)
    key = settings.cluster.jwt_key
    if key is None and has_commands:
        key = await _key_of_cluster(settings, processes)
    return Found(has_commands, url, key)


def slurm_environment(settings: Settings) -> dict[str, str]:
    """What Slurm's commands need to know of the cluster."""
    conf = settings.cluster.slurm_conf_path
    return {"SLURM_CONF": str(conf)} if conf else {}


def command(settings: Settings, name: str) -> str:
    """The path of one of Slurm's commands, or its bare name to be found on PATH."""
    directory = settings.cluster.commands_directory
    return str(directory / name) if directory else name


async def _has_commands(settings: Settings, processes: Processes) -> bool:
    """Whether scontrol is there and knows a cluster, up or down."""
    with suppress(S9SError, TimeoutError, OSError):
        finished = await processes.run(
            [command(settings, "scontrol"), "ping"], env=slurm_environment(settings), timeout=_PROBE_SECONDS
        )
        return b"Slurmctld(" in finished.stdout
    return False


async def _key_of_cluster(settings: Settings, processes: Processes) -> Path | None:
    """The jwt_key that slurmctld names, if this process may read it."""
    with suppress(S9SError, TimeoutError, OSError):
        finished = await processes.run(
            [command(settings, "scontrol"), "show", "config"],
            env=slurm_environment(settings),
            timeout=_PROBE_SECONDS,
        )
        match = re.search(rb"^AuthAltParameters\s*=.*?jwt_key=([^,\s]+)", finished.stdout, re.MULTILINE)
        if match:
            path = Path(os.fsdecode(match[1]))
            return path if os.access(path, os.R_OK) else None
    return None


async def _first_that_listens(urls: tuple[str, ...]) -> str | None:
    for url in urls:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                if url.startswith("unix:"):
                    _, writer = await asyncio.open_unix_connection(url.removeprefix("unix:"))
                else:
                    host, _, port = url.removeprefix("http://").partition(":")
                    _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            return url
    return None


def _tokens(settings: Settings, found: Found, processes: Processes) -> TokenSource | None:
    from s9s.backends.slurmrestd import KeyTokens, OwnToken, UnusableKey

    if found.jwt_key is not None:
        try:
            return KeyTokens(str(found.jwt_key), service_user=settings.cluster.service_user or "root")
        except UnusableKey as error:
            raise SlurmUnavailable(f"The cluster's JWT key cannot be used: {error}") from error
    if found.has_commands:
        return OwnToken(
            processes, scontrol=command(settings, "scontrol"), environment=slurm_environment(settings)
        )
    return None


def _command_line(settings: Settings, processes: Processes) -> Backend:
    from s9s.backends.slurmcli import CommandLineBackend

    cluster = settings.cluster
    return CommandLineBackend(
        bin_dir=str(cluster.commands_directory) if cluster.commands_directory else None,
        slurm_conf=str(cluster.slurm_conf_path) if cluster.slurm_conf_path else None,
        processes=processes,
        timeout_seconds=cluster.timeout_seconds,
    )


def _slurmrestd(settings: Settings, url: str, tokens: TokenSource, processes: Processes) -> Backend:
    from s9s.backends.slurmrestd import RestBackend

    def home(user: str) -> str:
        identity = processes.identities.of(user)
        if identity is None:
            raise KeyError(user)
        return identity.home

    cluster = settings.cluster
    return RestBackend(
        url=url,
        tokens=tokens,
        home=home,
        timeout_seconds=cluster.timeout_seconds,
        ca=str(cluster.slurmrestd_ca) if cluster.slurmrestd_ca else None,
    )


def _simulated(settings: Settings) -> Backend:
    from s9s.backends.simulated import SimulatedBackend

    simulated = settings.simulated
    # The test token is known to all, and the jobs and files are those of whoever started the server.
    is_local = reaches_only_this_host(settings)
    return SimulatedBackend(
        state_dir=str(settings.server.state_dir),
        user=getpass.getuser(),
        nodes=simulated.nodes,
        jobs=simulated.jobs,
        speed=simulated.speed,
        seed=simulated.seed,
        run_jobs=simulated.run_jobs and is_local,
        confined=not is_local,
        churn=simulated.churn,
    )
