"""Addresses of resources as clients can use them from anywhere."""

from __future__ import annotations

from typing import Any

from litestar import Request


def absolute(request: Request[Any, Any, Any], path: str) -> str:
    """The whole address of a path: under the server's public name, else as the client called the server."""
    public: str | None = request.app.state.public_url
    base = public or f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}"
    return base.rstrip("/") + path
