"""`s9s search`."""

from __future__ import annotations

from typing import Final

import click

from s9s.cli.remote.completing import kinds
from s9s.cli.remote.connection import Server, remote
from s9s.cli.remote.jobs import as_json
from s9s.cli.remote.tables import Column, show_json, show_rows

COLUMNS: Final = (
    Column("TYPE", "type", 1),
    Column("ID", "id"),
    Column("TITLE", "title", 0, least=10),
    Column("DESCRIPTION", "description", 2, least=20),
)


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--type", "kind", shell_complete=kinds, help="jobs,nodes,users,...; all by default.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Results at most.")
@as_json
@remote
def search(
    words: tuple[str, ...], kind: str | None, limit: int, as_json: bool, url: str, token: str | None
) -> None:
    """Find jobs, nodes, users and whatever else has a name."""
    found = Server(url, token).ask("GET", "/v1/search", q=" ".join(words), type=kind, limit=limit)
    show_json(found) if as_json else show_rows(found["results"], COLUMNS, found["total"])
