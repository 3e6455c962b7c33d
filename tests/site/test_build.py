"""`make docs` makes a site without a warning, and no block of it escapes being run."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.site.blocks import DOCS, ROOT, blocks, pages

#: Pages that show what stands in another file, and how many blocks of it they show.
INCLUDES = re.compile(r"```\{(literalinclude|include)\} (\S+)")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    directory = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "scripts.docs.site", str(directory)],
        cwd=ROOT, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


class Page(HTMLParser):
    """What a page loads, and how many blocks it shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.blocks = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"script", "img", "iframe", "source"} and given.get("src"):
            self.loads.append(given["src"] or "")
        if tag == "link" and given.get("rel") in {"stylesheet", "preload", "icon", "preconnect"}:
            self.loads.append(given["href"] or "")
        self.blocks += tag == "pre"


def test_every_page_is_there(site: Path) -> None:
    for page in pages():
        if DOCS in page.parents:
            made = site / page.relative_to(DOCS).with_suffix(".html")
            # The generator has pages of its own, and one of the same name would be gone.
            assert page.stem not in {"search", "genindex"}
            assert made.is_file()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for address in Page(page.read_text()).loads:
            assert not re.match(r"(https?:)?//", address), f"{page.relative_to(site)} loads {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import [\"'](https?:)?//", style.read_text()), style


def test_every_block_that_is_shown_is_one_that_is_run(site: Path) -> None:
    for page in (one for one in pages() if DOCS in one.parents):
        expected = len(blocks(page))
        for kind, name in INCLUDES.findall(page.read_text()):
            included = (page.parent / name).resolve()
            assert included.is_file()
            expected += 1 if kind == "literalinclude" else len(blocks(included))
        shown = Page((site / page.relative_to(DOCS).with_suffix(".html")).read_text()).blocks
        assert shown == expected, page.relative_to(ROOT)
