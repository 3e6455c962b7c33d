"""Every format, read back by somebody else's reader."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s9s.domain.durations import UNLIMITED
from s9s.formats import FORMATS, Column, Kind, Options, open_writer
from s9s.formats.markdown import escaped
from s9s.formats.texts import clean
from s9s.formats.xlsx import XlsxWriter

COLUMNS = [
    Column("job_id", Kind.TEXT),
    Column("job_name", Kind.TEXT),
    Column("cpu_count", Kind.INTEGER),
    Column("load", Kind.NUMBER),
    Column("is_default", Kind.BOOLEAN),
    Column("end_time", Kind.INSTANT),
    Column("runtime", Kind.DURATION),
    Column("memory", Kind.MEMORY),
    Column("cpu_time_used", Kind.HOURS),
    Column("nodes", Kind.HOSTLIST),
    Column("flags", Kind.WORDS),
    Column("associations", Kind.OBJECT),
]
AT = 1702636245
ROWS: list[tuple[Any, ...]] = [
    ("12_3", '=cmd|"/c calc"!A1', -5, 0.5, True, AT, 8130, 131072, 4489200, "node[001-002]", "A,B",
     {"a": [1]}),
    ("12+1", "a,b;\r\n\x1b[31m|<b>\x00", 0, -1.5, False, 0, UNLIMITED, 1500, 0, "", "", []),
    ("13", None, None, None, None, None, None, None, None, None, None, None),
]  # fmt: skip


def render(
    name: str, rows: Sequence[Sequence[Any]] = ROWS, columns: list[Column] = COLUMNS, **options: Any
) -> bytes:
    sink = io.BytesIO()
    writer = open_writer(name, sink, columns, Options(title="jobs", **options))
    half = len(rows) // 2
    for part in (rows[:half], rows[half:]):
        writer.write([list(column) for column in zip(*part, strict=True)] if part else [[] for _ in columns])
    writer.close()
    return sink.getvalue()


def test_csv_is_what_the_rfc_says_and_holds_no_formula() -> None:
    raw = render("csv")
    rows = list(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True))
    assert rows == [
        [one.name for one in COLUMNS],
        ["12_3", "'=cmd|\"/c calc\"!A1", "-5", "0.5", "true", "2023-12-15T10:30:45Z", "2:15:30", "128GB",
         "1247h", "node[001-002]", "A,B", '{"a":[1]}'],
        ["12+1", "a,b;\r\n\ufffd[31m|<b>\ufffd", "0", "-1.5", "false", "1970-01-01T00:00:00Z", "UNLIMITED",
         "1500MB", "0h", "", "", "[]"],
        ["13", *[""] * 11],
    ]  # fmt: skip
    assert raw.endswith(b"\r\n")
    assert not raw.startswith(b"\xef\xbb\xbf")


def test_csv_options() -> None:
    raw = render("csv", bom=True, delimiter=";", include_headers=False)
    assert raw.startswith(b"\xef\xbb\xbf12_3;")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(rows) == 3
    assert render("csv", rows=[], include_headers=False) == b""


TEXTS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.text(alphabet=st.sampled_from("=+-@\t\r\n \"',;|\x00\x1b\ud800aä＝"), max_size=8),
)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), max_size=8), delimiter=st.sampled_from(",;|\t"))
def test_any_text_comes_back_from_csv(rows: list[tuple[str | None, str | None]], delimiter: str) -> None:
    columns = [Column("a", Kind.TEXT), Column("b", Kind.TEXT)]
    raw = render("csv", rows, columns, delimiter=delimiter).decode()
    read = list(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter, strict=True))[1:]
    assert len(read) == len(rows)
    for cells, values in zip(read, rows, strict=True):
        for cell, value in zip(cells, values, strict=True):
            wanted = clean(value or "")
            assert cell in (wanted, f"'{wanted}")
            assert not re.match(r"\s*[=+\-@＝＋－＠]", cell)
            assert (cell != wanted) == bool(re.match(r"\s*[=+\-@＝＋－＠]|[\t\r]", wanted))


def test_json_is_as_the_api_shows_it() -> None:
    rows = json.loads(render("json"))
    assert rows[0] == {
        "job_id": "12_3", "job_name": '=cmd|"/c calc"!A1', "cpu_count": -5, "load": 0.5, "is_default": True,
        "end_time": "2023-12-15T10:30:45Z", "runtime": "2:15:30", "memory": "128GB", "cpu_time_used": "1247h",
        "nodes": ["node001", "node002"], "flags": ["A", "B"], "associations": {"a": [1]},
    }  # fmt: skip
    assert rows[1]["job_name"] == ROWS[1][1]
    assert (rows[1]["nodes"], rows[1]["flags"]) == ([], [])
    assert set(rows[2].values()) == {"13", None}
    assert [json.loads(line) for line in render("ndjson").splitlines()] == rows
    assert json.loads(render("json", rows=[])) == []
    assert render("ndjson", rows=[]) == b""


def test_parquet_has_real_types() -> None:
    table = pq.read_table(io.BytesIO(render("parquet")))
    assert [str(field.type) for field in table.schema] == [
        "string", "string", "int64", "double", "bool", "timestamp[ms, tz=UTC]", "duration[s]", "int64",
        "double", "list<element: string>", "list<element: string>", "string",
    ]  # fmt: skip
    rows = table.to_pylist()
    assert rows[0]["end_time"] == datetime(2023, 12, 15, 10, 30, 45, tzinfo=UTC)
    assert rows[0]["runtime"] == timedelta(seconds=8130)
    assert (rows[0]["memory"], rows[0]["cpu_time_used"]) == (131072, 1247.0)
    assert rows[0]["nodes"] == ["node001", "node002"]
    assert rows[1]["runtime"] is None
    assert rows[1]["job_name"] == ROWS[1][1]
    assert rows[2] == {one.name: None for one in COLUMNS} | {"job_id": "13"}
    assert table.schema.field("memory").metadata[b"unit"] == b"MiB"
    assert pq.read_table(io.BytesIO(render("parquet", rows=[]))).num_rows == 0


NAMESPACE = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def sheets(raw: bytes) -> dict[str, list[list[tuple[str | None, str]]]]:
    """Sheets by name: rows of cells, each its type and its value."""
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        assert book.testzip() is None
        names = [
            sheet.attrib["name"]
            for sheet in ElementTree.fromstring(book.read("xl/workbook.xml")).iter()
            if sheet.tag.endswith("}sheet")
        ]
        found = {}
        for number, name in enumerate(names, 1):
            tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
            found[name] = [
                [(cell.get("t"), "".join(cell.itertext())) for cell in row.iterfind("m:c", NAMESPACE)]
                for row in tree.iterfind("m:sheetData/m:row", NAMESPACE)
            ]
            assert tree.find(".//m:f", NAMESPACE) is None
        return found


def test_xlsx_has_numbers_times_and_texts() -> None:
    (rows,) = sheets(render("xlsx")).values()
    assert [value for _, value in rows[0]] == [one.name for one in COLUMNS]
    assert rows[1][0] == ("inlineStr", "12_3")
    assert rows[1][1] == ("inlineStr", '=cmd|"/c calc"!A1')
    assert rows[1][2] == (None, "-5")
    assert rows[1][4] == ("b", "1")
    assert float(rows[1][5][1]) == pytest.approx(AT / 86400 + 25569)
    assert float(rows[1][6][1]) == pytest.approx(8130 / 86400)
    assert rows[1][7] == (None, "131072")
    assert (
        rows[2][1] == ("inlineStr", "a,b;\r\n\ufffd[31m|<b>\ufffd") or "\ufffd[31m|<b>\ufffd" in rows[2][1][1]
    )
    assert rows[2][6] == ("inlineStr", "UNLIMITED")
    assert rows[3] == [("inlineStr", "13")]


def test_xlsx_goes_on_where_a_sheet_is_full() -> None:
    sink = io.BytesIO()
    writer = XlsxWriter(sink, [Column("a", Kind.INTEGER)], Options(title="jobs"), max_rows=3)
    writer.write([list(range(5))])
    writer.close()
    found = sheets(sink.getvalue())
    assert {name: [row[0][1] for row in rows] for name, rows in found.items()} == {
        "jobs": ["a", "0", "1"],
        "jobs 2": ["a", "2", "3"],
        "jobs 3": ["a", "4"],
    }


class Page(HTMLParser):
    """The cells of a page, and every tag and attribute in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def test_html_is_one_page_in_which_nothing_runs() -> None:
    rows = [("1", "<script>alert(1)</script>", "&amp; \"'>")]
    columns = [Column(name, Kind.TEXT) for name in ("a", "<b>", "c")]
    page = Page(render("html", rows, columns).decode())
    assert [[cell.strip() for cell in row] for row in page.rows] == [["a", "<b>", "c"], list(rows[0])]
    assert page.tags == {
        "html", "head", "meta", "title", "style", "body", "h1", "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert not page.attributes & {"src", "href", "onload"}
    assert len(Page(render("html").decode()).rows) == 4
    assert len(Page(render("html", include_headers=False).decode()).rows) == 3


def test_markdown_stays_one_table() -> None:
    lines = render("markdown").decode().splitlines()
    assert len(lines) == 5
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {13}
    assert r"a,b; \ufffd\[31m\|\<b\>".replace(r"\ufffd", "\ufffd") in lines[3]
    assert escaped("_a_b_ *x* `c`\n[l](u)") == r"\_a_b\_ \*x\* \`c\` \[l\](u)"


def test_every_format_is_written_without_knowing_the_number_of_rows() -> None:
    for name in FORMATS:
        assert len(render(name, ROWS * 50)) > 1000
