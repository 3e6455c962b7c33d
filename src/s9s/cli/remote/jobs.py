"""`s9s jobs`, `job`, `submit`, `logs`."""

from __future__ import annotations

import os
import sys
from typing import Any, Final
from urllib.parse import quote

import click

from s9s.cli.remote.completing import accounts, job_ids, job_states, partitions, qos, users
from s9s.cli.remote.connection import Server, remote
from s9s.cli.remote.following import followed
from s9s.cli.remote.tables import Column, plain, show_fields, show_json, show_rows

COLUMNS: Final = (
    Column("ID", "job_id"),
    Column("NAME", "job_name", 1, least=10),
    Column("USER", "user", 2),
    Column("PARTITION", "partition", 4, least=6),
    Column("STATE", "state"),
    Column("TIME", "elapsed_time", 1, is_number=True),
    Column("LIMIT", "time_limit", 8, is_number=True),
    Column("NODES", "node_count", 5, is_number=True),
    Column("CPUS", "cpu_count", 3, is_number=True),
    Column("GPUS", "gpus", 6, is_number=True),
    Column("REASON", "reason", 7, least=6),
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, as the server says it.")
one_job = click.argument("job_id", metavar="ID", shell_complete=job_ids)


@click.command()
@click.option("--state", shell_complete=job_states, help="RUNNING,PENDING,...; all by default.")
@click.option("--user", shell_complete=users, help="Names as a comma list; `me` is you.")
@click.option("--partition", shell_complete=partitions, help="Names as a comma list.")
@click.option("--account", shell_complete=accounts, help="Names as a comma list.")
@click.option("--sort", default="submit_time", show_default=True, help="Field to sort by.")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="desc", show_default=True, help="Order.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Jobs at most.")
@as_json
@remote
def jobs(url: str, token: str | None, as_json: bool, limit: int, **filters: str | None) -> None:
    """List jobs."""
    server = Server(url, token)
    filters["user"] = named(server, filters["user"])
    rows, total = server.all("/v1/jobs", "jobs", limit, **filters)
    show_json(rows) if as_json else show_rows(rows, COLUMNS, total)


@click.command()
@one_job
@as_json
@remote
def job(job_id: str, url: str, token: str | None, as_json: bool) -> None:
    """Show all that is known of a job."""
    found = Server(url, token).ask("GET", path_of(job_id))
    show_json(found) if as_json else show_fields(found)


@click.command()
@click.argument("script", type=click.File("r"), metavar="FILE")
@click.option("--name", help="Name of the job.")
@click.option("--partition", shell_complete=partitions, help="Partition, or several as a comma list.")
@click.option("--account", shell_complete=accounts, help="Account.")
@click.option("--qos", shell_complete=qos, help="QOS.")
@click.option("--nodes", type=click.IntRange(1), help="Number of nodes.")
@click.option("--cpus-per-node", type=click.IntRange(1), help="CPUs on each node.")
@click.option("--memory", help="Memory on each node: 64GB.")
@click.option("--gpus", type=click.IntRange(0), help="GPUs over all nodes.")
@click.option("--time", "time_limit", help="Time limit: 4:00:00, 2h.")
@click.option("--array", help="Tasks: 0-9%2.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False),
    help="Working directory, on the cluster; the current one by default.",
)
@click.option("--output", help="File of the standard output, with Slurm's patterns.")
@click.option("--error", help="File of the standard error.")
@click.option("--key", help="Idempotency key: the same one again submits nothing new.")
@as_json
@remote
def submit(
    script: Any, url: str, token: str | None, as_json: bool, key: str | None, **wanted: str | int | None
) -> None:
    """Submit a batch script; `-` reads it from standard input.

    Its #SBATCH lines count, and options win over them. The job's id alone goes to standard output.
    """
    text = script.read()
    if not text.startswith("#!"):
        raise click.UsageError(f"{script.name} is no batch script: it must begin with #!, as in #!/bin/bash")
    names = {
        "name": "job_name",
        "directory": "working_directory",
        "output": "standard_output",
        "error": "standard_error",
    }
    body = {names.get(name, name): value for name, value in wanted.items() if value is not None}
    body.setdefault("working_directory", os.getcwd())
    headers = {"idempotency-key": key} if key else None
    made = Server(url, token).ask("POST", "/v1/jobs", json={"script": text, **body}, headers=headers)
    if as_json:
        show_json(made)
        return
    for warning in made.get("warnings", ()):
        click.echo(f"Warning: {plain(warning)}", err=True)
    click.echo(made["job_id"])


@click.command()
@one_job
@click.option(
    "-f", "--follow", is_flag=True, help="Go on until the job has ended; one that waits is waited for."
)
@click.option("-n", "--lines", type=click.IntRange(0), help="Begin with the last so many lines.")
@click.option("--error", is_flag=True, help="The standard error.")
@remote
def logs(job_id: str, follow: bool, lines: int | None, error: bool, url: str, token: str | None) -> None:
    """Print what a job has written, as it is.

    With -f it goes on where it was when the connection breaks or the server starts anew; what is no UTF-8 is
    replaced then.
    """
    path = f"{path_of(job_id)}/{'error' if error else 'output'}"
    server, parameters = Server(url, token), {} if lines is None else {"lines": lines}
    if follow:
        for text in followed(server, path, lines):
            click.echo(text, nl=False)
        return
    for piece in server.stream(path, parameters, {"accept": "text/plain"}):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def named(server: Server, user: str | None) -> str | None:
    """A filter of users, in which `me` is the caller."""
    if user is None or "me" not in user.split(","):
        return user
    me = server.ask("GET", "/v1/whoami")["user"]
    return ",".join(me if one == "me" else one for one in user.split(","))


def path_of(job_id: str) -> str:
    """The id as part of a path; what is none the server is asked for all the same."""
    return f"/v1/jobs/{quote(job_id, safe='')}"
