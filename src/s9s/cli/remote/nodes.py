"""`s9s nodes`, `drain`, `resume`."""

from __future__ import annotations

from typing import Final

import click

from s9s.cli.remote.connection import Refused, Server, remote
from s9s.cli.remote.jobs import as_json
from s9s.cli.remote.tables import plain, show_json, show_rows

COLUMNS: Final = (
    ("NODE", "node_name"), ("STATE", "state"), ("PARTITIONS", "partitions"), ("CPUS", "cpu_total"),
    ("USED", "cpu_allocated"), ("MEMORY", "memory_total"), ("FREE", "memory_free"), ("GPUS", "gpus_total"),
    ("USED", "gpus_allocated"), ("REASON", "reason"),
)  # fmt: skip

hostlist = click.argument("hostlist", metavar="NODES")


@click.command()
@click.option("--state", help="IDLE,DOWN,...; all by default.")
@click.option("--partition", help="Names as a comma list.")
@click.option("--features", help="Features that a node must have, as a comma list.")
@click.option("--available", is_flag=True, help="Only nodes that could start work now.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Nodes at most.")
@as_json
@remote
def nodes(
    url: str, token: str | None, as_json: bool, limit: int, available: bool, **filters: str | None
) -> None:
    """List nodes."""
    wanted = {**filters, "available": "true" if available else None}
    rows = Server(url, token).all("/v1/nodes", "nodes", limit, **wanted)
    show_json(rows) if as_json else show_rows(rows, COLUMNS)


@click.command()
@hostlist
@click.option("--reason", required=True, help="Why; everybody sees it.")
@click.option("--timeout", help="Resume by itself after this: 2h.")
@remote
def drain(hostlist: str, reason: str, timeout: str | None, url: str, token: str | None) -> None:
    """Let no more jobs start on nodes: node001, or node[001-004]."""
    body = {"reason": reason} | ({"timeout": timeout} if timeout else {})
    _told(Server(url, token).ask("PUT", f"/v1/nodes/{_quoted(hostlist)}/drain", json=body))


@click.command()
@hostlist
@remote
def resume(hostlist: str, url: str, token: str | None) -> None:
    """Put nodes back to work: node001, or node[001-004]."""
    _told(Server(url, token).ask("PUT", f"/v1/nodes/{_quoted(hostlist)}/resume", json={}))


def _told(answer: dict[str, list[dict[str, str]]]) -> None:
    failed = [one for one in answer["results"] if one["status"] != "success"]
    for one in answer["results"]:
        click.echo(f"{one['node_name']}: {plain(one['message'])}", err=one in failed)
    if failed:
        raise Refused(f"{len(failed)} of {len(answer['results'])} failed")


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
