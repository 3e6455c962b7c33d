"""`s9s nodes`, `drain`, `resume`."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import click

from s9s.cli.remote.completing import node_names, node_states, partitions
from s9s.cli.remote.connection import Refused, Server, remote
from s9s.cli.remote.jobs import as_json
from s9s.cli.remote.tables import Column, show_done, show_json, show_rows

COLUMNS: Final = (
    Column("NODE", "node_name"),
    Column("STATE", "state"),
    Column("PARTITIONS", "partitions", 4, least=10),
    Column("CPUS", "cpu_total", 1, is_number=True),
    Column("USED", "cpu_allocated", 1, is_number=True),
    Column("MEMORY", "memory_total", 5, is_number=True),
    Column("FREE", "memory_free", 6, is_number=True),
    Column("GPUS", "gpus_total", 2, is_number=True),
    Column("USED", "gpus_allocated", 2, is_number=True),
    Column("REASON", "reason", 3, least=8),
)

hostlist = click.argument("hostlist", metavar="NODES", shell_complete=node_names)


@click.command()
@click.option("--state", shell_complete=node_states, help="IDLE,DOWN,...; all by default.")
@click.option("--partition", shell_complete=partitions, help="Names as a comma list.")
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
    rows, total = Server(url, token).all("/v1/nodes", "nodes", limit, **wanted)
    show_json(rows) if as_json else show_rows(rows, COLUMNS, total)


@click.command()
@hostlist
@click.option("--reason", required=True, help="Why; everybody sees it.")
@click.option("--timeout", help="Resume by itself after this: 2h.")
@as_json
@remote
def drain(
    hostlist: str, reason: str, timeout: str | None, as_json: bool, url: str, token: str | None
) -> None:
    """Let no more jobs start on nodes: node001, or node[001-004]."""
    body = {"reason": reason} | ({"timeout": timeout} if timeout else {})
    _change(Server(url, token), hostlist, "drain", body, as_json)


@click.command()
@hostlist
@as_json
@remote
def resume(hostlist: str, as_json: bool, url: str, token: str | None) -> None:
    """Put nodes back to work: node001, or node[001-004]."""
    _change(Server(url, token), hostlist, "resume", {}, as_json)


def _change(server: Server, hostlist: str, action: str, body: dict[str, Any], as_json: bool) -> None:
    answer = server.ask("PUT", f"/v1/nodes/{quote(hostlist, safe='')}/{action}", json=body)
    results = [(one["node_name"], one["message"], one["status"] == "success") for one in answer["results"]]
    if as_json:
        show_json(answer)
        failed = sum(not is_good for *_, is_good in results)
    else:
        failed = show_done(results)
    if failed:
        raise Refused(f"{failed} of {len(results)} failed ({server.headers.get('x-request-id')})")
