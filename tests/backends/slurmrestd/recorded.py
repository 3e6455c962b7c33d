"""The recordings of real slurmrestds, and one that plays them back."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from s9s.backends.slurmrestd import RestBackend
from s9s.backends.slurmrestd.answers import Response

FOLDER = Path(__file__).parents[2] / "recordings"
ALL = sorted(f"{folder.parent.name}/{folder.name}" for folder in FOLDER.glob("*/v*"))
"""Every Slurm with every parser version: a new recording is new coverage."""
NATIVE = ["22.05/v0.0.38", "24.11/v0.0.42", "26.05/v0.0.45"]
"""Each Slurm with the version that is spoken with it; the only ones with writes and outages."""

Handler = Callable[[httpx2.Request], Any]


def recording(where: str, name: str) -> tuple[int, bytes]:
    """HTTP status and body of one recorded answer."""
    (path,) = (FOLDER / where).glob(f"{name}.[0-9]*")
    return int(path.suffixes[-2][1:]), path.read_bytes()


def body(where: str, name: str) -> bytes:
    return recording(where, name)[1]


class Played:
    """`wire.Network` whose answers a function gives, at once or when it is awaited."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def exchange(self, request: bytes, timeout: float) -> Response:
        head, _, content = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        given = self._handler(
            httpx2.Request(method, f"http://slurmrestd{target}", headers=headers, content=content)
        )
        answered = await given if inspect.isawaitable(given) else given
        return Response(answered.status_code, answered.content)

    async def close(self) -> None:
        pass


class Tokens:
    """Makes a token of any name, and counts how often one was refused."""

    def __init__(self) -> None:
        self.refused: list[str | None] = []

    @property
    def acts_as(self) -> str:
        return "anyone"

    def can_act_as(self, user: str) -> bool:
        return True

    def forget(self, user: str | None) -> None:
        self.refused.append(user)

    async def headers(self, user: str | None) -> dict[str, str]:
        return {"X-SLURM-USER-NAME": user or "root", "X-SLURM-USER-TOKEN": "token"}


class Slurmrestd:
    """Answers with recordings, offers one parser version, and remembers what it was asked.

    Args:
        where: ``24.11/v0.0.42``.
        answers: Recordings by method and path after the version, ``("GET", "jobs")``; several in a row are
            given one after another, the last for ever. A function answers for itself.
    """

    def __init__(self, where: str, answers: dict[tuple[str, str], Any] | None = None) -> None:
        self.where = where
        self.version = where.partition("/")[2]
        self.answers: dict[tuple[str, str], Any] = {("GET", "slurm/ping"): "ping"} | (answers or {})
        self.requests: list[httpx2.Request] = []

    def asked(self, method: str, path: str) -> list[httpx2.Request]:
        """The requests for one path after the version."""
        return [
            request for request in self.requests if (request.method, self._path(request)) == (method, path)
        ]

    def sent(self, method: str, path: str) -> dict[str, Any]:
        """The body of the one request for a path."""
        (request,) = self.asked(method, path)
        return dict(json.loads(request.content))

    def _path(self, request: httpx2.Request) -> str:
        plugin, _, rest = request.url.path.lstrip("/").partition(f"/{self.version}/")
        return f"{plugin}/{rest}"

    def backend(self) -> RestBackend:
        return RestBackend(
            url="http://slurmrestd",
            tokens=Tokens(),
            home=lambda user: f"/home/{user}",
            network=Played(self.answer),
        )

    def answer(self, request: httpx2.Request) -> Any:
        self.requests.append(request)
        if f"/{self.version}/" not in request.url.path:
            return httpx2.Response(
                404, text="Unable find requested URL. Please view /openapi/v3 for API reference."
            )
        given = self.answers[request.method, self._path(request)]
        if isinstance(given, list):
            given = given.pop(0) if len(given) > 1 else given[0]
        if callable(given):
            return given(request)
        status, content = recording(self.where, given)
        return httpx2.Response(status, content=content)
