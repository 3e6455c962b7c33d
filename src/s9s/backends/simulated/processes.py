"""Really running: the batch scripts of submitted jobs as local processes of whoever started the server."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import msgspec

from s9s.backends.simulated.environments import PATH, environment_of
from s9s.backends.simulated.gathering import gather
from s9s.backends.simulated.homes import Homes
from s9s.backends.simulated.records import Record
from s9s.backends.simulated.scripts import SRUN, interpreter
from s9s.backends.simulated.strays import MARK, Leader, end_leftovers, end_strays, new_mark, started
from s9s.domain.errors import PermissionDenied
from s9s.domain.jobs import Job, JobUsage
from s9s.domain.output_paths import output_paths

#: How slurmd reports that it could not open a job's output: as this signal, 0:53.
SETUP_FAILED: Final = 53
#: At the server's end, jobs have so long between SIGTERM and SIGKILL.
_GRACE_SECONDS: Final = 1.0
_JOIN_SECONDS: Final = 5.0
#: JobAcctGatherFrequency; the first look comes sooner, for short jobs.
_FIRST_LOOK_SECONDS: Final = 0.2
_LOOK_SECONDS: Final = 2.0

Exited = Callable[[Record, int, int | None], None]


class _Process:
    """One running batch script."""

    def __init__(self, record: Record, popen: subprocess.Popen[bytes], mark: str, spool: Path) -> None:
        self.record = record
        self.popen = popen
        self.mark = mark
        self.spool = spool
        self.waiter: threading.Thread | None = None


class LocalProcesses:
    """Implements `launcher.Launcher`. Belongs to the event loop in which `start` is called.

    Args:
        state_dir: Where scripts, the srun shim and notes of running processes lie.
        homes: Where the users' paths lead.
        cluster_name: For ``SLURM_CLUSTER_NAME``.
        most: So many processes at a time.
        exited: Told about the end: the record, its exit code, and the number of the signal if one ended it.
    """

    def __init__(self, state_dir: str, homes: Homes, cluster_name: str, *, most: int, exited: Exited) -> None:
        root = Path(os.path.realpath(state_dir)) / "simulated"
        self._spool, self._notes, self._bin = root / "spool", root / "running", root / "bin"
        self._homes = homes
        self._cluster_name = cluster_name
        self._most = most
        self._exited = exited
        self._running: dict[int, _Process] = {}
        self._closed = False
        self._gathering: asyncio.Task[None] | None = None

    def prepare(self) -> None:
        """Make directories and end what an earlier server left running."""
        end_leftovers(self._notes)
        self._closed = False
        for directory in (self._spool, self._notes, self._bin):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        srun = self._bin / "srun"
        srun.write_text(SRUN)
        srun.chmod(0o755)

    # -- Launcher --------------------------------------------------------------------------------------------

    @property
    def has_room(self) -> bool:
        return not self._closed and len(self._running) < self._most

    def is_running(self, record: Record) -> bool:
        process = self._running.get(record.job.numeric_id)
        return process is not None and process.record is record

    def signal(self, record: Record, number: int) -> None:
        process = self._running.get(record.job.numeric_id)
        if process is None or process.record is not record:
            return
        # The leader is reaped on this thread alone, so its group's number cannot have been given again.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.popen.pid, number)
            if number == signal.SIGTERM:
                os.killpg(process.popen.pid, signal.SIGCONT)

    def start(self, record: Record) -> None:
        loop = asyncio.get_running_loop()
        try:
            process = self._launch(record)
        except _CannotRun as problem:
            loop.call_soon(self._failed, record, problem.number, None)
        except (OSError, ValueError, PermissionDenied):  # ValueError: NUL in a path
            loop.call_soon(self._failed, record, 0, SETUP_FAILED)
        else:
            self._running[record.job.numeric_id] = process
            process.waiter = threading.Thread(target=self._wait, args=(process, loop), daemon=True)
            process.waiter.start()
            if self._gathering is None:
                self._gathering = loop.create_task(self._gather(), name="usage of running jobs")

    def _failed(self, record: Record, exit_code: int, number: int | None) -> None:
        record.usage = JobUsage()
        self._exited(record, exit_code, number)

    # -- starting --------------------------------------------------------------------------------------------

    def _launch(self, record: Record) -> _Process:
        """Start a job's script.

        Raises:
            PermissionDenied: when its output would go into somebody else's home.
            OSError: when its output cannot be opened.
            _CannotRun: when its interpreter cannot be run.
        """
        job, batch = record.job, record.batch
        assert batch is not None
        home = self._homes.ensure(job.user)
        mark = new_mark()
        environment = environment_of(job, home, self._cluster_name, batch, record.tasks)
        path = environment.get("PATH", PATH)
        environment |= {"PATH": f"{self._bin}:{path}", MARK: mark}
        with ExitStack() as files:
            flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if batch.appends else os.O_TRUNC)
            out_path, error_path = output_paths(job)
            out = self._open(files, out_path or os.devnull, job, flags)
            error = out if error_path == out_path else self._open(files, error_path or os.devnull, job, flags)
            given = job.standard_input or os.devnull
            source = self._open(files, os.path.join(job.working_directory or "/", given), job, os.O_RDONLY)
            directory = self._directory(job, error)
            spool = self._spool / f"job{job.numeric_id:05d}.{job.requeue_count}"
            spool.mkdir(mode=0o700, exist_ok=True)
            script = spool / "slurm_script"
            script.write_text(batch.script, encoding="utf-8", errors="replace")
            try:
                popen = subprocess.Popen(
                    [*interpreter(batch.script), str(script)],
                    cwd=directory,
                    env=environment,
                    stdin=source,
                    stdout=out,
                    stderr=error,
                    start_new_session=True,
                    umask=0o022,
                )
            except (OSError, ValueError) as problem:
                shutil.rmtree(spool, ignore_errors=True)
                os.write(error, f"slurmstepd: error: execve(): {problem}\n".encode(errors="replace"))
                raise _CannotRun(getattr(problem, "errno", errno.ENOEXEC)) from problem
        own = os.getpid()
        note = Leader(popen.pid, started(popen.pid) or 0, mark, str(spool), own, started(own))
        self._note(job).write_bytes(msgspec.json.encode(note))
        return _Process(record, popen, mark, spool)

    def _open(self, files: ExitStack, path: str, job: Job, flags: int) -> int:
        """A regular file or /dev/null, opened for the job without ever blocking, closed with `files`."""
        real = os.devnull if path == os.devnull else self._homes.resolve(path, job.user)
        descriptor = os.open(real, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o644)
        files.callback(os.close, descriptor)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) and real != os.devnull:
            raise OSError(22, "not a regular file", path)
        os.set_blocking(descriptor, True)
        if flags & os.O_WRONLY:
            self._homes.note_writer(descriptor, job.user)
        return descriptor

    def _directory(self, job: Job, error: int) -> str:
        wanted = job.working_directory or "/"
        try:
            real = self._homes.resolve(wanted, job.user)
            if os.path.isdir(real) and os.access(real, os.X_OK):
                return real
            words = "No such file or directory"
        except (OSError, PermissionDenied):
            words = "Permission denied"
        os.write(
            error,
            f"slurmstepd: error: couldn't chdir to `{wanted}': {words}: going to /tmp instead\n".encode(),
        )
        return "/tmp"  # noqa: S108 - what slurmstepd does

    def _note(self, job: Job) -> Path:
        return self._notes / f"{job.numeric_id}.json"

    # -- running ---------------------------------------------------------------------------------------------

    async def _gather(self) -> None:
        """While anything runs, look at what it uses."""
        pause = _FIRST_LOOK_SECONDS
        while self._running:
            await asyncio.sleep(pause)
            pause = _LOOK_SECONDS
            processes = {process.popen.pid: process for process in self._running.values()}
            for session, gathered in (await asyncio.to_thread(gather, set(processes))).items():
                record = processes[session].record
                if self.is_running(record):
                    before = record.usage.max_memory_mib if record.usage is not None else None
                    record.usage = JobUsage(
                        cpu_seconds=round(gathered.cpu_seconds, 2),
                        max_memory_mib=max(before or 0.0, round(gathered.memory_mib, 1)),
                    )
        self._gathering = None

    # -- ending ----------------------------------------------------------------------------------------------

    def _wait(self, process: _Process, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: wait without reaping, then end what is left of the job."""
        with suppress(ChildProcessError):
            os.waitid(os.P_PID, process.popen.pid, os.WEXITED | os.WNOWAIT)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.popen.pid, signal.SIGKILL)
        end_strays({process.mark})
        with suppress(RuntimeError):  # the loop is closed: the server is at its end
            loop.call_soon_threadsafe(self._reap, process)

    def _reap(self, process: _Process) -> None:
        record = process.record
        if self._running.get(record.job.numeric_id) is not process:
            return
        del self._running[record.job.numeric_id]
        try:
            _, status, usage = os.wait4(process.popen.pid, 0)
            process.popen.returncode = os.waitstatus_to_exitcode(status)
            # Not its ru_maxrss: that counts the server, of which the process was a copy before its exec.
            memory = record.usage.max_memory_mib if record.usage is not None else None
            record.usage = JobUsage(
                cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3), max_memory_mib=memory
            )
        except ChildProcessError:  # somebody else in this process reaped it
            process.popen.returncode = 0
        self._note(record.job).unlink(missing_ok=True)
        shutil.rmtree(process.spool, ignore_errors=True)
        code = process.popen.returncode
        if not self._closed:
            self._exited(record, max(code, 0), -code if code < 0 else None)

    async def close(self) -> None:
        """End all of them, and wait until they are gone."""
        self._closed = True
        if self._gathering is not None:
            self._gathering.cancel()
            with suppress(asyncio.CancelledError):
                await self._gathering
            self._gathering = None
        processes = list(self._running.values())
        for number, seconds in ((signal.SIGTERM, _GRACE_SECONDS), (signal.SIGKILL, _JOIN_SECONDS)):
            for process in processes:
                self.signal(process.record, number)
            await asyncio.to_thread(_join, processes, seconds)
        for process in processes:
            self._reap(process)


class _CannotRun(Exception):
    """The interpreter of a script cannot be run; `number` is the errno, which becomes the exit code."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _join(processes: list[_Process], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for process in processes:
        if process.waiter is not None:
            process.waiter.join(max(0.0, deadline - time.monotonic()))
