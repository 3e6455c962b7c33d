"""No event lost, none invented: a client through kills of the server and of slurmctld, against sacct."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

from tests.contract.clusters import REAL, SIMULATED, real_environment
from tests.contract.serving import Server, until

JOBS = 50
#: The steps of a job's life, as far as somebody can see them.
ORDER = ["PENDING", "RUNNING", "COMPLETING", "COMPLETED"]


class Listener:
    """Follows a user's jobs, comes back after every cut, and keeps all that it is told."""

    def __init__(self, server: Server, caller: str, /, **wanted: Any) -> None:
        self._server = server
        self._token = server.token(caller)
        self._wanted = wanted
        self._stopping = threading.Event()
        self._connection: Any = None
        self.updates: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []
        self.cuts = 0
        self.last: int | None = None
        self.ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with suppress(Exception):
            self._connection.close()
        self._thread.join(30)

    def cut(self) -> None:
        """As a cable does."""
        self._connection.socket.shutdown(2)

    def states(self) -> dict[str, list[str]]:
        """Changes of state of each job, in the order told."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for one in tuple(self.updates):
            data = one["data"]
            if one["action"] == "created" or "previous_state" in data:
                found[one["resource_id"]].append(data["state"])
        return found

    def _run(self) -> None:
        url = self._server.base_url.replace("http", "ws") + "/v1/ws"
        headers = {"Authorization": f"Bearer {self._token}"}
        while not self._stopping.is_set():
            try:
                with connect(url, additional_headers=headers, proxy=None) as connection:
                    self._connection = connection
                    since = {} if self.last is None else {"since": self.last}
                    message = {"action": "subscribe", "channel": "jobs", "filter": self._wanted, **since}
                    connection.send(json.dumps(message))
                    for raw in connection:
                        self._hear(json.loads(raw))
                self.cuts += 1
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                self.cuts += 1
                time.sleep(0.1)

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("action") in ("created", "update", "removed"):
            self.updates.append(message)
            self.last = message["sequence"]
        else:
            self.others.append(message)
            if message.get("action") == "subscribed":
                self.last = message["sequence"] if self.last is None else self.last
                self.ready.set()


@pytest.fixture(params=REAL)
def followed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server of its own on each of the real clusters: it is killed."""
    lab = request.getfixturevalue(f"lab{request.param[:2]}")
    with Server(tmp_path, real_environment(lab), lab) as server:
        yield server


def test_every_state_of_every_job_as_sacct_has_it(followed: Server) -> None:
    server, lab = followed, followed.lab
    script = (
        f"for n in $(seq {JOBS}); do sbatch --parsable -n1 --mem=10 -t 5 -o /dev/null "
        "--wrap 'sleep 0.$((RANDOM % 10))'; sleep 0.1; done"
    )
    listener = Listener(server, "alice", user="alice", job_name="wrap")
    try:
        assert listener.ready.wait(20)
        submitted: list[str] = []
        work = threading.Thread(
            target=lambda: submitted.extend(
                lab.run("alice", "bash", "-c", script, timeout=120).stdout.split()
            )
        )
        work.start()
        until(lambda: len(listener.states()) >= 10, 60)
        listener.cut()
        until(lambda: len(listener.states()) >= 20, 60)
        server.kill()  # jobs come and go while nobody looks
        time.sleep(1.5)
        server.start()
        work.join(120)
        lab.restart("slurmctld")
        ids = ",".join(submitted)
        assert len(submitted) == JOBS

        def accounted() -> dict[str, str]:
            text = lab.run("root", "sacct", "-n", "-X", "-P", "-j", ids, "-o", "JobID,State").stdout
            return {job: state.split()[0] for job, state in (line.split("|") for line in text.splitlines())}

        until(lambda: len(accounted()) == JOBS and set(accounted().values()) == {"COMPLETED"}, 90)
        until(lambda: [listener.states()[one][-1:] for one in submitted] == [["COMPLETED"]] * JOBS, 60)
        time.sleep(2.5)  # nothing may come after the end
    finally:
        listener.stop()
    told = listener.states()
    assert told.keys() == set(submitted)
    for job_id in submitted:
        states = told[job_id]
        assert states == [one for one in ORDER if one in states], (job_id, states)
        assert {"PENDING", "RUNNING", "COMPLETED"} <= set(states), (job_id, states)
    sequences = [one["sequence"] for one in listener.updates]
    assert sequences == sorted(set(sequences))
    assert listener.cuts >= 2
    assert not [one for one in listener.others if "error" in one or one["action"] != "subscribed"]


def test_readers_that_never_read_cost_the_others_nothing(tmp_path: Path) -> None:
    """1,000 of them, and everybody else is told of every change in time; memory stays bounded."""
    environment = SIMULATED | {
        "S9S_SIMULATED__JOBS": "2000",
        "S9S_SIMULATED__CHURN": "0.05",
        "S9S_EVENTS__MAX_CONNECTIONS": "5000",
        "S9S_EVENTS__MAX_BUFFER_BYTES": "16384",
    }
    with Server(tmp_path, environment) as server:
        idle: list[socket.socket] = []
        try:
            idle += [_subscribed(server) for _ in range(1000)]
            listener = Listener(server, "carol")
            assert listener.ready.wait(20)
            before, began = _rss(server), len(listener.updates)
            until(lambda: len(listener.updates) - began >= 1500, 60)
            grown = _rss(server) - before
            listener.stop()
            sequences = [one["sequence"] for one in listener.updates]
            assert sequences == sorted(set(sequences))
            assert not [one for one in listener.others if one["action"] == "lagged"]
            assert grown < 100_000, f"{grown:.0f} KB more"
        finally:
            for one in idle:
                one.close()


def _subscribed(server: Server) -> socket.socket:
    """A client that subscribes to everything and never reads again."""
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect((host, int(port)))
    one.settimeout(20)
    one.sendall(
        b"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Authorization: Bearer %b\r\n\r\n" % server.token("dave").encode()
    )
    assert one.recv(4096).startswith(b"HTTP/1.1 101")
    message = b'{"action":"subscribe","channel":"jobs"}'
    one.sendall(bytes([0x81, 0x80 | len(message)]) + bytes(4) + message)
    assert b"subscribed" in one.recv(4096)
    return one


def _rss(server: Server) -> float:
    assert server._process is not None
    status = Path(f"/proc/{server._process.pid}/status").read_text()
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))
