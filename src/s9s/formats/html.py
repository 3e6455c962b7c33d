"""One HTML file without outside references, and nothing in it that runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from s9s.formats.columns import Batch, Column, Kind, Options, Sink
from s9s.formats.texts import FREE, cleaned, shown

_HEAD: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 14px/1.4 system-ui, sans-serif; margin: 2rem; color: #1a1a1a; background: #fff }}
table {{ border-collapse: collapse }}
th, td {{ padding: .25rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd }}
td {{ white-space: pre-wrap; overflow-wrap: anywhere; max-width: 40em }}
th {{ position: sticky; top: 0; background: #f2f2f2; white-space: nowrap }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }}
@media print {{ body {{ margin: 0 }} th {{ position: static }} tr {{ break-inside: avoid }} }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>
"""

_NUMBERS: Final = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.INSTANT, Kind.DURATION, Kind.MEMORY, Kind.HOURS})


class HtmlWriter:
    """Writes a page with one table."""

    def __init__(self, sink: Sink, columns: Sequence[Column], options: Options) -> None:
        self._sink = sink
        self._kinds = [column.kind for column in columns]
        self._begins = ['<td class="n">' if kind in _NUMBERS else "<td>" for kind in self._kinds]
        head = _HEAD.format(title=escape(options.title))
        if options.include_headers:
            cells = "".join(
                f'<th scope="col"{" class=n" if one.kind in _NUMBERS else ""}>{escape(one.name)}</th>'
                for one in columns
            )
            head += f"<thead><tr>{cells}</tr></thead>\n"
        sink.write(f"{head}<tbody>\n".encode())

    def write(self, batch: Batch) -> None:
        cells = [
            self._cells(kind, begin, column)
            for kind, begin, column in zip(self._kinds, self._begins, batch, strict=True)
        ]
        self._sink.write("".join(f"<tr>{''.join(row)}</tr>\n" for row in zip(*cells, strict=True)).encode())

    def close(self) -> None:
        self._sink.write(b"</tbody>\n</table>\n</body>\n</html>\n")

    def _cells(self, kind: Kind, begin: str, column: Sequence[Any]) -> list[str]:
        values = shown(kind, column)
        if kind in FREE:
            values = cleaned(values)
        return [f"{begin}{'' if value is None else escape(str(value))}</td>" for value in values]
