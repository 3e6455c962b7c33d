"""The web application: services in, ASGI out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp

from s9s.api import docs
from s9s.api.auth import Authentication
from s9s.api.context import Services, check_request, dependencies
from s9s.api.errors import respond_error
from s9s.api.front import Front
from s9s.api.openapi import Document
from s9s.api.peers import Proxies
from s9s.api.routes import ROOT_ROUTES, V1_ROUTES
from s9s.domain.errors import S9SError
from s9s.services.credentials import Credentials

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def create_app(
    services: Services,
    credentials: Credentials,
    *,
    proxies: Proxies,
    lifespan: Lifespan | None = None,
    max_body_bytes: int = 8 * 1024 * 1024,
    public_url: str | None = None,
) -> Front:
    """The application as uvicorn runs it.

    Args:
        services: The use cases.
        credentials: Who may come in.
        proxies: Who is trusted to tell for whom a request is made.
        lifespan: Entered before the first request and left after the last.
        max_body_bytes: Longer bodies are refused with 400.
        public_url: What clients call this server, for the OpenAPI document.
    """
    shared: dict[str, Any] = {
        "dependencies": dependencies(services),
        "before_request": check_request,
    }

    @asynccontextmanager
    async def live(_: Litestar) -> AsyncIterator[None]:
        if lifespan is None:
            yield
        else:
            async with lifespan():
                yield

    app: ASGIApp = Litestar(
        [
            Router("/v1", route_handlers=V1_ROUTES, **shared),
            Router("/", route_handlers=[*ROOT_ROUTES, *docs.ROUTES], **shared),
        ],
        middleware=[DefineMiddleware(Authentication, credentials=credentials, proxies=proxies)],
        exception_handlers={S9SError: respond_error, HTTPException: respond_error, Exception: respond_error},
        openapi_config=None,
        request_max_body_size=max_body_bytes,
        lifespan=[live],
        state=State({"openapi": Document(public_url)}),
        logging_config=None,
    )
    return Front(app, services.health.staleness_seconds)
