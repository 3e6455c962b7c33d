"""Commands: a clean room for each, the right user, a bound on everything."""

from __future__ import annotations

import asyncio
import os
import pwd
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import uvloop

from s9s.backends import processes as module
from s9s.backends.processes import Processes
from s9s.domain.errors import PermissionDenied, SlurmError, SlurmUnavailable

OWN = pwd.getpwuid(os.geteuid()).pw_name
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


@pytest.fixture
async def processes() -> AsyncIterator[Processes]:
    made = Processes()
    yield made
    made.close()


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_tells_how_a_command_ended(processes: Processes) -> None:
    finished = await processes.run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout=10)
    assert (finished.returncode, finished.stdout, finished.stderr) == (3, b"out\n", "err\n")


async def test_a_signal_is_a_negative_returncode(processes: Processes) -> None:
    assert (await processes.run(["sh", "-c", "kill -TERM $$"], timeout=10)).returncode == -15


async def test_no_shell_reads_the_arguments(processes: Processes) -> None:
    words = ["$HOME", "; true", "a  b", "*", "`id`", "\n"]
    assert (await processes.run(["printf", "%s|", *words], timeout=10)).stdout == "".join(
        f"{w}|" for w in words
    ).encode()


async def test_the_environment_is_clean(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S9S_SECRET", "x")
    finished = await processes.run(["env"], env={"SLURM_CONF": "/a", "LANG": "C"}, timeout=10)
    environment = dict(line.split("=", 1) for line in finished.stdout.decode().splitlines())
    assert set(environment) == {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "SLURM_CONF"}
    assert environment["USER"] == OWN
    assert environment["LANG"] == "C"


async def test_input_is_given_and_else_empty(processes: Processes) -> None:
    large = os.urandom(1 << 20)
    assert (await processes.run(["cat"], input=large, timeout=10)).stdout == large
    assert (await processes.run(["cat"], timeout=10)).stdout == b""


async def test_starts_where_it_is_told(processes: Processes, tmp_path: Path) -> None:
    assert (await processes.run(["pwd"], timeout=10)).stdout == b"/\n"
    assert (await processes.run(["pwd"], cwd=str(tmp_path), timeout=10)).stdout.decode() == f"{tmp_path}\n"


async def test_only_named_descriptors_are_passed_on(processes: Processes) -> None:
    kept, other = os.memfd_create("kept", 0), os.memfd_create("other", 0)
    try:
        listing = ["sh", "-c", "ls /proc/self/fd"]
        seen = (await processes.run(listing, pass_fds=[kept], timeout=10)).stdout.split()
    finally:
        os.close(kept)
        os.close(other)
    assert str(kept).encode() in seen
    assert str(other).encode() not in seen


async def test_a_timeout_ends_the_whole_group(processes: Processes, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 1000 & echo $! $$ > {pids}; wait"
    with pytest.raises(TimeoutError, match=r"sh took longer than 0\.5 s"):
        await processes.run(["sh", "-c", script], timeout=0.5)
    numbers = [int(pid) for pid in pids.read_text().split()]
    assert len(numbers) == 2
    await until(lambda: not any(map(is_alive, numbers)))


async def test_whoever_keeps_the_output_open_is_ended_too(processes: Processes, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(TimeoutError):
        await processes.run(["sh", "-c", f"sleep 1000 & echo $! > {pid_file}"], timeout=0.5)
    await until(lambda: not is_alive(int(pid_file.read_text())))


async def test_cancelling_ends_the_command(processes: Processes, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    running = asyncio.create_task(
        processes.run(["sh", "-c", f"echo $$ > {pid_file}; exec sleep 1000"], timeout=60)
    )
    await until(lambda: pid_file.exists() and pid_file.read_text() != "")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not is_alive(int(pid_file.read_text())))


async def test_cancelling_while_it_starts_leaves_nothing(processes: Processes, tmp_path: Path) -> None:
    mark = f"s9s-{tmp_path.name}-{os.getpid()}"
    for turns in range(8):
        running = asyncio.create_task(processes.run(["sh", "-c", f"sleep 1000; : {mark}"], timeout=60))
        for _ in range(turns):
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    def left() -> bool:
        commands = (path for path in Path("/proc").glob("[0-9]*/cmdline") if is_alive(int(path.parent.name)))
        return any(mark in read_or_nothing(path) for path in commands)

    await until(lambda: not left())
    await asyncio.to_thread(processes._threads.shutdown)
    assert not left()


def read_or_nothing(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def test_output_can_go_into_a_descriptor(processes: Processes) -> None:
    taken = os.memfd_create("taken")
    try:
        finished = await processes.run(["sh", "-c", "echo out; echo err >&2"], stdout=taken, timeout=10)
        assert (finished.stdout, finished.stderr, os.pread(taken, 100, 0)) == (b"", "err\n", b"out\n")
    finally:
        os.close(taken)


async def test_too_much_output_ends_the_command(processes: Processes) -> None:
    with pytest.raises(SlurmError, match="yes wrote more than 100000 bytes"):
        await processes.run(["yes"], timeout=30, max_output=100_000)
    fits = await processes.run(["head", "-c", "100000", "/dev/zero"], timeout=10, max_output=100_000)
    assert len(fits.stdout) == 100_000


async def test_only_the_beginning_of_the_complaints_is_kept(processes: Processes) -> None:
    finished = await processes.run(["sh", "-c", "head -c 1000000 /dev/zero >&2; echo done"], timeout=30)
    assert (len(finished.stderr), finished.stdout) == (1 << 16, b"done\n")


async def test_unreadable_complaints_are_shown_somehow(processes: Processes) -> None:
    assert (await processes.run(["sh", "-c", "printf '\\377' >&2"], timeout=10)).stderr == "\ufffd"


async def test_no_such_command(processes: Processes, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    for command in ("no-such-command", str(tmp_path / "nothing"), str(tmp_path)):
        with pytest.raises(SlurmUnavailable, match="There is no command"):
            await processes.run([command], timeout=10)
    with pytest.raises(SlurmUnavailable, match="broken cannot be run"):
        await processes.run([str(broken)], timeout=10)


async def test_only_so_many_run_at_once() -> None:
    processes = Processes(concurrency=2)
    started = time.monotonic()
    await asyncio.gather(*(processes.run(["sleep", "0.2"], timeout=30) for _ in range(6)))
    processes.close()
    assert time.monotonic() - started >= 0.6


async def test_the_wait_for_a_turn_counts_and_is_bounded() -> None:
    processes = Processes(concurrency=1)
    first = asyncio.create_task(processes.run(["sleep", "1000"], timeout=60))
    waiting = [asyncio.create_task(processes.run(["true"], timeout=0.3)) for _ in range(64)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    with pytest.raises(SlurmUnavailable, match="Too many commands are waiting to run true"):
        await processes.run(["true"], timeout=60)
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(outcome, TimeoutError) for outcome in outcomes)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    # The place is free again.
    assert (await processes.run(["true"], timeout=10)).returncode == 0
    processes.close()


@needs_root
async def test_acts_as_the_user_and_as_nobody_else(processes: Processes) -> None:
    finished = await processes.run(["cat", "/proc/self/status"], actor="nobody", timeout=10)
    status = dict(line.split(":", 1) for line in finished.stdout.decode().splitlines() if ":" in line)
    entry = pwd.getpwnam("nobody")
    assert status["Uid"].split() == [str(entry.pw_uid)] * 4
    assert status["Gid"].split() == [str(entry.pw_gid)] * 4
    assert {int(group) for group in status["Groups"].split()} == set(os.getgrouplist("nobody", entry.pw_gid))
    assert all(int(status[kind], 16) == 0 for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"))


@needs_root
async def test_the_environment_is_the_users(processes: Processes) -> None:
    words = (
        await processes.run(["sh", "-c", "echo $USER $LOGNAME $HOME"], actor="nobody", timeout=10)
    ).stdout
    assert words.decode().split() == ["nobody", "nobody", pwd.getpwnam("nobody").pw_dir]


@needs_root
async def test_a_root_that_may_not_become_others(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "setpriv"
    fake.write_text("#!/bin/sh\necho 'setpriv: setresuid failed: Operation not permitted' >&2; exit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(module, "_PATH", f"{tmp_path}:{module._PATH}")
    with pytest.raises(PermissionDenied, match="could not run true as nobody"):
        await processes.run(["true"], actor="nobody", timeout=10)


@needs_root
async def test_without_setpriv_it_acts_as_nobody_else(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "id").symlink_to("/usr/bin/id")
    monkeypatch.setattr(module, "_PATH", str(tmp_path))
    with pytest.raises(PermissionDenied, match="needs setpriv"):
        await processes.run(["id"], actor="nobody", timeout=10)
    assert (await processes.run(["id", "-un"], actor=OWN, timeout=10)).stdout.decode().strip() == OWN


@needs_root
async def test_a_command_of_a_user_can_be_ended(processes: Processes, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        await processes.run(["sleep", "1000"], actor="nobody", timeout=0.5)


async def test_an_ordinary_user_acts_only_as_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("daemon").pw_uid)
    processes = Processes()
    assert processes.can_act_as("daemon")
    assert not processes.can_act_as("nobody")
    with pytest.raises(PermissionDenied, match="no means to act as nobody"):
        await processes.run(["true"], actor="nobody", timeout=10)
    processes.close()


async def test_unknown_users_are_refused(processes: Processes) -> None:
    for name in ("no-such-user", "", "a\0b", "\udcff\ud800", "0", "-x"):
        assert not processes.can_act_as(name)
        with pytest.raises(PermissionDenied):
            await processes.run(["true"], actor=name, timeout=10)


async def test_sudo_is_told_names_of_variables_and_never_values(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "sudo"
    fake.write_text("#!/bin/sh\nprintf '%s ' \"$@\"; echo $SLURM_CONF\n")
    fake.chmod(0o755)
    tmp_path.chmod(0o755)
    monkeypatch.setattr(module, "_PATH", f"{tmp_path}:{module._PATH}")
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("daemon").pw_uid)
    processes = Processes(sudo=True)
    assert processes.can_act_as("nobody")
    finished = await processes.run(["true", "x"], actor="nobody", env={"SLURM_CONF": "/a"}, timeout=10)
    *options, program, argument, value = finished.stdout.decode().split()
    assert options == ["-n", "-H", "-u", "nobody", "--preserve-env=SLURM_CONF", "--"]
    assert (Path(program).name, argument, value) == ("true", "x", "/a")

    with tempfile.TemporaryFile() as file:
        kept = [file.fileno()]
        finished = await processes.run(["true"], actor="nobody", pass_fds=kept, timeout=10)
    assert f"--close-from={kept[0] + 1}" in finished.stdout.decode().split()

    fake.write_text("#!/bin/sh\necho 'sudo: a password is required' >&2; exit 1\n")
    with pytest.raises(PermissionDenied, match="could not run true as nobody"):
        await processes.run(["true"], actor="nobody", timeout=10)
    processes.close()


def test_runs_on_uvloop() -> None:
    async def main() -> None:
        processes = Processes()
        finished = await processes.run(["cat"], input=b"x" * 1_000_000, timeout=10)
        assert len(finished.stdout) == 1_000_000
        with pytest.raises(TimeoutError):
            await processes.run(["sleep", "1000"], timeout=0.2)
        processes.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
