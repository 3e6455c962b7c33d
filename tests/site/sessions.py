"""Interpreters that run one block after the other, as a reader with one terminal would."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

#: What a session prints after each block, on a line of its own.
_END = "--- end of the block ---"

_BASH = f"""
set -euo pipefail
while IFS= read -r told; do
    . "$told" </dev/null
    printf '\\n{_END}\\n'
done
"""

_PYTHON = f"""
import asyncio, json, os, sys
for told in sys.stdin:
    path = told.rstrip("\\n")
    with open(path) as file:
        code = compile(file.read(), path, "exec")
    exec(code, {{"__name__": "__main__", "__file__": path}})
    print("\\n{_END}", flush=True)
"""

_JAVASCRIPT = f"""
import {{ createInterface }} from 'node:readline';
for await (const path of createInterface({{ input: process.stdin }})) {{
  await import(path);
  process.stdout.write('\\n{_END}\\n');
}}
"""


class BlockFailed(Exception):
    """A block ended badly, or not at all; with what it has said."""


class Session:
    """One interpreter and its directory.

    Args:
        language: bash, python or javascript.
        directory: Where blocks are run, and where the interpreter's own files lie.
        environment: All of it.
    """

    def __init__(self, language: str, directory: Path, environment: dict[str, str]) -> None:
        self.language = language
        self._directory = directory
        self._own = directory / f".{language}"
        self._own.mkdir()
        self._blocks = 0
        self._errors = (self._own / "errors").open("w+b")
        self._process = subprocess.Popen(
            self._command(), cwd=directory, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, start_new_session=True,
        )  # fmt: skip

    def run(self, text: str, user_token: str, seconds: float = 60.0) -> str:
        """What the block has printed. Raises `BlockFailed`."""
        self._blocks += 1
        suffix = {"bash": "sh", "python": "py", "javascript": "mjs"}[self.language]
        path = self._own / f"block{self._blocks}.{suffix}"
        path.write_text(self._preamble(text, user_token) + text)
        began = self._errors.seek(0, os.SEEK_END)
        assert self._process.stdin is not None
        self._process.stdin.write(f"{path}\n".encode())
        self._process.stdin.flush()
        try:
            return self._read(seconds)
        except BlockFailed as failure:
            self._errors.seek(began)
            said = self._errors.read().decode(errors="replace")
            raise BlockFailed(f"{failure}\n{said}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A shell ends with its input, and does what it was told to do at its end.
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        # What a block left in the background goes as well.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def _command(self) -> list[str]:
        match self.language:
            case "bash":
                return ["bash", "--noprofile", "--norc", "-c", _BASH]
            case "python":
                return [sys.executable, "-W", "error", "-c", _PYTHON]
            case "javascript":
                loop = self._own / "loop.mjs"
                loop.write_text(_JAVASCRIPT)
                return ["node", str(loop)]
        raise ValueError(self.language)

    def _preamble(self, text: str, user_token: str) -> str:
        """On one line, the token and, where a block takes `client` for granted, as pages say, the client."""
        token = json.dumps(user_token)
        match self.language:
            case "bash":
                # What a page exports by itself stays: only another user is another token.
                return f"export S9S_API_TOKEN={token}; " if self._is_another(user_token) else ""
            case "python":
                made = (
                    "" if "S9SClient(" in text else "from s9s_client import S9SClient; client = S9SClient(); "
                )
                return f"import os; os.environ['S9S_API_TOKEN'] = {token}; {made}\n"
            case _:
                made = (
                    "" if "new S9SClient(" in text
                    else "import { S9SClient } from '@s9s/client'; const client = new S9SClient(); "
                )  # fmt: skip
                return f"process.env.S9S_API_TOKEN = {token}; {made}\n"

    _last_token = ""

    def _is_another(self, token: str) -> bool:
        before, self._last_token = self._last_token, token
        return token != before

    def _read(self, seconds: float) -> str:
        assert self._process.stdout is not None
        deadline = time.monotonic() + seconds
        said = b""
        mark = f"\n{_END}\n".encode()
        while not said.endswith(mark):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise BlockFailed(f"not done after {seconds:g} s:\n{said.decode(errors='replace')}")
            piece = os.read(self._process.stdout.fileno(), 65536)
            if not piece:
                raise BlockFailed(f"status {self._process.wait(10)}:\n{said.decode(errors='replace')}")
            said += piece
        return said.removesuffix(mark).decode()
