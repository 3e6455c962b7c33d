"""The vendored scripts of the documentation pages."""

import re
from pathlib import Path

import pytest

ASSETS = Path(__file__).parents[2] / "src/s9s/api/assets"


@pytest.mark.parametrize("name", ["swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js"])
def test_nothing_is_fetched_from_elsewhere(name: str) -> None:
    text = (ASSETS / name).read_text()
    assert len(text) > 100_000
    for address in (
        "cdn.redoc.ly",
        "validator.swagger.io",
        "fonts.googleapis.com",
        "unpkg.com",
        "jsdelivr.net",
    ):
        assert address not in text
    assert not re.search(r"(url\(|@import )[\"']?https?:", text)
    assert not re.search(r"sourceMappingURL=[\w.-]+\.map", text)


@pytest.mark.parametrize("licence", ["swagger-ui.LICENSE.txt", "redoc.LICENSE.txt"])
def test_its_licence_lies_beside_it(licence: str) -> None:
    assert "LICENSE" in (text := (ASSETS / licence).read_text()).upper()
    assert "Copyright" in text
