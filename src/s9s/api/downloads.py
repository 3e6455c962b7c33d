"""Files as answers: whole or in ranges, with a name, an entity tag and a digest."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response
from litestar.response import Stream
from msgspec import Struct

from s9s.api.errors import envelope
from s9s.domain.errors import InvalidRequest

#: One range; of several the whole file is answered, as RFC 9110 allows.
_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(?:(\d{1,18})-(\d{1,18})?|-(\d{1,18}))\s*", re.ASCII)

Read = Callable[[int, int], Awaitable[AsyncIterator[bytes]]]


class File(Struct, frozen=True, kw_only=True):
    """What is to be downloaded."""

    name: str
    """Without what has no business in a file's name."""
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""


async def download(request: Request[Any, Any, Any], file: File, read: Read) -> Response[Any]:
    """The file, or the range of it that was asked for; 304 where the client has it, 416 where there is none.

    Args:
        request: With its conditions.
        file: What is sent.
        read: The bytes from here up to there (exclusive).
    """
    tag = f'"{file.sha256}"'
    digest = b64encode(bytes.fromhex(file.sha256)).decode()
    headers = {
        "etag": tag,
        "accept-ranges": "bytes",
        "repr-digest": f"sha-256=:{digest}:",
        "content-disposition": disposition(file.name),
        # Nothing of what a user has written runs in the name of this server.
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    }
    known = request.headers.get("if-none-match", "").split(",")
    if not {"*", tag, f"W/{tag}"}.isdisjoint(one.strip() for one in known):
        return Response(b"", status_code=304, headers=headers)
    start, end, status = 0, file.size, 200
    wanted = request.headers.get("range")
    if wanted is not None and request.headers.get("if-range", tag).strip() == tag:
        found = _range(wanted, file.size)
        if found is not None and found[0] >= found[1]:
            error = InvalidRequest(f"The file has {file.size} bytes", range=wanted, size=file.size)
            return Response(
                envelope(error, request.scope["state"].get("request_id", "")),
                status_code=416,
                headers={"content-range": f"bytes */{file.size}", "accept-ranges": "bytes"},
                media_type="application/json",
            )
        if found is not None:
            (start, end), status = found, 206
            headers["content-range"] = f"bytes {start}-{end - 1}/{file.size}"
    headers["content-length"] = str(end - start)
    if request.scope["state"].get("method") == "HEAD":
        return Response(b"", status_code=status, headers=headers, media_type=file.media_type)
    return Stream(await read(start, end), status_code=status, headers=headers, media_type=file.media_type)


def disposition(name: str) -> str:
    """``Content-Disposition`` of RFC 6266: the name in ASCII for old clients, and as it is for all others."""
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", name)
    if plain == name:
        return f'attachment; filename="{plain}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _range(text: str, size: int) -> tuple[int, int] | None:
    """Beginning and end (exclusive); empty where there is nothing; ``None`` for what counts as no range."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        return max(0, size - int(suffix)) if int(suffix) else size, size
    if last is not None and int(last) < int(first):
        return None
    return int(first), size if last is None else min(size, int(last) + 1)
