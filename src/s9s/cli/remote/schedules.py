"""`s9s report schedule`: reports that a server makes again and again."""

from __future__ import annotations

from typing import Any, Final

import click

from s9s.cli.remote.connection import Server, remote
from s9s.cli.remote.jobs import as_json
from s9s.cli.remote.tables import Column, show_json, show_rows

COLUMNS: Final = (
    Column("ID", "schedule_id"),
    Column("NAME", "name", 0, least=10),
    Column("CRON", "cron"),
    Column("ZONE", "time_zone", 3),
    Column("TYPE", "type", 1),
    Column("NEXT", "next_run_at", 1),
    Column("LAST", "last_run_at", 4),
    Column("STATUS", "last_status", 2),
    Column("ERROR", "last_error", 5, least=10),
)
_ROUTE: Final = "/v1/reports/schedules"


@click.group()
def schedule() -> None:
    """Have a server make reports again and again, and deliver them."""


@schedule.command("list")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Schedules at most.")
@as_json
@remote
def list_(limit: int, as_json: bool, url: str, token: str | None) -> None:
    """List your schedules, as an administrator everybody's."""
    rows, total = Server(url, token).all(_ROUTE, "schedules", limit)
    show_json(rows) if as_json else show_rows(rows, COLUMNS, total)


@schedule.command("add")
@click.argument("kind", metavar="TYPE", type=click.Choice(("utilization", "usage", "efficiency", "queue")))
@click.argument("cron")
@click.option("--name", help="What people call it; else the type and the expression.")
@click.option("--time-zone", default="UTC", show_default=True, help="Of the clock: an IANA name.")
@click.option(
    "--period", type=click.Choice(("day", "week", "month", "quarter", "year")), default="month",
    show_default=True, help="The last full one before each run.",
)  # fmt: skip
@click.option("--partitions", metavar="LIST", help="Only these; without it all.")
@click.option(
    "--format", "format_", type=click.Choice(("pdf", "html", "csv", "json", "xlsx")), default="pdf",
    show_default=True,
)  # fmt: skip
@click.option("--email", metavar="ADDRESS", help="Send each report there.")
@click.option("--webhook", metavar="URL", help="Post there that a report is ready.")
@as_json
@remote
def add(
    kind: str,
    cron: str,
    name: str | None,
    time_zone: str,
    period: str,
    partitions: str | None,
    format_: str,
    email: str | None,
    webhook: str | None,
    as_json: bool,
    url: str,
    token: str | None,
) -> None:
    """Have a report made whenever CRON is due: '0 6 1 * *', '@weekly'."""
    if email and webhook:
        raise click.UsageError("--email and --webhook exclude each other")
    parameters: dict[str, Any] = {"period": period}
    if partitions is not None:
        parameters["partitions"] = [one.strip() for one in partitions.split(",")]
    body: dict[str, Any] = {
        "name": name or f"{kind} {cron}",
        "cron": cron,
        "time_zone": time_zone,
        "type": kind,
        "format": format_,
        "parameters": parameters,
    }
    if email:
        body["delivery"] = {"method": "email", "email": email}
    if webhook:
        body["delivery"] = {"method": "webhook", "url": webhook}
    made = Server(url, token).ask("POST", _ROUTE, json=body)
    if as_json:
        show_json(made)
        return
    click.echo(made["schedule_id"])
    click.echo(f"due next at {made['next_run_at']}", err=True)
    if made["delivery"]["secret"]:
        click.echo(f"posts are signed with {made['delivery']['secret']} (shown this once)", err=True)


def _change(name: str, done: str, enabled: bool, help_: str) -> None:
    @schedule.command(name, help=help_)
    @click.argument("schedule_ids", metavar="ID...", nargs=-1, required=True)
    @remote
    def change(schedule_ids: tuple[str, ...], url: str, token: str | None) -> None:
        server = Server(url, token)
        for one in schedule_ids:
            server.ask("PATCH", f"{_ROUTE}/{one}", json={"enabled": enabled})
            click.echo(f"{one} {done}", err=True)


_change("pause", "is paused", False, "Make no reports for now.")
_change("resume", "goes on", True, "Go on; what was due during the pause is not made up.")


@schedule.command()
@click.argument("schedule_ids", metavar="ID...", nargs=-1, required=True)
@remote
def delete(schedule_ids: tuple[str, ...], url: str, token: str | None) -> None:
    """Make no more of their reports; those that were made stay."""
    server = Server(url, token)
    for one in schedule_ids:
        server.ask("DELETE", f"{_ROUTE}/{one}")
        click.echo(f"{one} is deleted", err=True)
