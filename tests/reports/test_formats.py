"""Files of reports, read again by programs that know nothing of how they were made."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.reports import Report, ReportFormat, ReportType
from s9s.formats.reports import render
from s9s.formats.reports.csv import safe
from s9s.formats.reports.view import clean, cut
from tests.reports.made_up import HOSTILE, made_up

TYPES = list(ReportType)


def _pdf(report: Report) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(render(report, ReportFormat.PDF)))


def _fonts(reader: pypdf.PdfReader) -> dict[str, bool]:
    """Every font, and whether it is embedded."""
    found = {}
    for page in reader.pages:
        resources: Any = page["/Resources"]
        for one in resources.get("/Font", {}).values():
            font = one.get_object()
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            descriptor = inner["/FontDescriptor"].get_object()
            found[font["/BaseFont"]] = any(key in descriptor for key in ("/FontFile2", "/FontFile3"))
    return found


@pytest.mark.parametrize("kind", TYPES)
def test_a_pdf_is_tagged_has_its_fonts_and_counts_its_pages(kind: ReportType) -> None:
    report = made_up(kind)
    reader = _pdf(report)
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog
    assert catalog["/Lang"] == "en"
    assert "pdfuaid" in catalog["/Metadata"].get_object().get_data().decode()
    assert reader.metadata is not None
    assert reader.metadata.title == f"{report.title}, November 2026"
    fonts = _fonts(reader)
    assert fonts
    assert all(fonts.values()), fonts
    assert any("SourceSans3" in name for name in fonts)
    pages = [page.extract_text() for page in reader.pages]
    for number, text in enumerate(pages, 1):
        assert f"{number} of {len(pages)}" in text
    title_page = " ".join(pages[0].split())
    assert f"{report.title} report" in title_page
    for line in report.summary:
        assert " ".join(line.split()) in title_page
    everything = " ".join(" ".join(pages).split())
    for table in report.tables:
        assert table.title in everything
        for row in table.rows[: table.shown]:
            assert str(row[0]) in everything


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("form", ReportFormat)
def test_an_idle_period_gives_an_honest_report(kind: ReportType, form: ReportFormat) -> None:
    report = made_up(kind, load=0)
    assert report.summary
    assert render(report, form)


@pytest.mark.parametrize("form", [ReportFormat.PDF, ReportFormat.HTML])
def test_charts_can_be_left_out(form: ReportFormat) -> None:
    with_charts, without = (made_up(ReportType.USAGE, include_charts=one) for one in (True, False))
    assert not any(section.charts for section in without.sections)
    assert without.tables == with_charts.tables
    raw = render(without, form)
    assert b"<svg" not in raw
    assert len(raw) < len(render(with_charts, form))


@pytest.mark.parametrize("kind", TYPES)
def test_hostile_names_are_only_names_in_a_pdf(kind: ReportType) -> None:
    reader = _pdf(made_up(kind, hostile=True, users=12, partitions=12))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    if kind is not ReportType.UTILIZATION:
        assert "<script>alert(1)</script>" in text
    assert '#panic("x") $x^2$ *b* @ref' in text
    assert "\u202e" not in text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("hostile", [False, True])
def test_a_page_refers_to_nothing_outside_itself(kind: ReportType, hostile: bool) -> None:
    raw = render(made_up(kind, hostile=hostile, users=12, partitions=12), ReportFormat.HTML).decode()
    page = _Page()
    page.feed(raw)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "img", "image", "a", "form", "base"}
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            if name in ("href", "src", "xlink:href", "srcset", "action", "data"):
                assert (value or "").startswith("#"), (tag, name, value)
            assert not name.startswith("on"), (tag, name)
            if value and not name.startswith("xmlns") and name != "aria-label":
                assert "://" not in value, (tag, name, value)
    assert not re.search(r"url\((?!#)", raw)
    assert "@import" not in raw
    identifiers = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    assert len(identifiers) == len(set(identifiers))
    if hostile and kind is ReportType.USAGE:
        assert "<script>alert(1)</script>" in page.text


def test_every_chart_is_described_to_those_who_cannot_see_it() -> None:
    report = made_up(ReportType.EFFICIENCY)
    page = _Page()
    page.feed(render(report, ReportFormat.HTML).decode())
    labels = [attributes["aria-label"] for tag, attributes in page.tags if tag == "svg"]
    charts = [chart for section in report.sections for chart in section.charts]
    assert labels == [f"{chart.title}. {chart.description}" for chart in charts]


@pytest.mark.parametrize("kind", TYPES)
def test_csv_holds_every_table_and_no_formula(kind: ReportType) -> None:
    report = made_up(kind, hostile=True, users=100, partitions=12)
    raw = render(report, ReportFormat.CSV)
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["report", report.title]
    for table in report.tables:
        start = rows.index([column.key for column in table.columns])
        assert rows[start - 1] == [table.title]
        for told, row in zip(rows[start + 1 :], table.rows, strict=False):
            for cell, value in zip(told, row, strict=True):
                if isinstance(value, float):
                    assert float(cell) == pytest.approx(value, abs=1e-4)
                elif isinstance(value, str):
                    assert cell.removeprefix("'") == value
                else:
                    assert cell == ("" if value is None else str(value))
    for row in rows:
        for cell in row:
            assert not cell.startswith(("=", "@", "\t")), cell
            if cell.startswith(("+", "-")):
                float(cell)


def test_a_workbook_has_a_sheet_for_each_table_with_numbers_and_no_formula() -> None:
    report = made_up(ReportType.USAGE, hostile=True, users=20, partitions=12)
    with zipfile.ZipFile(io.BytesIO(render(report, ReportFormat.XLSX))) as book:
        workbook = ElementTree.fromstring(book.read("xl/workbook.xml"))
        space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
        names = [sheet.attrib["name"] for sheet in workbook.iterfind(".//m:sheet", space)]
        assert names == ["Summary", *(table.title for table in report.tables)]
        for number, table in enumerate(report.tables, 2):
            sheet = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            assert sheet.find(".//m:f", space) is None
            assert sheet.find(".//m:hyperlink", space) is None
            cells = {cell.attrib["r"]: cell for cell in sheet.iterfind(".//m:c", space)}
            assert cells["A2"].attrib["t"] == "s"
            assert "t" not in cells["B2"].attrib
            value = cells["B2"].findtext("m:v", namespaces=space)
            assert float(value or "nan") == table.rows[0][1]


def test_json_is_the_model() -> None:
    report = made_up(ReportType.QUEUE)
    document = json.loads(render(report, ReportFormat.JSON))
    assert document["type"] == "queue"
    assert document["period"]["start_date"] == "2026-11-01"
    assert document["period"]["start_time"] == "2026-10-31T23:00:00Z"
    tables = [table for section in document["sections"] for table in section["tables"]]
    for told, table in zip(tables, report.tables, strict=True):
        assert told["key"] == table.key
        assert [tuple(row.values()) for row in told["rows"]] == list(table.rows)


@given(st.text())
def test_shown_texts_are_one_line_of_characters(text: str) -> None:
    told = clean(text)
    assert all(one.isprintable() or one in "\u200c\u200d" for one in told)
    assert len(cut(text, 20)) <= 20


@given(st.one_of(st.text(), st.sampled_from(HOSTILE), st.integers(), st.floats()))
def test_no_text_cell_is_a_formula(value: str | int | float) -> None:
    told = safe(value)
    assert not isinstance(told, str) or not told.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert not isinstance(value, int | float) or told is value
