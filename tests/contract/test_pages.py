"""`/docs` and `/redoc`: at the root, for anybody, and without the internet."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.contract.serving import Server

PAGES = ("/docs", "/redoc")


class References(HTMLParser):
    """What a page loads, and the scripts that stand in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline: list[str] = []
        self._in_script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._in_script = tag == "script"
        for name in ("src", "href", "srcset", "data", "poster"):
            if tag != "a" and values.get(name):
                self.loaded.append(str(values[name]))

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.inline.append(data)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_nothing_from_outside(server: Server, path: str) -> None:
    with server.caller(None) as nobody:
        response = nobody.get(path)
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("text/html")
        references = References(response.text)
        assert references.loaded
        for address in references.loaded:
            assert not re.match(r"(?i)\w+:|//", address), address
            loaded = nobody.get(address)
            assert loaded.status_code == 200, address
            assert loaded.content, address
            assert int(loaded.headers["Content-Length"]) == len(loaded.content)
        assert not re.search(r"https?://", "".join(references.inline))


@pytest.mark.parametrize("path", PAGES)
def test_a_browser_is_told_to_load_nothing_from_outside(server: Server, path: str) -> None:
    with server.caller(None) as nobody:
        policy = nobody.get(path).headers["Content-Security-Policy"]
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";") if " " in part.strip())
    assert "default-src" in allowed
    for sources in allowed.values():
        for source in sources.split():
            assert source.startswith("'") or source in ("data:", "blob:"), policy


@pytest.mark.parametrize("path", PAGES)
def test_style_sheets_load_nothing_from_outside(server: Server, path: str) -> None:
    with server.caller(None) as nobody:
        for address in References(nobody.get(path).text).loaded:
            if address.endswith(".css"):
                text = nobody.get(address).text
                assert not re.search(r"@import|url\((?!['\"]?(data:|#))", text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_this_servers_document(server: Server, path: str) -> None:
    with server.caller(None) as nobody:
        page = nobody.get(path).text
        scripts = "".join(
            nobody.get(address).text for address in References(page).loaded if address.endswith(".js")
        )
    assert "/v1/openapi.json" in page + scripts


@pytest.mark.parametrize(
    "path", ["/docs/../../etc/passwd", "/docs/%2e%2e/%2e%2e/etc/passwd", "/docs/nosuch.js"]
)
def test_nothing_else_is_served_beside_them(server: Server, path: str) -> None:
    with server.caller(None) as nobody:
        assert nobody.get(path).status_code == 404
