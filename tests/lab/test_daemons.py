"""Daemons are known by their recorded pid, and nothing of a cluster is left behind."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.daemons import MARK, Daemon, end, listening, listening_at, processes_of
from lab.errors import LabError


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "log").mkdir()
    return tmp_path


@pytest.fixture
def daemon(directory: Path) -> Iterator[Daemon]:
    daemon = Daemon("sleeper", directory, ["sleep", "600"], ready=lambda: True)
    yield daemon
    daemon.kill()


def test_start_is_idempotent_and_stop_ends_it(daemon: Daemon) -> None:
    daemon.start()
    pid = daemon.pid
    assert pid is not None
    daemon.start()
    assert daemon.pid == pid
    assert daemon.cpu_seconds() >= 0
    daemon.stop()
    assert daemon.pid is None
    with pytest.raises(LabError, match="does not run"):
        daemon.cpu_seconds()


def test_a_recorded_pid_that_another_process_has_now_is_left_alone(daemon: Daemon, directory: Path) -> None:
    daemon.start()
    record = directory / "run/sleeper.json"
    mine = record.read_text()
    record.write_text(mine.replace('"started": ', '"started": 1'))
    assert daemon.pid is None
    daemon.stop()  # must not touch the process
    record.write_text(mine)
    assert daemon.pid is not None


def test_stop_kills_what_ignores_sigterm(directory: Path) -> None:
    ready = directory / "ready"
    script = f"trap '' TERM; touch {ready}; while :; do sleep 0.1; done"
    daemon = Daemon("stubborn", directory, ["sh", "-c", script], ready=ready.exists)
    daemon.start()
    daemon.stop(timeout=0.2)
    assert daemon.pid is None


@pytest.mark.parametrize(
    ("ends", "how"),
    [("exit 3", "ended with status 3"), ("kill -FPE $$", "was killed: Floating point exception")],
)
def test_a_daemon_that_ends_at_once_says_how_and_shows_its_log(directory: Path, ends: str, how: str) -> None:
    script = f"echo bad configuration >&2; {ends}"
    daemon = Daemon("broken", directory, ["sh", "-c", script], ready=lambda: False)
    with pytest.raises(LabError, match=f"broken {how}; its log says:\nbad configuration"):
        daemon.start()


def test_a_daemon_that_is_never_ready_is_reported(directory: Path) -> None:
    daemon = Daemon("slow", directory, ["sleep", "600"], ready=lambda: False)
    try:
        with pytest.raises(LabError, match=r"slow is not ready after 0\.1 s"):
            daemon.start(timeout=0.1)
    finally:
        daemon.kill()


def test_processes_are_found_by_mark_descent_and_job_environment(directory: Path) -> None:
    conf = directory / "etc/slurm.conf"
    environments = {
        "daemon": {MARK: str(directory)},
        "job": {"SLURM_CONF": str(conf), "SLURM_JOB_ID": "1"},
        "client": {"SLURM_CONF": str(conf)},
        "another": {MARK: f"{directory}2"},
    }
    started = {
        name: subprocess.Popen(["env", "-i", *(f"{k}={v}" for k, v in env.items()), "sleep", "600"])
        for name, env in environments.items()
    }
    parent = subprocess.Popen(
        ["env", "-i", f"{MARK}={directory}", "PATH=/usr/bin:/bin", "sh", "-c", "env -i sleep 600; true"]
    )
    try:
        deadline = time.monotonic() + 5
        while len(found := processes_of(directory, conf)) < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        expected = {started["daemon"].pid, started["job"].pid, parent.pid}
        assert expected < set(found)
        assert len(found) == 4
        assert not {started["client"].pid, started["another"].pid} & set(found)
        end(found, 0)
        assert processes_of(directory, conf) == []
    finally:
        for process in (*started.values(), parent):
            process.kill()
            process.wait()


def test_end_forgets_who_is_gone_already() -> None:
    process = subprocess.Popen(["sleep", "600"])
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    end([process.pid], 1)


def test_listening_sees_tcp_and_unix_sockets_without_connecting(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        unix.bind(str(path))
        port = tcp.getsockname()[1]
        assert not listening(port)
        assert not listening_at(path)
        tcp.listen()
        unix.listen()
        assert listening(port)
        assert listening_at(path)
        tcp.setblocking(False)
        with pytest.raises(BlockingIOError):
            tcp.accept()
