"""The hook's script, run as slurmctld runs it, and the socket that it writes to."""

from __future__ import annotations

import asyncio
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest

from s9s.app.application import Application, running
from s9s.config import BadConfiguration, Settings
from s9s.services.live.hook import Hook

S9S = Path(sys.executable).with_name("s9s")


@pytest.fixture
def path() -> Any:
    # A socket's path must be short.
    directory = Path(f"/tmp/s9s-hook-{os.getpid()}-{time.monotonic_ns()}")
    directory.mkdir()
    yield directory / "hook.sock"
    for one in directory.iterdir():
        one.unlink()
    directory.rmdir()


@pytest.fixture
def script(path: Path, tmp_path: Path) -> Path:
    made = tmp_path / "s9s-hook"
    text = subprocess.run([S9S, "hook", "--socket", path, "--program", made], capture_output=True, check=True)
    made.write_bytes(text.stdout)
    made.chmod(0o755)
    return made


def run(script: Path, *arguments: str, **environment: str) -> float:
    """Run it with no environment but this; the seconds that it took."""
    began = time.monotonic()
    done = subprocess.run([script, *arguments], env=environment, capture_output=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ((), {"SLURM_JOB_ID": "123"}, b"s9s job 123"),
        ((), {"JOBID": "124", "JOBSTATE": "COMPLETED"}, b"s9s job 124"),
        (("node[001-002]",), {}, b"s9s nodes node[001-002]"),
    ],
)
def test_what_slurm_says_arrives(
    script: Path, path: Path, arguments: tuple[str, ...], environment: dict[str, str], message: bytes
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(5)
        run(script, *arguments, **environment)
        assert server.recv(4096).rstrip(b"\n\0").endswith(message)


def test_what_is_sent_outlives_the_scripts_process_group(script: Path, path: Path) -> None:
    """slurmctld kills that when the script has ended; on one processor the sender gets its turn late."""
    processors = os.sched_getaffinity(0)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        server.settimeout(5)
        os.sched_setaffinity(0, {min(processors)})
        try:
            for number in range(1, 31):
                program = subprocess.Popen([script], env={"SLURM_JOB_ID": str(number)}, process_group=0)
                assert program.wait(10) == 0
                with suppress(ProcessLookupError):
                    os.killpg(program.pid, signal.SIGKILL)
                assert server.recv(4096).rstrip(b"\n\0").endswith(b"s9s job %d" % number)
        finally:
            os.sched_setaffinity(0, processors)


def test_slurm_is_never_kept_waiting(script: Path, path: Path) -> None:
    assert run(script, SLURM_JOB_ID="1") < 1  # nobody there
    path.write_text("")  # something else there
    assert run(script, SLURM_JOB_ID="1") < 1
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(path))
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender,
            suppress(BlockingIOError),
        ):
            while True:
                sender.sendto(b"x", str(path))
        # A server that does not read.
        assert run(script, SLURM_JOB_ID="1") < 1


@asynccontextmanager
async def serving(path: Path, tmp_path: Path, **events: Any) -> AsyncIterator[Application]:
    settings = {
        "server": {"state_dir": tmp_path / "state"},
        "cluster": {"mode": "simulated"},
        "simulated": {"jobs": 10, "speed": 0},
        "snapshot": {"interval_seconds": 300},
        "events": {"hook_socket": path, **events},
    }
    async with running(Settings.model_validate(settings)) as application:
        yield application


async def test_the_server_looks_at_once_only_at_what_it_understands(
    path: Path, tmp_path: Path, script: Path
) -> None:
    async with serving(path, tmp_path) as application:
        touched: list[Any] = []
        application.cluster.watcher.touch = lambda *what, **more: touched.append((what, more))  # type: ignore[method-assign]
        mode = path.stat()
        assert stat.S_IMODE(mode.st_mode) == 0o600
        if os.geteuid() == 0 and _has_user("slurm"):
            assert mode.st_uid == pwd.getpwnam("slurm").pw_uid
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            for message in (b"", b"s9s job 0x1", b"s9s job ../../x", b"s9s nodes [", b"job 5", b"x" * 5000):
                sender.sendto(message, str(path))
        await asyncio.to_thread(run, script, SLURM_JOB_ID="77")
        await asyncio.to_thread(run, script, "node[001-002]")
        async with asyncio.timeout(10):
            while len(touched) < 2:
                await asyncio.sleep(0.01)
        assert sorted(touched, key=str) == [
            ((None,), {"nodes": ["node001", "node002"]}),
            ((["77"],), {}),
        ]
    assert not path.exists()


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


async def test_a_socket_left_by_a_kill_is_replaced_and_nothing_else_is(path: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as left:
        left.bind(str(path))
    async with serving(path, tmp_path):
        assert path.is_socket()
    path.write_text("precious")
    with pytest.raises(BadConfiguration, match="something else"):
        async with serving(path, tmp_path):
            pass
    assert path.read_text() == "precious"


def test_messages_are_searched_for_in_what_logger_sends() -> None:
    class Cluster:
        class watcher:  # noqa: N801
            touched: ClassVar[list[Any]] = []

            @classmethod
            def touch(cls, *what: Any, **more: Any) -> None:
                cls.touched.append((what, more))

    hook = Hook(Cluster())  # type: ignore[arg-type]
    hook._look_again = lambda *_: None  # type: ignore[method-assign]
    assert hook.hear(b"<13>Nov 24 22:00:00 slurm: s9s job 12_3")
    assert hook.hear(b"<13>Nov 24 22:00:00 slurm: s9s job 12+1\n\0")
    assert not hook.hear(b"<13>Nov 24 22:00:00 slurm: s9s job 12 13")
    assert hook.received == 2
