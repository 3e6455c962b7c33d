"""A report as a file: one model, several formats."""

from __future__ import annotations

from s9s.domain.reports import Report, ReportFormat

#: By format.
MEDIA_TYPES = {
    ReportFormat.PDF: "application/pdf",
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ReportFormat.JSON: "application/json",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class MissingPackage(Exception):
    """A format needs a package that is not installed; ``str()`` says which."""


def render(report: Report, form: ReportFormat) -> bytes:
    """The whole file. Computes for up to a few seconds. Raises `MissingPackage`."""
    # Each is imported only when it is asked for: some are large.
    match form:
        case ReportFormat.PDF:
            from s9s.formats.reports.pdf import render_pdf

            return render_pdf(report)
        case ReportFormat.HTML:
            from s9s.formats.reports.html import render_html

            return render_html(report)
        case ReportFormat.CSV:
            from s9s.formats.reports.csv import render_csv

            return render_csv(report)
        case ReportFormat.XLSX:
            from s9s.formats.reports.xlsx import render_xlsx

            return render_xlsx(report)
        case ReportFormat.JSON:
            from s9s.formats.reports.json import render_json

            return render_json(report)
