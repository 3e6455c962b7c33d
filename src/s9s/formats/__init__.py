"""Rows and reports to bytes, without knowing where they come from.

Rows are typed columns, as a CSV file, a spreadsheet, a Parquet file, a page. They come in batches and go out
at once, so that memory does not grow with their number. What a library is needed for is imported with the
format that needs it.
"""

from s9s.formats.columns import Batch, Column, Kind, Options, Sink, Writer
from s9s.formats.writers import FORMATS, Format, open_writer

__all__ = ["FORMATS", "Batch", "Column", "Format", "Kind", "Options", "Sink", "Writer", "open_writer"]
