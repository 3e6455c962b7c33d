"""munged and mariadbd, which all clusters on this host share; they end with the last cluster.

They are the lab's own (private key, sockets, data directory, a port on loopback); the host's are left alone.
"""

import hashlib
import json
import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.commands import run
from lab.config import Database
from lab.daemons import Daemon, listening, listening_at
from lab.errors import LabError
from lab.locks import locked

log = logging.getLogger("lab")

DEFAULT_DIRECTORY = Path(os.environ.get("S9S_LAB_SHARED", "/var/lib/s9s-lab/shared"))

_PORTS = range(20000, 32000)
"""Below the range from which Linux takes ports of outgoing connections."""


class Shared:
    """The shared daemons, and the register of clusters that use them and of the ports these hold."""

    def __init__(self, directory: Path = DEFAULT_DIRECTORY) -> None:
        self.directory = directory
        self.munge_socket = directory / "munge/munged.sock"
        self._database_socket = directory / "mariadb/mariadbd.sock"
        self._clusters = directory / "clusters"

    def acquire(self, cluster: Path, ports: int) -> list[int]:
        """Register a cluster by its state directory, start what is missing, return its loopback ports."""
        with self._locked():
            register = self._clusters / _key(cluster)
            held = json.loads(register.read_text())["ports"] if register.exists() else []
            if len(held) != ports:
                held = _free_ports(ports, taken=self._taken())
                register.write_text(json.dumps({"cluster": str(cluster), "ports": held}))
            self._prepare_munge()
            self._munged().start()
            self._prepare_database()
            self._mariadbd().start(60)
            return held

    def release(self, cluster: Path) -> None:
        """Strike a cluster off; end the daemons when it was the last one."""
        with self._locked():
            (self._clusters / _key(cluster)).unlink(missing_ok=True)
            for register in self._clusters.iterdir():
                if not Path(json.loads(register.read_text())["cluster"]).is_dir():
                    register.unlink()  # somebody removed its state directory
            if not any(self._clusters.iterdir()):
                self._mariadbd().stop(30)
                self._munged().stop()

    def create_database(self, cluster: Path) -> Database:
        """Make sure of a cluster's own database, with a user of the same name and a fresh password."""
        name, password = _database(cluster), secrets.token_hex(16)
        self._sql(
            f"CREATE DATABASE IF NOT EXISTS {name};"
            f"CREATE OR REPLACE USER {name}@'127.0.0.1' IDENTIFIED BY '{password}';"
            f"GRANT ALL ON {name}.* TO {name}@'127.0.0.1';"
        )
        return Database(name, self._database_port, password)

    def drop_database(self, cluster: Path) -> None:
        """Forget a cluster's accounting."""
        name = _database(cluster)
        self._sql(f"DROP DATABASE IF EXISTS {name}; DROP USER IF EXISTS {name}@'127.0.0.1';")

    def pids(self) -> dict[str, int | None]:
        """Pids of the shared daemons."""
        return {daemon.name: daemon.pid for daemon in (self._munged(), self._mariadbd())}

    @property
    def _database_port(self) -> int:
        return int((self.directory / "mariadb.port").read_text())

    def _prepare_munge(self) -> None:
        home = self.directory / "munge"
        if not home.exists():
            home.mkdir()
            (home / "munge.key").write_bytes(secrets.token_bytes(128))
            (home / "munge.key").chmod(0o400)
            for path in (home, home / "munge.key"):
                shutil.chown(path, "munge", "munge")

    def _munged(self) -> Daemon:
        home = self.directory / "munge"
        argv = ["munged", "--foreground", f"--socket={self.munge_socket}", f"--key-file={home}/munge.key"]
        argv += [f"--pid-file={home}/munged.pid", f"--seed-file={home}/munged.seed", "--num-threads=4"]
        return Daemon(
            "munged", self.directory, _as("munge", argv), ready=lambda: listening_at(self.munge_socket)
        )

    def _prepare_database(self) -> None:
        home = self.directory / "mariadb"
        if not home.exists():
            log.info("creating the database server's data directory")
            partial = self.directory / "mariadb.partial"
            shutil.rmtree(partial, ignore_errors=True)
            install = ["mariadb-install-db", "--no-defaults", f"--datadir={partial}", "--user=mysql"]
            run([*install, "--skip-test-db", "--auth-root-authentication-method=socket"], timeout=120)
            partial.rename(home)
        port_file = self.directory / "mariadb.port"
        if not port_file.exists():
            port_file.write_text(str(_free_ports(1, taken=self._taken())[0]))

    def _mariadbd(self) -> Daemon:
        home = self.directory / "mariadb"
        argv = ["mariadbd", "--no-defaults", f"--datadir={home}", f"--socket={self._database_socket}"]
        argv += [
            f"--pid-file={home}/mariadbd.pid",
            "--bind-address=127.0.0.1",
            f"--port={self._database_port}",
        ]
        # What slurmdbd asks for, and no waiting for the disk: this data may be lost.
        argv += ["--skip-name-resolve", "--innodb-buffer-pool-size=256M", "--innodb-lock-wait-timeout=900"]
        argv += ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--max-allowed-packet=64M"]
        return Daemon(
            "mariadbd", self.directory, _as("mysql", argv), ready=lambda: listening_at(self._database_socket)
        )

    def _sql(self, statements: str) -> None:
        run(["mariadb", "--no-defaults", f"--socket={self._database_socket}"], stdin=statements)

    def _taken(self) -> set[int]:
        taken = {
            port
            for register in self._clusters.iterdir()
            for port in json.loads(register.read_text())["ports"]
        }
        port_file = self.directory / "mariadb.port"
        return taken | ({int(port_file.read_text())} if port_file.exists() else set())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        for path in (self.directory, self._clusters, self.directory / "run", self.directory / "log"):
            path.mkdir(parents=True, exist_ok=True)
        with locked(self.directory / "lock"):
            yield


def _key(cluster: Path) -> str:
    return hashlib.sha256(str(cluster).encode()).hexdigest()[:12]


def _database(cluster: Path) -> str:
    return f"slurm_{_key(cluster)}"


def _as(user: str, argv: list[str]) -> list[str]:
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *argv]


def _free_ports(count: int, taken: set[int]) -> list[int]:
    free = [port for port in _PORTS if port not in taken]
    offset = secrets.randbelow(len(free))
    found: list[int] = []
    for port in free[offset:] + free[:offset]:
        if not listening(port):
            found.append(port)
        if len(found) == count:
            return sorted(found)
    raise LabError("no free loopback ports")
