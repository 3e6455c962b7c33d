"""A whole cluster: installed, configured, started, broken on purpose and ended."""

import dataclasses
import logging
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from lab import config, slurm, tokens
from lab.accounts import create_associations
from lab.commands import run
from lab.daemons import Daemon, end, processes_of
from lab.errors import LabError
from lab.load import load_jobs
from lab.locks import locked
from lab.packages import DEFAULT_CACHE, install, locate, require
from lab.shared import DEFAULT_DIRECTORY, Shared
from lab.state import State
from lab.users import create_users, home, login
from lab.waiting import wait_for_accounting, wait_for_nodes

log = logging.getLogger("lab")


class Lab:
    """A Slurm cluster of one version in one state directory.

    A directory that has held a cluster remembers version, nodes, cloud and settings; what is given beside it
    replaces these from the next `up` on.

    Args:
        version: 22.05, 24.11 or 26.05; None means the directory's, else 22.05.
        directory: state directory, which every user must be able to enter; None means one for each version.
        nodes: number of real nodes, each with its slurmd; None means 4.
        cloud: number of CLOUD nodes in place of real ones; None or 0 means real ones.
        settings: settings of slurm.conf over the lab's own.

    Raises: LabError if the directory holds a cluster of another version.
    """

    def __init__(
        self,
        version: str | None = None,
        directory: str | os.PathLike[str] | None = None,
        *,
        nodes: int | None = None,
        cloud: int | None = None,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        default = DEFAULT_DIRECTORY.parent / (version or "22.05")
        self.directory = Path(directory).resolve() if directory else default
        self._state = State(self.directory)
        saved = self._state.read()
        self.version: str = version or saved.get("version", "22.05")
        if saved.get("version", self.version) != self.version:
            raise LabError(f"{self.directory} holds a Slurm {saved['version']}, not {self.version}")
        self.cluster_name = f"lab{self.version.replace('.', '')}"
        self.cloud = int(saved.get("cloud", 0) if cloud is None else cloud)
        self.nodes = 0 if self.cloud else int(nodes or saved.get("nodes") or 4)
        self.settings = config.changed(saved.get("settings", {}), settings or {})
        self.slurm_conf = self.directory / "etc/slurm.conf"
        self.bin_dir = self.directory / "bin"
        self.jwt_key = self.directory / "jwt.key"
        self.slurmrestd_socket = self.directory / "run/slurmrestd.sock"
        self._shared = Shared()

    # Life

    def up(self) -> None:
        """Install, configure and start what is missing; return when all nodes are up and REST answers.

        A new cluster that does not come up is ended again; its logs stay.

        Raises: LabUnavailable if this machine cannot; LabError if a daemon does not come up, or if the
            cluster is up with other nodes.
        """
        require(self.version)
        before = self._state.read()
        was_up = bool(before) and self._daemon("slurmctld").pid is not None
        if was_up and (before["nodes"], before["cloud"]) != (self.nodes, self.cloud):
            raise LabError(f"the cluster in {self.directory} is up with other nodes: bring it down first")
        installation = install(self.version)
        log.info("starting Slurm %s in %s", self.version, self.directory)
        users = create_users(DEFAULT_CACHE / "created.json")
        slurm.make_folders(self.directory)
        try:
            with locked(self.directory / "lock"):
                ports = self._shared.acquire(self.directory, ports=3 + max(1, self.nodes))
                self._save(users=users, ports=ports)
                changed = slurm.write_files(self._shape(), installation)
                self._start_all()
                if was_up and changed:
                    self._reread()
        except BaseException:
            if not was_up:
                self.down()
            raise

    def down(self, *, purge: bool = False) -> None:
        """End all daemons and jobs; with `purge` forget their data too. Quiet if it was never up."""
        if not self._state.read():
            if strays := self._processes():  # somebody removed the directory of a running cluster
                end(strays, 0)
                self._shared.release(self.directory)
            return
        with locked(self.directory / "lock"):
            log.info("ending Slurm %s in %s", self.version, self.directory)
            daemons = self._daemons()
            daemons["slurmrestd"].stop()
            daemons["slurmctld"].stop()
            slurmdbd = daemons["slurmdbd"]
            end(sorted(set(self._processes()) - {slurmdbd.pid}), 0)  # slurmds, steps and jobs: no goodbyes
            slurmdbd.stop()
            if purge:
                self._shared.acquire(self.directory, ports=len(self._state.read()["ports"]))
                self._shared.drop_database(self.directory)
            self._shared.release(self.directory)
        if purge:
            shutil.rmtree(self.directory)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down(purge=True)

    def status(self) -> dict[str, int | None]:
        """Pid of each daemon, None where it does not run; {} if the cluster was never up."""
        if not self._state.read():
            return {}
        return self._shared.pids() | {name: daemon.pid for name, daemon in self._daemons().items()}

    def env(self) -> dict[str, Any]:
        """What a client or a test needs to know, ready for JSON.

        Raises: LabError if the cluster was never up.
        """
        saved = self._state.require()
        return {
            "version": self.version,
            "cluster_name": self.cluster_name,
            "directory": str(self.directory),
            "slurm_conf": str(self.slurm_conf),
            "bin_dir": str(self.bin_dir),
            "jwt_key": str(self.jwt_key),
            "slurmrestd_url": self.slurmrestd_url,
            "slurmrestd_socket": str(self.slurmrestd_socket),
            "ports": dataclasses.asdict(self._shape().ports),
            "pids": self.status(),
            "slurmctld_pid": self._daemons()["slurmctld"].pid,
            "users": saved["users"],
            "nodes": self.cloud or self.nodes,
            "cloud": bool(self.cloud),
            "settings": self.settings,
        }

    # Use

    @property
    def slurmrestd_url(self) -> str:
        """Base address of slurmrestd on loopback."""
        return f"http://127.0.0.1:{self._shape().ports.slurmrestd}"

    @property
    def users(self) -> dict[str, int]:
        """Uid of each user of the lab."""
        return dict(self._state.require()["users"])

    def token(self, user: str, lifespan: int = 3600) -> str:
        """JWT of a Slurm user (root and slurm too), valid for `lifespan` seconds."""
        return tokens.mint(user, self.jwt_key.read_bytes(), lifespan)

    def run(
        self, user: str, *argv: str, check: bool = True, timeout: float = 60, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as a Linux user in that user's home, with this cluster's commands first in PATH.

        Raises: LabError if it times out or (with `check`) exits non-zero.
        """
        env = {"PATH": f"{self.bin_dir}:/usr/local/bin:/usr/bin:/bin", "SLURM_CONF": str(self.slurm_conf)}
        return run([*login(user, env), *argv], check=check, timeout=timeout, stdin=stdin, cwd=home(user))

    def load_jobs(self, count: int) -> dict[str, float]:
        """Bring `count` job records in mixed states into the slurmctld of a cloud; see lab.load."""
        return load_jobs(self, count)

    # Faults

    def start(self, name: str) -> None:
        """Start one daemon (slurmctld, slurmdbd, slurmrestd, slurmd-node001) and wait until it is ready."""
        self._daemon(name).start()

    def stop(self, name: str) -> None:
        """End one daemon in an orderly way and wait until it is gone; slurmctld tells slurmdbd all before."""
        if name == "slurmctld":
            self._wait_for_accounting()
        self._daemon(name).stop()

    def kill(self, name: str) -> None:
        """Kill one daemon (SIGKILL) and wait until it is gone."""
        self._daemon(name).kill()

    def restart(self, name: str) -> None:
        """Stop and start one daemon."""
        self.stop(name)
        self.start(name)

    def reconfigure(self, *, restart: bool = False, **settings: object) -> None:
        """Change settings of slurm.conf (None: back to the lab's own) and have slurmctld take them over.

        Returns when all nodes are up again.

        Args:
            restart: restart slurmctld, for what `scontrol reconfigure` does not reach.
            settings: such as PrivateData="jobs".
        """
        with locked(self.directory / "lock"):
            self.settings = config.changed(self.settings, settings)
            self._save()
            slurm.write_conf(self._shape())
            if restart:
                self.restart("slurmctld")
                self._wait_for_nodes()
            else:
                self._reread()

    def cpu_seconds(self, name: str) -> float:
        """CPU time that a daemon has used, in seconds."""
        return self._daemon(name).cpu_seconds()

    # Within

    def _start_all(self) -> None:
        daemons = self._daemons()
        slurmdbd = daemons["slurmdbd"]
        if slurmdbd.pid is None:
            slurm.write_slurmdbd_conf(self._shape(), self._shared.create_database(self.directory))
            slurmdbd.start(60)
        if not self._state.read().get("associations"):
            log.info("creating accounts and users")
            create_associations(self.bin_dir, self.directory / "etc/accounts.cfg", self.cluster_name)
            self._save(associations=True)
        rest = [daemon for name, daemon in daemons.items() if name != "slurmdbd"]
        fresh = not (self.directory / "spool/slurmctld/assoc_usage").exists()
        daemons["slurmctld"].start(60)
        if fresh:  # make it save its state: without this file 26.05 would not start again after a crash
            run([self.bin_dir / "scontrol", "reconfigure"])
        for daemon in rest:
            if daemon.pid is None:
                daemon.launch()
        for daemon in rest:
            daemon.wait_ready()
        self._wait_for_nodes()

    def _reread(self) -> None:
        self._wait_for_accounting()
        run([self.bin_dir / "scontrol", "reconfigure"])
        self._daemon("slurmctld").wait_ready()
        self._wait_for_nodes()

    def _wait_for_nodes(self) -> None:
        if self.nodes:
            wait_for_nodes(self.bin_dir)

    def _wait_for_accounting(self) -> None:
        daemons = self._daemons()
        if daemons["slurmctld"].pid is not None and daemons["slurmdbd"].pid is not None:
            wait_for_accounting(self.bin_dir)

    def _shape(self) -> config.Shape:
        slurmctld, slurmdbd, slurmrestd, *slurmd = self._state.require()["ports"]
        return config.Shape(
            directory=self.directory,
            cluster_name=self.cluster_name,
            plugin_dir=locate(self.version).plugin_dir,
            munge_socket=self._shared.munge_socket,
            ports=config.Ports(slurmctld, slurmdbd, slurmrestd, tuple(slurmd)),
            nodes=self.nodes,
            cloud=self.cloud,
            settings=self.settings,
        )

    def _daemons(self) -> dict[str, Daemon]:
        return slurm.daemons(self._shape(), locate(self.version))

    def _daemon(self, name: str) -> Daemon:
        daemons = self._daemons()
        if name not in daemons:
            raise LabError(f"no daemon {name}; there are {', '.join(daemons)}")
        return daemons[name]

    def _processes(self) -> list[int]:
        return processes_of(self.directory, self.slurm_conf)

    def _save(self, **values: object) -> None:
        own = {"version": self.version, "nodes": self.nodes, "cloud": self.cloud, "settings": self.settings}
        self._state.update(**own, **values)
