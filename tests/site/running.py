"""A page's blocks, run from the first to the last against a real server."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import yaml
from click.testing import CliRunner
from jsonschema import Draft7Validator
from openapi_schema_validator import OAS30Validator

from s9s.api.asyncapi import AsyncDocument
from s9s.api.openapi import Document as OpenAPI
from s9s.cli import cli
from s9s.config import BadConfiguration, load_settings
from tests.contract.serving import Server
from tests.site.blocks import DOCS, ROOT, Block
from tests.site.golang import GoPrograms
from tests.site.sessions import BlockFailed, Session

#: Languages that are run.
RUN = {"sh": "bash", "bash": "bash", "python": "python", "javascript": "javascript", "go": "go"}
#: What a block that is wrong raises.
FAILURES = (BlockFailed, AssertionError, ValueError, BadConfiguration, yaml.YAMLError)
#: What stands for the server's address.
ADDRESSES = ("http://127.0.0.1:8080", "https://api.example.com")
#: Languages that are looked at.
CHECKED = {"toml", "json", "yaml", "text", "ini", "nginx", "http"}


class PageRun:
    """A page and the directory that its reader works in.

    Args:
        server: Whom the blocks speak to.
        directory: An empty one.
        programs: The compiled Go blocks; None where there is no Go, and they are only formatted text.
        package: The built JavaScript client; None where there is no Node.
        tools: Directories with the programs that the page needs.
    """

    def __init__(
        self,
        server: Server,
        directory: Path,
        programs: GoPrograms | None,
        package: Path | None,
        tools: Sequence[Path] = (),
    ) -> None:
        self._server = server
        self._directory = directory
        self._programs = programs
        self._package = package
        self._sessions: dict[str, Session] = {}
        self._stack = ExitStack()
        self._finished: dict[str, str] = {}
        self._said = ""
        self.seconds = 150.0
        # Nor what `make` was told for the tests: a block may be `make run`.
        hidden = ("S9S_", "SLURM", "MAKE", "MFLAGS")
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(hidden) and key != "ARGS"
        }
        self._environment = kept | {
            "HOME": str(directory),
            "PATH": ":".join([*map(str, tools), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "S9S_SOURCE": str(ROOT),
            "PYTHONPATH": str(ROOT / "sdk/python/src"),
            "S9S_API_URL": server.base_url,
            "S9S_API_TOKEN": server.token("alice"),
            "S9S_STATE_DIR": str(server.state_dir),
            "S9S_CLUSTER": "simulated",
            "TERM": "dumb",
        }
        # An answer that is an error is a block that failed.
        (directory / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
        if package is not None:
            (directory / "node_modules/@s9s").mkdir(parents=True)
            os.symlink(package, directory / "node_modules/@s9s/client")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, block: Block) -> None:
        """Run or check the next block. Raises `BlockFailed`, or what a check raises."""
        if block.not_run is not None:
            self._said = ""
        elif block.file is not None:
            path = self._directory / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            text = self._at_home(block.text)
            # A file that is looked at as well is looked at as it is written.
            path.write_text(text)
            if block.language in CHECKED:
                getattr(self, f"_check_{block.language}")(block)
        elif block.language in RUN:
            self._said = self._execute(block) if block.until is None else self._interrupt(block, block.until)
        elif block.language in CHECKED:
            getattr(self, f"_check_{block.language}")(block)
        else:
            raise BlockFailed(
                f"{block.name}: nobody knows how {block.language or 'nothing'} is run or checked"
            )

    def _execute(self, block: Block) -> str:
        language = RUN[block.language]
        token = self._server.token(block.user)
        words = self._words(block, token)
        if language == "go":
            if self._programs is None:
                return ""
            environment = self._environment | {"S9S_API_TOKEN": token}
            return self._programs.run(block, words, self._directory, environment)
        if language == "javascript" and self._package is None:
            return ""
        text = self._at_home(block.text)
        for word, value in words.items():
            text = re.sub(rf"\b{re.escape(word)}\b", lambda _, value=value: value, text)
        if block.fails:
            text = f"( set -e\n{text}) && exit 1\ntrue"
        return self._session(language).run(text, token, self.seconds)

    def _at_home(self, text: str) -> str:
        """The text with this server in place of the one that pages speak of."""
        for address in ADDRESSES:
            text = text.replace(address, self._server.base_url)
        return text.replace(ADDRESSES[0].partition("//")[2], self._server.base_url.partition("//")[2])

    def _words(self, block: Block, token: str) -> dict[str, str]:
        """What stands for what in this block; made anew for each, so that one may cancel what another did."""
        return {
            word: self._given(command, block.user, token)
            for word, command in block.givens.items()
            if re.search(rf"\b{re.escape(word)}\b", block.text)
        }

    def _given(self, command: str, user: str, token: str) -> str:
        verb, _, line = command.partition(" ")
        if verb == "port":
            if command not in self._finished:
                with socket.create_server(("127.0.0.1", 0)) as free:
                    self._finished[command] = str(free.getsockname()[1])
            return self._finished[command]
        if verb not in ("submit", "running", "finished"):
            return self._command(command, token)
        if command not in self._finished:
            caller = self._server.as_user(user)
            made = caller.post("/v1/jobs", json={"script": f"#!/bin/sh\n{line}\n"})
            assert made.status_code == 201, made.text
            job_id: str = made.json()["job_id"]
            if verb == "running":
                caller.reach(job_id, "RUNNING")
            if verb != "finished":
                return job_id
            # Nobody can change it any more, so that one does for all blocks.
            caller.reach(job_id, "COMPLETED")
            self._finished[command] = job_id
        return self._finished[command]

    def _command(self, command: str, token: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command], cwd=self._directory, capture_output=True, text=True,
            env=self._environment | {"S9S_API_TOKEN": token}, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise BlockFailed(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def _session(self, language: str) -> Session:
        if language not in self._sessions:
            session = Session(language, self._directory, self._environment)
            self._sessions[language] = self._stack.enter_context(session)
        return self._sessions[language]

    def _interrupt(self, block: Block, until: str) -> str:
        """Start what goes on for ever, see that it says what it should, and end it."""
        with tempfile.TemporaryDirectory(prefix="s9s-site-") as state, tempfile.TemporaryFile("w+") as said:
            # A server has a place of its own: `make run` takes the first two, `s9s serve` the others.
            serves = {"PORT": "0", "CLUSTER": "simulated", "S9S_PORT": "0", "S9S_STATE_DIR": state}
            process = subprocess.Popen(
                ["bash", "-euc", block.text], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                env=self._environment | serves | {"S9S_API_TOKEN": self._server.token(block.user)},
                start_new_session=True,
            )  # fmt: skip
            deadline = time.monotonic() + 120
            try:
                while not re.search(until, text := _all_of(said)):
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise BlockFailed(f"it never said {until!r}, but\n{text}")
                    time.sleep(0.1)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                process.wait(20)
        return text

    def _check_toml(self, block: Block) -> None:
        """It is a configuration that the server takes."""
        file = self._directory / "s9s.toml"
        file.write_text(block.text)
        load_settings(file)

    def _check_json(self, block: Block) -> None:
        """It has the fields and types of the answer that was just printed, or of a schema."""
        shown = _documents(block.text)
        assert shown, "this is no JSON"
        if block.schema is not None:
            for one in shown:
                check_schema(one, block.schema)
            return
        said = _documents(self._said)
        if not said:
            raise BlockFailed(f"{block.name}: nothing was printed that this could be, and it names no schema")
        for one in shown:
            check_any_shape(one, said)

    def _check_text(self, block: Block) -> None:
        """It is what was just printed, `...` being anything; or the usage of a command."""
        if block.text.startswith("s9s ") and block.page == DOCS / "commands.md":
            check_usage(block.text)
            return
        pattern = re.escape(block.text.strip()).replace(re.escape("..."), ".*?")
        # Columns are as wide as what stands in them.
        pattern = re.sub(r"(\\ )+", r"\\s+", pattern)
        if not re.fullmatch(pattern, self._said.strip(), re.DOTALL):
            raise BlockFailed(f"{block.name}: was printed:\n{self._said}")

    def _check_http(self, block: Block) -> None:
        """Its header fields are in the answer that was just printed (`curl -i`)."""
        printed = {line.partition(":")[0].lower() for line in self._said.splitlines()}
        for line in block.text.splitlines():
            if line.partition(":")[0].lower() not in printed:
                raise BlockFailed(f"{block.name}: {line} is not in\n{self._said}")

    def _check_yaml(self, block: Block) -> None:
        """It can be read; the steps of a pipeline are run as its runner would, each in a shell of its own."""
        content = yaml.safe_load(block.text)
        assert isinstance(content, dict | list)
        if isinstance(content, dict):
            for steps in _pipeline(content):
                self._run_steps(steps)

    def _run_steps(self, steps: list[str]) -> None:
        kept = self._directory / "github-env"
        kept.write_text("")
        for step in steps:
            given = dict(line.split("=", 1) for line in kept.read_text().splitlines())
            numbers = {"CI_JOB_ID": "4711", "GITHUB_RUN_ID": "4711", "GITHUB_ENV": str(kept)}
            done = subprocess.run(
                ["bash", "-eo", "pipefail", "-c", step], cwd=self._directory, capture_output=True, text=True,
                env=self._environment | numbers | given, timeout=60,
            )  # fmt: skip
            if done.returncode:
                raise BlockFailed(f"{step}: {done.stdout}{done.stderr}")


def _pipeline(content: dict[str, Any]) -> list[list[str]]:
    """The steps of each job of a pipeline: GitLab's are one shell, GitHub's a shell each."""
    gitlab = [job["script"] for job in content.values() if isinstance(job, dict) and "script" in job]
    github = (
        [job["steps"] for job in content["jobs"].values()] if isinstance(content.get("jobs"), dict) else []
    )
    return [["\n".join(script)] for script in gitlab] + [
        [step["run"] for step in steps if "run" in step and "if" not in step] for steps in github
    ]


def _all_of(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _documents(text: str) -> list[Any]:
    """JSON documents that stand behind one another, whatever else is printed between them."""
    found, decoder, at = [], json.JSONDecoder(), 0
    while start := re.compile(r"^[ \t]*(?=[{\[])|(?<=[}\]])(?=[{\[])", re.MULTILINE).search(text, at):
        try:
            document, at = decoder.raw_decode(text, start.end())
        except ValueError:
            at = start.end() + 1
        else:
            found.append(document)
    return found


def check_usage(text: str) -> None:
    """The words are a command's, as its help says them."""
    words = shlex.split(text.replace("[", "'[").replace("]", "]'"))[1:]
    path = [word for word in words if re.fullmatch("[a-z-]+", word)]
    shown = CliRunner().invoke(cli, [*path, "--help"], prog_name="s9s", terminal_width=1000).output
    usage = shown.partition("Usage: ")[2].partition("\n\n")[0]
    if " ".join(usage.split()) != text.strip():
        raise BlockFailed(f"{text.strip()!r} is not {usage!r}")


def check_any_shape(shown: Any, said: list[Any], where: str = "answer") -> None:
    """What is shown is like one of those that were printed."""
    failures = []
    for real in said:
        try:
            return check_shape(shown, real, where)
        except BlockFailed as failure:
            failures.append(str(failure))
    raise BlockFailed(f"{shown!r:.300} is like nothing that was printed: {failures}")


def check_shape(shown: Any, real: Any, where: str) -> None:
    """What is shown is there, and of the same kind. A null says nothing of its kind."""
    if shown is None or real is None:
        return
    if isinstance(shown, bool | str) or isinstance(real, bool | str):
        matches = type(shown) is type(real)
    elif isinstance(shown, int | float):
        matches = isinstance(real, int | float)
    else:
        matches = type(shown) is type(real)
    if not matches:
        raise BlockFailed(f"{where} is {real!r:.200} and not like {shown!r:.200}")
    if isinstance(shown, dict):
        for key in shown:
            if key not in real:
                raise BlockFailed(f"{where} has no {key}, but {sorted(real)}")
            check_shape(shown[key], real[key], f"{where}.{key}")
    elif isinstance(shown, list) and shown and real:
        for one in shown:
            check_any_shape(one, real, f"{where}[]")


def check_schema(shown: Any, name: str) -> None:
    """It is valid by a schema of the OpenAPI document or, for messages, of the AsyncAPI document."""
    for document, validator in (
        (_document("openapi"), OAS30Validator),
        (_document("asyncapi"), Draft7Validator),
    ):
        if name in document["components"]["schemas"]:
            schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            errors = [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(shown)]
            if errors:
                raise BlockFailed(f"no {name}: {errors}")
            return
    raise BlockFailed(f"there is no schema {name}")


@cache
def _document(name: str) -> Any:
    return json.loads((OpenAPI() if name == "openapi" else AsyncDocument()).json)
