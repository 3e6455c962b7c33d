"""The servers that are measured: ours, and nginx with a file. Each is pinned, awaited, ended by its pid."""

from __future__ import annotations

import getpass
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import machine, tools

ROOT = Path(__file__).resolve().parent.parent
S9S = ROOT / ".venv/bin/s9s"
#: The contract's own token, which the simulated cluster takes.
TEST_TOKEN = "test_token_123"

#: After the start, and for the measurement itself.
_SETTLE_SECONDS, _IDLE_SECONDS = 3, 6

_NGINX = """\
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=100;
  default_type application/json;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{ listen 127.0.0.1:{port}; root {directory}/www; }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    url: str
    pid: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request: the credential."""
    idle_cpu: float = 0.0
    """CPU seconds that it uses each second while nobody asks for anything."""

    def get(self, path: str, timeout: float = 30) -> bytes:
        request = urllib.request.Request(self.url + path, headers=dict(self.headers))
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            body: bytes = answer.read()
        return body


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def s9s(
    *,
    jobs: int = 400,
    nodes: int = 64,
    churn: float = 0.0,
    settings: Mapping[str, str] | None = None,
    measures_idle: bool = False,
) -> Iterator[Server]:
    """Our server, on a simulated cluster unless `settings` (variables without ``S9S_``) say otherwise."""
    chosen = {"CLUSTER__MODE": "simulated", **(settings or {})}
    simulated = {"JOBS": jobs, "NODES": nodes, "CHURN": churn}
    environment = {f"S9S_{key}": value for key, value in chosen.items()}
    environment |= {f"S9S_SIMULATED__{key}": str(value) for key, value in simulated.items()}
    with tempfile.TemporaryDirectory(prefix="s9s-bench-") as state:
        environment["S9S_STATE_DIR"] = state
        environment = os.environ | environment
        # Not the simulated cluster's test token: each new connection has to prove that it may use that.
        user = getpass.getuser() if chosen["CLUSTER__MODE"] == "simulated" else "alice"
        command = [S9S, "token", "create", "--user", user, "--role", "admin", "--quiet"]
        token = subprocess.run(
            [*command, "--tier", "enterprise"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout.strip()
        port = free_port()
        argv = [str(S9S), "serve", "--port", str(port)]
        with _running(argv, environment, Path(state) / "log") as pid:
            server = Server(f"http://127.0.0.1:{port}", pid, {"Authorization": f"Bearer {token}"})
            wait_for(server, "/v1/jobs?limit=1")
            yield replace(server, idle_cpu=_idle_cpu(pid) if measures_idle else 0.0)


def _idle_cpu(pid: int) -> float:
    time.sleep(_SETTLE_SECONDS)
    used, began = machine.cpu_seconds(pid), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    return (machine.cpu_seconds(pid) - used) / (time.monotonic() - began)


@contextmanager
def nginx(files: Mapping[str, bytes]) -> Iterator[Server]:
    """A single worker that serves these bytes."""
    program = tools.find("nginx")
    with tempfile.TemporaryDirectory(prefix="s9s-bench-") as directory:
        root = Path(directory) / "www"
        root.mkdir()
        root.parent.chmod(0o755)
        for name, body in files.items():
            (root / name).write_bytes(body)
        port = free_port()
        user = "user root;" if os.geteuid() == 0 else ""
        (config := Path(directory) / "nginx.conf").write_text(
            _NGINX.format(directory=directory, port=port, user=user)
        )
        argv = [program, "-p", directory, "-e", f"{directory}/error.log", "-c", str(config)]
        with _running(argv, dict(os.environ), Path(directory) / "log") as pid:
            server = Server(f"http://127.0.0.1:{port}", pid)
            wait_for(server, "/" + next(iter(files)))
            yield server


def wait_for(server: Server, path: str, seconds: float = 120) -> float:
    """Until `path` is answered; returns the seconds that took."""
    began = time.monotonic()
    while True:
        try:
            server.get(path)
            return time.monotonic() - began
        except (urllib.error.URLError, OSError):
            if not _is_alive(server.pid) or time.monotonic() - began > seconds:
                raise
            time.sleep(0.02)


@contextmanager
def _running(argv: list[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            machine.pinned(machine.SERVER_CORE, argv),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        print(log.read_text(errors="replace")[-1000:] if process.returncode not in (0, -15) else "", end="")


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
