"""Which formats there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final

from msgspec import Struct

from s9s.formats.columns import Column, Options, Sink, Writer


class Format(Struct, frozen=True):
    """A format: what files of it are called, and what writes them."""

    extension: str
    media_type: str
    writer: str
    """``module:class`` within this package."""
    needs: str | None = None
    """The optional part of the package that it needs: ``parquet``."""


FORMATS: Final = {
    "csv": Format("csv", "text/csv", "csv:CsvWriter"),
    "json": Format("json", "application/json", "json:JsonWriter"),
    "ndjson": Format("ndjson", "application/x-ndjson", "json:JsonLinesWriter"),
    "xlsx": Format(
        "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx:XlsxWriter"
    ),
    "parquet": Format("parquet", "application/vnd.apache.parquet", "parquet:ParquetWriter", "parquet"),
    "html": Format("html", "text/html", "html:HtmlWriter"),
    "markdown": Format("md", "text/markdown", "markdown:MarkdownWriter"),
}


def open_writer(name: str, sink: Sink, columns: Sequence[Column], options: Options) -> Writer:
    """A writer of one of `FORMATS`. Raises `ImportError` where what it needs is not installed."""
    module, _, kind = FORMATS[name].writer.partition(":")
    make: Callable[[Sink, Sequence[Column], Options], Any] = getattr(
        import_module(f"s9s.formats.{module}"), kind
    )
    writer: Writer = make(sink, columns, options)
    return writer
