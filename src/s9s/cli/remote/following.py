"""A job's output as it is written, over connections that may break."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final

from s9s.cli.remote.connection import Refused, Server, Unreachable

#: Before the next attempt, doubled with each failure in a row.
_PAUSE_SECONDS: Final = 0.5
_LONGEST_SECONDS: Final = 10.0
#: The server says something every 15 s; after so many seconds of silence the connection counts as broken.
_SILENCE_SECONDS: Final = 45.0


def followed(server: Server, path: str, lines: int | None) -> Iterator[str]:
    """What is written, until the job has ended; after a broken connection it goes on where it was.

    Raises `Refused` before the first answer, and afterwards when a new attempt would mend nothing.
    """
    place, failures, has_begun = "", 0, False
    parameters = {"follow": "true"} | ({} if lines is None else {"lines": str(lines)})
    while True:
        headers = {"accept": "text/event-stream"} | ({"last-event-id": place} if place else {})
        try:
            for fields in _frames(server.stream(path, parameters, headers, _SILENCE_SECONDS)):
                has_begun, failures = True, 0
                place = fields.get("id", place)
                data: dict[str, Any] = json.loads(fields["data"])["data"] if "data" in fields else {}
                if text := data.get("content"):
                    yield text
                if fields.get("event") == "end" and data.get("state"):
                    return
        except Refused as error:
            may_pass = isinstance(error, Unreachable) or error.retry_after is not None
            if not (has_begun and may_pass):
                raise
            failures += 1
            pause = min(_PAUSE_SECONDS * 2.0 ** (failures - 1), _LONGEST_SECONDS)
            time.sleep(max(pause, error.retry_after or 0.0))
        else:
            failures += 1
            time.sleep(min(_PAUSE_SECONDS * 2.0 ** (failures - 1), _LONGEST_SECONDS))


def _frames(pieces: Iterator[bytes]) -> Iterator[dict[str, str]]:
    """The fields of each event, and of each comment, that is complete."""
    rest, fields = b"", {}
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line:
                name, _, value = line.decode().partition(":")
                fields[name] = value.removeprefix(" ")
            else:
                yield fields
                fields = {}
