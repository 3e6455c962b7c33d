"""The server as a process of its own, and callers that hold every answer to the rules for all answers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import pytest

from tests.contract.rules import check_answer

T = TypeVar("T")

S9S = Path(sys.executable).with_name("s9s")
ROLES = {"alice": "user", "bob": "user", "carol": "operator", "dave": "admin"}
"""Of the users' tokens; in Slurm carol is an operator, dave an administrator, the others are neither."""

_ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)")


def until(look: Callable[[], T], seconds: float = 45.0, pause: float = 0.1) -> T:
    """What `look` gives as soon as that is true; fails with its last answer after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"still {answer!r} after {seconds:g} s")
        time.sleep(pause)
    return answer


class Caller(httpx2.Client):
    """Somebody who calls the API; each answer is checked against what holds for all of them."""

    def __init__(self, base_url: str, token: str | None, forbidden: tuple[str, ...] = ()) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        hooks = {"response": [lambda response: check_answer(response, forbidden)]}
        super().__init__(base_url=base_url, headers=headers, timeout=90, event_hooks=hooks)

    def read(self, path: str, **parameters: Any) -> Any:
        """The JSON of a successful GET."""
        response = self.get(path, params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def job(self, job_id: str) -> dict[str, Any]:
        """The job as it is now."""
        return dict(self.read(f"/v1/jobs/{job_id}"))

    def reach(self, job_id: str, *states: str, seconds: float = 60.0) -> dict[str, Any]:
        """The job once it is in one of the states."""
        deadline = time.monotonic() + seconds
        while (job := self.job(job_id))["state"] not in states:
            if time.monotonic() > deadline:
                pytest.fail(f"after {seconds:g} s not {'/'.join(states)} but {job}")
            time.sleep(0.1)
        return job

    def node(self, name: str) -> dict[str, Any]:
        """The node as it is now."""
        return dict(self.read(f"/v1/nodes/{name}"))


class Server:
    """A running `s9s serve`.

    Args:
        state_dir: an empty directory for the server's files.
        environment: S9S_* variables that say which cluster it is to serve.
        lab: the real cluster behind it; None for the simulated one.
    """

    def __init__(self, state_dir: Path, environment: Mapping[str, str], lab: Any = None) -> None:
        self.state_dir = state_dir
        self.lab = lab
        self.is_simulated = lab is None
        self.version: str | None = None if lab is None else lab.version
        self.log_file = state_dir / "server.log"
        self.base_url = ""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("S9S_", "SLURM"))}
        # The suite sends bad credentials on purpose, all from one address.
        kept["S9S_ALERTS__FOR_SECONDS"] = "1"
        kept["S9S_LIMITS__FAILED_LOGINS"] = "1000000"
        self.environment = {**kept, **environment, "S9S_STATE_DIR": str(state_dir)}
        self.program = [str(S9S)]
        self.spawn_options: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._tokens: dict[str, str] = {}
        self._callers: dict[str, Caller] = {}

    def start(self, seconds: float = 60.0) -> None:
        """Start it and return when it is ready; on a restart the address is the same."""
        port = self.base_url.rpartition(":")[2] or "0"
        with self.log_file.open("ab") as log:
            began = log.tell()
            self._process = subprocess.Popen(
                [*self.program, "serve", "--port", port],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                **self.spawn_options,
            )
        self.base_url = f"http://{until(lambda: self._address(began), seconds)}"
        until(self._is_ready, seconds)

    def kill(self) -> None:
        """End it as a crash would."""
        self._hang_up()
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def stop(self) -> int:
        """End it in an orderly way and return its exit status."""
        self._hang_up()
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
            raise

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def token(self, user: str) -> str:
        """A token of a user, the same one each time."""
        if user not in self._tokens:
            self._tokens[user] = self.new_token(user, "--role", ROLES.get(user, "user"))
        return self._tokens[user]

    def new_token(self, user: str, *options: str) -> str:
        """A fresh token of a user."""
        # Tests ask more often than a free credential may.
        return self.s9s("token", "create", "--user", user, "--tier", "enterprise", *options).strip()

    def s9s(self, *arguments: str) -> str:
        """Standard output of a command with this server's configuration."""
        done = subprocess.run(
            [S9S, *arguments], env=self.environment, capture_output=True, text=True, timeout=60, cwd="/"
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def as_user(self, user: str) -> Caller:
        """The caller with that user's token."""
        if user not in self._callers:
            self._callers[user] = self.caller(self.token(user))
        return self._callers[user]

    def caller(self, token: str | None) -> Caller:
        """A caller with any token, or with none; to be closed."""
        return Caller(self.base_url, token, forbidden=(str(self.state_dir), *([token] if token else [])))

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self.log_file.read_text(errors="replace")

    def _hang_up(self) -> None:
        for caller in self._callers.values():
            caller.close()
        self._callers.clear()

    def _address(self, began: int) -> str | None:
        assert self._process is not None
        said = self.log_file.read_bytes()[began:].decode(errors="replace")
        if self._process.poll() is not None:
            last = "\n".join(said.splitlines()[-3:])
            pytest.fail(f"the server ended with status {self._process.returncode}:\n{last}", pytrace=False)
        found = _ADDRESS.search(said)
        return found[1] if found else None

    def _is_ready(self) -> bool:
        try:
            return httpx2.get(f"{self.base_url}/readyz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False
