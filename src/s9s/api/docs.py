"""Pages from assets in the package, documentation and live channels: no browser has to reach the internet."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from litestar import Response, get
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

_ASSETS: Final = files("s9s.api") / "assets"

#: Swagger UI and ReDoc set inline styles; ReDoc searches in a worker made from a blob.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

_SWAGGER: Final = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>S9S API</title>
  <link rel="icon" href="/docs/assets/favicon-32x32.png">
  <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/assets/swagger-ui-bundle.js"></script>
  <script src="/docs/assets/start.js"></script>
</body>
</html>
"""

_REDOC: Final = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>S9S API reference</title>
  <link rel="icon" href="/docs/assets/favicon-32x32.png">
  <style>body { margin: 0; }</style>
</head>
<body>
  <redoc spec-url="/v1/openapi.json"></redoc>
  <script src="/docs/assets/redoc.standalone.js"></script>
</body>
</html>
"""


#: The page of the live channels has no inline styles and asks nobody but this server.
_STRICT: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_LIVE: Final = files("s9s.api") / "live_page"


def _page(html: str) -> Response[str]:
    return Response(html, media_type="text/html; charset=utf-8", headers={"content-security-policy": _POLICY})


@get("/docs", exclude_from_auth=True, sync_to_thread=False)
def swagger_ui() -> Response[str]:
    """Swagger UI."""
    return _page(_SWAGGER)


@get("/redoc", exclude_from_auth=True, sync_to_thread=False)
def redoc() -> Response[str]:
    """ReDoc."""
    return _page(_REDOC)


@get("/live", exclude_from_auth=True, sync_to_thread=False)
def live_page() -> Response[str]:
    """The channels at work."""
    return Response(
        (_LIVE / "index.html").read_text(encoding="utf-8"),
        media_type="text/html; charset=utf-8",
        headers={"content-security-policy": _STRICT},
    )


live_assets = create_static_files_router(
    path="/live/assets", directories=[str(_LIVE)], opt={"exclude_from_auth": True}, include_in_schema=False
)

assets = create_static_files_router(
    path="/docs/assets", directories=[str(_ASSETS)], opt={"exclude_from_auth": True}, include_in_schema=False
)

ROUTES: Final[list[ControllerRouterHandler]] = [swagger_ui, redoc, live_page, assets, live_assets]
