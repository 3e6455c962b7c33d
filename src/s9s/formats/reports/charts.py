"""Vega-Lite charts to SVG, all in one style that prints well in grey."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from s9s.domain.reports import Chart
from s9s.formats.reports import MissingPackage
from s9s.formats.reports.view import clean

FONTS: Final = Path(__file__).parent / "fonts"
FONT: Final = "Source Sans 3"
_INK, _SOFT, _GRID = "#222222", "#555555", "#e3e3e3"
_CONFIG: Final[dict[str, Any]] = {
    "font": FONT,
    "background": "transparent",
    "padding": {"left": 2, "right": 8, "top": 4, "bottom": 2},
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titleColor": _SOFT,
        "labelColor": _INK,
        "gridColor": _GRID,
        "domainColor": "#999999",
        "tickColor": "#999999",
        "titlePadding": 8,
    },
    "axisX": {"grid": False},
    "axisQuantitative": {"grid": True},
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "titleColor": _SOFT,
        "labelColor": _INK,
        "symbolStrokeWidth": 2,
        "symbolSize": 260,
        "offset": 6,
    },
}


def render_svg(chart: Chart) -> str:
    """An SVG image without outside references. Raises `MissingPackage`."""
    converter = _converter()
    spec = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", **chart.spec, "config": _CONFIG}
    # Nothing is fetched: all data is in the spec.
    svg: str = converter.vegalite_to_svg(json.dumps(_cleaned(spec)), allowed_base_urls=[])
    return svg


def _cleaned(value: Any) -> Any:
    """The spec without characters that XML cannot hold, or that turn their surroundings around."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {key: _cleaned(item) for key, item in value.items()}
        case list() | tuple():
            return [_cleaned(item) for item in value]
        case _:
            return value


@cache
def _converter() -> Any:
    try:
        import vl_convert
    except ImportError:
        raise MissingPackage("charts need the package s9s[reports]") from None
    vl_convert.register_font_directory(str(FONTS))
    return vl_convert
