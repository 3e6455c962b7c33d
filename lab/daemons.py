"""Daemons by recorded pid: start, look, stop, kill; nothing is found by its name alone."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from lab.errors import LabError

POLL_SECONDS = 0.02
MARK = "S9S_LAB"
"""Environment variable that names the state directory in every daemon and what it forks."""
_statuses: dict[int, int] = {}
"""How processes that this one started have ended, by pid."""


class Daemon:
    """One daemon in the foreground of its own session, with `run/NAME.json` and `log/NAME.log`."""

    def __init__(
        self,
        name: str,
        directory: Path,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        ready: Callable[[], bool],
        umask: int = 0o022,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log_file = directory / "log" / f"{name}.log"
        self._directory = directory
        self._record = directory / "run" / f"{name}.json"
        self._env = dict(env or {})
        self._ready = ready
        self._umask = umask

    @property
    def pid(self) -> int | None:
        """Pid of the running daemon; None if it does not run."""
        with suppress(FileNotFoundError, ValueError, KeyError):
            record = json.loads(self._record.read_text())
            if record["started"] is not None and _started(record["pid"]) == record["started"]:
                return int(record["pid"])
        return None

    def start(self, timeout: float = 30) -> None:
        """Start it if it does not run, and return when it is ready.

        Raises: LabError with the end of its log if it ends or is not ready after `timeout` seconds.
        """
        if self.pid is None:
            self.launch()
        self.wait_ready(timeout)

    def launch(self) -> None:
        """Start it without waiting."""
        env = {key: value for key, value in os.environ.items() if not key.startswith(("SLURM", "LD_"))}
        env |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", MARK: str(self._directory), **self._env}
        with self.log_file.open("ab") as output:
            process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=env,
                start_new_session=True,
                umask=self._umask,
            )
        # In the foreground they keep their pid when `scontrol reconfigure` re-executes them (24.11 on).
        self._record.write_text(json.dumps({"pid": process.pid, "started": _started(process.pid)}))
        process.returncode = 0  # it outlives us on purpose: no warning when the object goes

    def wait_ready(self, timeout: float = 30) -> None:
        """Return when it is ready; raises LabError as `start` does."""
        deadline = time.monotonic() + timeout
        while not self._ready():
            if self.pid is None:
                raise LabError(f"{self.name} {self._how_it_ended()}; its log says:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise LabError(f"{self.name} is not ready after {timeout:g} s; its log says:\n{self._tail()}")
            time.sleep(POLL_SECONDS)

    def stop(self, timeout: float = 10) -> None:
        """End it with SIGTERM, after `timeout` seconds with SIGKILL; return when it is gone."""
        if (pid := self.pid) is not None:
            end([pid], timeout)
        self._record.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would; return when it is gone."""
        if (pid := self.pid) is not None:
            end([pid], 0)
        self._record.unlink(missing_ok=True)

    def cpu_seconds(self) -> float:
        """CPU time it has used, user and system, in seconds.

        Raises: LabError if it does not run.
        """
        if (pid := self.pid) is None:
            raise LabError(f"{self.name} does not run")
        fields = _stat(pid)
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _how_it_ended(self) -> str:
        with suppress(FileNotFoundError, ValueError, KeyError):
            pid = json.loads(self._record.read_text())["pid"]
            _reap(pid)
            code = os.waitstatus_to_exitcode(_statuses[pid])
            return f"was killed: {signal.strsignal(-code)}" if code < 0 else f"ended with status {code}"
        return "ended"  # another process started it, and has its status

    def _tail(self) -> str:
        return self.log_file.read_bytes()[-1500:].decode(errors="replace").strip() or "(nothing)"


def end(pids: Sequence[int], timeout: float) -> None:
    """End processes with SIGTERM (unless `timeout` is 0), then SIGKILL, and wait until they are gone.

    Raises: LabError if one survives SIGKILL for 10 seconds.
    """
    alive = {pid: began for pid in pids if (began := _started(pid)) is not None}
    for signal_number, patience in ((signal.SIGTERM, timeout), (signal.SIGKILL, 10.0)):
        if not patience:
            continue
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal_number)
        deadline = time.monotonic() + patience
        while alive and time.monotonic() < deadline:
            alive = {pid: began for pid, began in alive.items() if _started(pid) == began}
            time.sleep(POLL_SECONDS if alive else 0)
    if alive:
        raise LabError(f"processes {sorted(alive)} survived SIGKILL")


def processes_of(directory: Path, slurm_conf: Path) -> list[int]:
    """Pids of everything that a cluster has started: daemons, job steps, jobs and what these left behind.

    In their environment, daemons carry the mark of the state directory and jobs the cluster's SLURM_CONF;
    slurmstepd overwrites its own with its title, and is known by its socket in the spool directory.
    """
    sockets = {
        f"socket:[{fields[6]}]" for fields in _unix_sockets() if fields[7].startswith(f"{directory}/spool/")
    }
    parents: dict[int, int] = {}
    found: set[int] = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):  # gone meanwhile
            parents[int(process.name)] = int(_stat(int(process.name))[1])
            if _carries_mark(process, directory, slurm_conf) or _holds_any(process, sockets):
                found.add(int(process.name))
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in found} - found
        found |= children
        grown = bool(children)
    return sorted(found - {os.getpid()})


def _carries_mark(process: Path, directory: Path, slurm_conf: Path) -> bool:
    environment = (process / "environ").read_bytes().split(b"\0")
    in_job = any(name.startswith(b"SLURM_JOB_ID=") for name in environment)
    return f"{MARK}={directory}".encode() in environment or (
        in_job and f"SLURM_CONF={slurm_conf}".encode() in environment
    )


def _holds_any(process: Path, sockets: set[str]) -> bool:
    if not (process / "cmdline").read_bytes().startswith(b"slurmstepd"):
        return False
    return not sockets.isdisjoint(os.readlink(descriptor) for descriptor in (process / "fd").iterdir())


def listening(port: int) -> bool:
    """Whether something listens on this TCP port; seen from /proc, so that no daemon logs a stray client."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(FileNotFoundError):  # no IPv6
            for line in Path(table).read_text().splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                    return True
    return False


def listening_at(path: Path) -> bool:
    """Whether something listens on this unix socket."""
    return any(fields[7] == str(path) for fields in _unix_sockets())


def _unix_sockets() -> list[list[str]]:
    """Fields of /proc/net/unix for the sockets that listen and have a path; 6 is the inode, 7 the path."""
    lines = [line.split(None, 7) for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return [fields for fields in lines if len(fields) == 8 and int(fields[3], 16) & 0x10000]  # SO_ACCEPTCON


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on (the name before them may hold anything)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _started(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot; None if it is gone or a zombie (ours are reaped)."""
    _reap(pid)
    with suppress(OSError, IndexError):
        fields = _stat(pid)
        if fields[0] not in "ZX":
            return int(fields[19])
    return None


def _reap(pid: int) -> None:
    """Keep the status of a process that has ended, if it is a child of this one."""
    with suppress(OSError):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _statuses[ended] = status
