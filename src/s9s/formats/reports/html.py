"""A report as one HTML file that refers to nothing outside itself, and prints well."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, Template
from markupsafe import Markup, escape

from s9s.domain.reports import Chart, Report
from s9s.formats.reports.charts import render_svg
from s9s.formats.reports.view import clean, view

_TEMPLATE: Final = Path(__file__).with_name("report.html.j2")
_ID: Final = re.compile(r"""(\bid="|url\(#|href="#)([^"')]+)""")


def render_html(report: Report) -> bytes:
    """The whole file. Raises `MissingPackage` for charts that cannot be drawn."""
    pictures = {chart.key: _inline(chart) for section in report.sections for chart in section.charts}
    return _template().render(**view(report), pictures=pictures).encode()


def _inline(chart: Chart) -> Markup:
    """The picture as part of a page: with a description, and ids that no other picture has."""
    svg = _ID.sub(rf"\g<1>{chart.key}-\g<2>", render_svg(chart))
    label = escape(clean(f"{chart.title}. {chart.description}"))
    # The renderer has escaped all texts in it: this is its own markup.
    return Markup(svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))  # noqa: S704


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=False, keep_trailing_newline=True)
    return environment.from_string(_TEMPLATE.read_text())
