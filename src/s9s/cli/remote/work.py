"""Work that a server does in the background, and that ends in a file: waited for, and fetched."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from s9s.cli.progress import Bar
from s9s.cli.remote.connection import Refused, Server

#: So long the server holds back an answer that has nothing new.
_WAIT_SECONDS: Final = 5


def fetched(
    server: Server, path: str, item: str, body: Mapping[str, Any], output: Path | None, bar: Bar
) -> dict[str, Any]:
    """Have a file made, wait for it, and write it to `output`, or to standard output.

    What is given up, by Ctrl-C too, is cancelled; the server's own copy is deleted afterwards.

    Args:
        server: Makes it.
        path: To ask for it: `/v1/export`.
        item: Where one of them is: `/v1/exports/{}`, with its id.
        body: What is asked for.
        output: The file; it is replaced once the new one is whole.
        bar: Shows how far it is.

    Returns:
        What the server says of it. Raises `Refused`.
    """
    made: dict[str, Any] = server.ask("POST", path, json=body, wait=_WAIT_SECONDS)
    where = item.format(next(value for name, value in made.items() if name.endswith("_id")))
    try:
        while made["status"] == "processing":
            bar.set(made.get("progress") or 0.0, made.get("record_count") or 0)
            made = server.ask("GET", where, wait=_WAIT_SECONDS)
        if made["status"] != "completed":
            why = f": {made['error']}" if made.get("error") else ""
            raise Refused(f"It is {made['status']}{why} ({server.headers.get('x-request-id')})")
        if output is None:
            for piece in server.stream(f"{where}/download", {}, {}):
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        else:
            server.save(f"{where}/download", output)
    finally:
        with contextlib.suppress(Refused):  # it would be deleted anyway, later
            server.ask("DELETE", where)
    return made
