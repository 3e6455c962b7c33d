"""A report as a PDF: tagged (PDF/UA-1), with its fonts embedded."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from s9s.domain.reports import Report
from s9s.formats.reports import MissingPackage
from s9s.formats.reports.charts import FONTS, render_svg
from s9s.formats.reports.view import view

_TEMPLATE: Final = Path(__file__).with_name("report.typ")


def render_pdf(report: Report) -> bytes:
    """The whole file. Raises `MissingPackage`."""
    inputs = {"report": msgspec.json.encode(view(report)).decode()}
    for section in report.sections:
        for chart in section.charts:
            inputs[f"chart:{chart.key}"] = render_svg(chart)
    compiler, fonts = _typst()

    def typeset(*standards: str) -> bytes:
        # Nothing but fonts is within its reach.
        made: bytes = compiler.Compiler(root=str(FONTS), font_paths=fonts).compile(
            _TEMPLATE.read_bytes(),
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=list(standards),
            timestamp=report.generated_at,
        )
        return made

    try:
        return typeset("ua-1")
    except compiler.TypstError:
        # A name has a character that no font of this host shows, which PDF/UA forbids: it becomes a box.
        return typeset()


@cache
def _typst() -> tuple[Any, Any]:
    try:
        import typst
    except ImportError:
        raise MissingPackage("PDF needs the package s9s[reports]") from None
    # Fonts of the host only fill in for characters that our own have not got.
    return typst, typst.Fonts(include_system_fonts=True, font_paths=[str(FONTS)])
