"""The web application: services in, ASGI out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware
from litestar.types import ASGIApp, Scope

from s9s.api import docs
from s9s.api.admission import Admission, LateAdmission
from s9s.api.asyncapi import AsyncDocument
from s9s.api.auditing import Auditing
from s9s.api.auth import Authentication, secret_in
from s9s.api.connections import locality_of
from s9s.api.context import Services, checks, dependencies
from s9s.api.errors import respond_error
from s9s.api.front import Front
from s9s.api.openapi import Document
from s9s.api.peers import Proxies
from s9s.api.routes import ROOT_ROUTES, V1_ROUTES
from s9s.api.scraping import Scrapers
from s9s.api.sockets import Sockets
from s9s.api.tally import RequestTally
from s9s.domain.errors import AuthenticationFailed, S9SError
from s9s.services.access import Caller
from s9s.services.identity.credentials import Credentials
from s9s.services.limits import RateLimits

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


def create_app(
    services: Services,
    credentials: Credentials,
    sockets: Sockets,
    *,
    proxies: Proxies,
    limits: RateLimits,
    tally: RequestTally | None = None,
    public_networks: Sequence[str] = (),
    lifespan: Lifespan | None = None,
    max_body_bytes: int = 8 * 1024 * 1024,
    public_url: str | None = None,
    allowed_origins: Sequence[str] = (),
    has_tls: bool = False,
) -> Front:
    """The application as uvicorn runs it.

    Args:
        services: The use cases.
        credentials: Who may come in.
        sockets: What answers WebSockets.
        proxies: Who is trusted to tell for whom a request is made.
        limits: How much callers may ask for.
        tally: Counts the requests.
        public_networks: From where the server's metrics can be read without a credential.
        lifespan: Entered before the first request and left after the last.
        max_body_bytes: Longer bodies are refused with 400.
        public_url: What clients call this server, for the OpenAPI document.
        allowed_origins: Web pages of other servers that browsers may let in (CORS).
        has_tls: Whether clients come by HTTPS.
    """
    auditing = Auditing(services.audit)
    shared: dict[str, Any] = {
        "dependencies": dependencies(services),
        "before_request": checks(auditing),
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
        middleware=[
            DefineMiddleware(
                Authentication,
                credentials=credentials,
                proxies=proxies,
                scrapers=Scrapers(public_networks, proxies),
            ),
            DefineMiddleware(Admission, limits=limits),
        ],
        cors_config=_cors(allowed_origins) if allowed_origins else None,
        exception_handlers={S9SError: respond_error, HTTPException: respond_error, Exception: respond_error},
        openapi_config=None,
        request_max_body_size=max_body_bytes,
        lifespan=[live],
        state=State(
            {"openapi": Document(public_url), "asyncapi": AsyncDocument(public_url), "public_url": public_url}
        ),
        logging_config=None,
    )

    def known(scope: Scope) -> Caller | None:
        with suppress(AuthenticationFailed):
            if (secret := secret_in(scope["headers"])) is not None:
                return credentials.cached(secret, proxies.address_of(scope), locality_of(scope))
        return None

    return Front(
        app,
        sockets,
        services.health.staleness_seconds,
        auditing,
        LateAdmission(limits, known),
        tally=tally,
        has_tls=has_tls,
    )


def _cors(allowed_origins: Sequence[str]) -> CORSConfig:
    """Credentials stand in headers that a page's own script sets: no cookies, and so none from elsewhere."""
    return CORSConfig(
        allow_origins=list(allowed_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "X-Request-ID",
            "Range", "If-Range", "If-None-Match", "Last-Event-ID",
        ],
        expose_headers=[
            "Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Repr-Digest",
            "Idempotent-Replayed", "Location", "Retry-After", "X-Request-ID", "X-S9S-Warning",
            "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Window",
        ],
        max_age=3600,
    )  # fmt: skip
