"""`s9s export`: rows as a file, made by a server, or of its own database."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from s9s.cli.options import configured, failures, load
from s9s.cli.progress import Bar
from s9s.cli.remote.connection import Server, remote

if TYPE_CHECKING:
    from s9s.config import Settings
    from s9s.domain.exports import ExportPlan

_TYPES = ("jobs", "nodes", "users", "partitions", "metrics", "efficiency", "audit")
_FORMATS = ("csv", "json", "ndjson", "xlsx", "parquet", "html", "markdown")


@click.command()
@click.argument("kind", metavar="TYPE", type=click.Choice(_TYPES))
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="csv, or what the file's name says.")
@click.option("--filter", "filters", metavar="NAME=VALUE", multiple=True, help="As in the list of the API.")
@click.option("--fields", metavar="LIST", help="Columns in their order; without it all.")
@click.option("--delimiter", default=",", show_default=True, help="Of CSV: , ; | or a tab.")
@click.option("--no-headers", is_flag=True, help="Leave the headings out.")
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, for Excel.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File; without it stdout."
)
@click.option("--local", is_flag=True, help="From the server's own database, on its host; so are these two:")
@configured
@remote
def export(
    kind: str,
    format_: str | None,
    filters: tuple[str, ...],
    fields: str | None,
    delimiter: str,
    no_headers: bool,
    bom: bool,
    output: Path | None,
    local: bool,
    config: Path | None,
    state_dir: Path | None,
    url: str,
    token: str | None,
) -> None:
    """Write jobs, nodes, users, partitions, metrics, efficiency or the audit log to a file.

    The server of S9S_API_URL makes it, of what you may see. With --local (or --config, --state-dir) it is
    made here, of the server's own database, as an administrator sees it, without a token and whether or not
    the server runs: recorded jobs, their efficiency and the audit log, but not the jobs that have not ended,
    which only a running server knows. `-o` replaces a file once the new one is whole.
    """
    format_ = format_ or _format_of(output)
    names = None if fields is None else [name.strip() for name in fields.split(",") if name.strip()]
    given = _pairs(filters)
    with _bar(output) as bar:
        if local or config or state_dir:
            from s9s.domain.exports import ExportOptions

            settings = load(config, state_dir)
            options = ExportOptions(include_headers=not no_headers, delimiter=delimiter, bom=bom)
            with failures():
                count = _write(settings, _plan(settings, kind, format_, given, names, options), output, bar)
        else:
            from s9s.cli.remote.work import fetched

            wanted = {"include_headers": not no_headers, "delimiter": delimiter, "bom": bom}
            body = {"type": kind, "format": format_, "filter": given, "fields": names, "options": wanted}
            asked = {name: value for name, value in body.items() if value is not None}
            made = fetched(Server(url, token), "/v1/export", "/v1/exports/{}", asked, output, bar)
            count = made["record_count"] or 0
    if output is not None:
        click.echo(f"{count} rows in {output}", err=True)


def _bar(output: Path | None) -> Bar:
    return Bar("Exporting", is_shown=output is not None and sys.stderr.isatty())


def _format_of(output: Path | None) -> str:
    """What the file's name says, as far as it says one; else CSV."""
    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    ending = {"md": "markdown", "htm": "html", "jsonl": "ndjson"}.get(ending, ending)
    return ending if ending in _FORMATS else "csv"


def _pairs(filters: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for one in filters:
        name, sign, value = one.partition("=")
        if not sign:
            raise click.BadParameter(f"{one}: a name, = and a value", param_hint="'--filter'")
        given[name] = f"{given[name]},{value}" if name in given else value
    return given


def _plan(
    settings: Settings,
    kind: str,
    format_: str,
    given: dict[str, str],
    fields: list[str] | None,
    options: Any,
) -> ExportPlan:
    from s9s.api.filters import named_filter
    from s9s.domain.exports import ExportPlan, ExportRequest
    from s9s.services.exports.fields import AUDIT_FIELDS, EFFICIENCY_FIELDS, JOB_FIELDS, chosen
    from s9s.services.exports.service import check_options

    tables: dict[str, Any] = {"jobs": JOB_FIELDS, "efficiency": EFFICIENCY_FIELDS, "audit": AUDIT_FIELDS}
    if kind not in tables:
        raise click.UsageError(
            f"With --local there are {', '.join(tables)}; {kind} are known to a running server"
        )
    columns = chosen(kind, tables[kind], None if fields is None else tuple(fields))
    check_options(ExportRequest(type=kind, format=format_, options=options))
    wanted = named_filter(kind, given)
    now = int(time.time())
    key = settings.cluster.name or "default"
    return ExportPlan(
        type=kind,
        format=format_,
        filename="",
        columns=tuple((heading, field.kind.value) for heading, _, field in columns),
        fields=tuple(field for _, field, _ in columns),
        options=options,
        filter=given,
        credential="cli",
        scope="",
        asked_at=now,
        source="audit" if kind == "audit" else "history",
        query=_builtins(wanted if kind == "audit" else {"cluster": key, "jobs": wanted, "as_of": now}),
    )


def _builtins(value: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(value)


def _write(settings: Settings, plan: ExportPlan, output: Path | None, bar: Bar) -> int:
    from s9s.app.handlers import export_tables
    from s9s.services.exports.making import write_export
    from s9s.services.work.artifacts import Sink
    from s9s.storage.database import Database
    from s9s.storage.files import LocalFiles

    directory = Path() if output is None else output.absolute().parent

    async def main() -> int:
        async with await Database.open(settings.database_url) as database:
            tables = export_tables(database)
            if output is None:
                return await asyncio.to_thread(write_export, plan, _Stdout(), tables, _no_input, bar)
            writing = LocalFiles(directory).create(output.name)
            sink = Sink(output.name, writing)
            try:
                count = await asyncio.to_thread(write_export, plan, sink, tables, _no_input, bar)
                writing.commit()
            except BaseException:
                writing.abort()
                raise
            return count

    try:
        return asyncio.run(main())
    except (OSError, ImportError) as error:
        raise click.ClickException(getattr(error, "strerror", None) or str(error)) from error


def _no_input(name: str) -> BinaryIO:
    raise FileNotFoundError(name)


class _Stdout:
    """Standard output, for libraries that look at a file closely."""

    closed = False
    mode = "wb"

    def __init__(self) -> None:
        self._size = 0

    def write(self, data: Any, /) -> int:
        size = memoryview(data).nbytes
        sys.stdout.buffer.write(data)
        self._size += size
        return size

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        sys.stdout.buffer.flush()

    def close(self) -> None:
        pass

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False
