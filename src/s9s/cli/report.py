"""`s9s report`: a report as a file, made by a server, or of its own database."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from s9s.cli.options import configured, failures, load
from s9s.cli.progress import Bar
from s9s.cli.remote.connection import Server, remote
from s9s.cli.remote.schedules import schedule

if TYPE_CHECKING:
    from s9s.config import Settings
    from s9s.domain.report_plans import ReportPlan

_FORMATS: Final = ("pdf", "html", "csv", "json", "xlsx")
_PERIODS: Final = ("day", "week", "month", "quarter", "year")
_TYPES: Final = {
    "utilization": "How full the cluster was.",
    "usage": "What accounts, users, partitions and GPU types used, and the change since the period before.",
    "efficiency": "What jobs made of what they held.",
    "queue": "How long jobs waited, and how many.",
}
_DAY: Final = click.DateTime(formats=["%Y-%m-%d"])


@click.group()
def report() -> None:
    """Write a report on a day, week, month, quarter or year; have it made on schedule.

    The server of S9S_API_URL makes it, of what you may see. With --local (or --config, --state-dir) it is
    made here, of the server's own database, as an administrator sees it, without a token and whether or not
    the server runs.
    """


report.add_command(schedule)


def _command(kind: str, help_: str) -> None:
    @click.option(
        "--period", type=click.Choice(_PERIODS), default="month", show_default=True, help="The last full one."
    )
    @click.option(
        "--from", "first", type=_DAY, metavar="DAY", help="First day, YYYY-MM-DD; wins over --period."
    )
    @click.option("--to", "last", type=_DAY, metavar="DAY", help="Last day, which belongs to it.")
    @click.option("--time-zone", default="UTC", show_default=True, help="Of the days: an IANA name.")
    @click.option("--partitions", metavar="LIST", help="Only these; without it all.")
    @click.option("--no-charts", is_flag=True, help="Leave the charts out.")
    @click.option(
        "--format", "format_", type=click.Choice(_FORMATS), help="pdf, or what the file's name says."
    )
    @click.option(
        "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="File; else stdout."
    )
    @click.option(
        "--local", is_flag=True, help="From the server's own database, on its host; so are these two:"
    )
    @configured
    @remote
    def command(
        period: str,
        first: datetime | None,
        last: datetime | None,
        time_zone: str,
        partitions: str | None,
        no_charts: bool,
        format_: str | None,
        output: Path | None,
        local: bool,
        config: Path | None,
        state_dir: Path | None,
        url: str,
        token: str | None,
    ) -> None:
        wanted: dict[str, Any] = {
            "period": period,
            "start_date": None if first is None else first.date(),
            "end_date": None if last is None else last.date(),
            "time_zone": time_zone,
            "partitions": None if partitions is None else [one.strip() for one in partitions.split(",")],
            "include_charts": not no_charts,
        }
        form = format_ or _format_of(output)
        if output is None and form in ("pdf", "xlsx") and sys.stdout.isatty():
            raise click.UsageError(f"A {form} is nothing for a terminal: name a file with -o")
        with Bar("Reporting", is_shown=output is not None and sys.stderr.isatty()) as bar:
            if local or config or state_dir:
                settings = load(config, state_dir)
                with failures():
                    summary = _make(settings, kind, form, wanted, output, bar)
            else:
                summary = _ask(Server(url, token), kind, form, wanted, output, bar)
        if output is not None:
            for line in (*summary, f"Written to {output}"):
                click.echo(line, err=True)

    report.command(kind, help=help_)(command)


for _kind, _help in _TYPES.items():
    _command(_kind, _help)


def _format_of(output: Path | None) -> str:
    """What the file's name says, as far as it says one; else PDF."""
    ending = "" if output is None else output.suffix.removeprefix(".").lower()
    ending = "html" if ending == "htm" else ending
    return ending if ending in _FORMATS else "pdf"


def _ask(
    server: Server, kind: str, form: str, wanted: dict[str, Any], output: Path | None, bar: Bar
) -> list[str]:
    """Have a server make it; its summary."""
    from s9s.cli.remote.work import fetched

    given = {
        name: str(value) if isinstance(value, date) else value
        for name, value in wanted.items()
        if value is not None
    }
    body = {"type": kind, "format": form, "parameters": given}
    made = fetched(server, "/v1/reports", "/v1/reports/{}", body, output, bar)
    return list(made["summary"] or ())


def _make(
    settings: Settings, kind: str, form: str, wanted: dict[str, Any], output: Path | None, bar: Bar
) -> list[str]:
    """Make it of the database; its summary."""
    from s9s.formats.reports import MissingPackage, render
    from s9s.services.reports.making import ReportBuilder
    from s9s.storage.database import Database
    from s9s.storage.files import LocalFiles

    plan = _plan(settings, kind, form, wanted)
    directory = Path() if output is None else output.absolute().parent

    async def main() -> list[str]:
        async with await Database.open(settings.database_url) as database:
            made = await ReportBuilder(database).build(plan, int(time.time()), _scaled(bar))
        raw = await asyncio.to_thread(render, made, plan.request.format)
        if output is None:
            sys.stdout.buffer.write(raw)
            sys.stdout.buffer.flush()
        else:
            writing = LocalFiles(directory).create(output.name)
            try:
                writing.write(raw)
                writing.commit()
            except BaseException:
                writing.abort()
                raise
        return list(made.summary)

    try:
        return asyncio.run(main())
    except MissingPackage as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{output or 'stdout'}: {error.strerror}") from error


def _plan(settings: Settings, kind: str, form: str, wanted: dict[str, Any]) -> ReportPlan:
    """What an administrator's report is made of. Raises `ValidationError`."""
    from s9s.app.history import history_key
    from s9s.domain.report_plans import ReportPlan, ReportRequest
    from s9s.domain.reports import ReportFormat, ReportType
    from s9s.services.reports.service import period_of

    names = wanted.pop("partitions")
    request = ReportRequest(
        type=ReportType(kind),
        format=ReportFormat(form),
        partitions=None if names is None else tuple(names),
        **wanted,
    )
    chosen = "All partitions" if names is None else f"Partitions {', '.join(names)}"
    return ReportPlan(
        request=request,
        period=period_of(request, time.time()),
        key=history_key(settings),
        cluster=settings.cluster.name or "Slurm",
        scope=f"{chosen}, all users",
        partitions=None if names is None else frozenset(names),
        filename="",
        credential="cli",
    )


def _scaled(bar: Bar) -> Callable[[float], None]:
    """Told of the model, which is the greater part of the work."""
    return lambda fraction: bar.set(0.8 * fraction)
