"""Servers that are no root's: run by an ordinary user, with a state directory of theirs."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.contract.serving import Server
from tests.programs import lacking


class ServerOf(Server):
    """A server that a user has started.

    Args:
        user: Whose it is.
        directory: An empty one that the user may enter; the server's own is made in it.
        environment: As of `Server`.
        lab: The cluster behind it.
    """

    def __init__(self, user: str, directory: Path, environment: Mapping[str, str], lab: Any) -> None:
        entry = pwd.getpwnam(user)
        state_dir = directory / f"state-of-{user}"
        state_dir.mkdir(mode=0o700)
        os.chown(state_dir, entry.pw_uid, entry.pw_gid)
        super().__init__(state_dir, {**environment, "HOME": entry.pw_dir, "USER": user}, lab)
        self.user = user
        self._as_user: dict[str, Any] = {
            "user": entry.pw_uid,
            "group": entry.pw_gid,
            "extra_groups": os.getgrouplist(user, entry.pw_gid),
        }
        self._require_program()

    def start(self, seconds: float = 60.0) -> None:
        self.spawn_options = self._as_user
        super().start(seconds)

    def s9s(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self.program, *arguments], env=self.environment, capture_output=True, text=True, timeout=60,
            cwd="/", **self._as_user,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _require_program(self) -> None:
        """Where the user may not run this very interpreter, the system's does as well if it is like it."""
        for program in ([sys.executable], ["/usr/bin/python3"]):
            try:
                told = subprocess.run(
                    [*program, "-c", "import sys; print(*sys.version_info[:2])"],
                    capture_output=True, text=True, timeout=20, cwd="/", **self._as_user,
                )  # fmt: skip
            except PermissionError:
                continue
            if told.stdout.split() == [str(part) for part in sys.version_info[:2]]:
                self.program = [*program, "-m", "s9s"]
                self.environment["PYTHONPATH"] = ":".join(path for path in sys.path if path.startswith("/"))
                return
        lacking("there is no Python here that the user may run")
