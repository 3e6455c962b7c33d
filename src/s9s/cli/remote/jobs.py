"""`s9s jobs`, `job`, `submit`, `cancel`, `hold`, `release`, `logs`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from s9s.cli.remote.connection import NotLoggedIn, Refused, Server, Unreachable, remote
from s9s.cli.remote.tables import plain, show_fields, show_json, show_rows

COLUMNS: Final = (
    ("ID", "job_id"), ("NAME", "job_name"), ("USER", "user"), ("PARTITION", "partition"), ("STATE", "state"),
    ("TIME", "elapsed_time"), ("LIMIT", "time_limit"), ("NODES", "node_count"), ("CPUS", "cpu_count"),
    ("GPUS", "gpus"), ("REASON", "reason"),
)  # fmt: skip

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, as the server says it.")
job_ids = click.argument("ids", metavar="ID...", nargs=-1, required=True)


@click.command()
@click.option("--state", help="RUNNING,PENDING,...; all by default.")
@click.option("--user", help="Names as a comma list; `me` is you.")
@click.option("--partition", help="Names as a comma list.")
@click.option("--account", help="Names as a comma list.")
@click.option("--sort", default="submit_time", show_default=True, help="Field to sort by.")
@click.option("--order", type=click.Choice(["asc", "desc"]), default="desc", show_default=True, help="Order.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Jobs at most.")
@as_json
@remote
def jobs(url: str, token: str | None, as_json: bool, limit: int, **filters: str | None) -> None:
    """List jobs."""
    server = Server(url, token)
    if filters["user"] == "me":
        filters["user"] = server.ask("GET", "/v1/whoami")["user"]
    rows = server.all("/v1/jobs", "jobs", limit, **filters)
    show_json(rows) if as_json else show_rows(rows, COLUMNS)


@click.command()
@click.argument("job_id", metavar="ID")
@as_json
@remote
def job(job_id: str, url: str, token: str | None, as_json: bool) -> None:
    """Show all that is known of a job."""
    found = Server(url, token).ask("GET", f"/v1/jobs/{_checked(job_id)}")
    show_json(found) if as_json else show_fields(found)


@click.command()
@click.argument("script", type=click.File("r"), metavar="FILE")
@click.option("--name", help="Name of the job.")
@click.option("--partition", help="Partition, or several as a comma list.")
@click.option("--account", help="Account.")
@click.option("--qos", help="QOS.")
@click.option("--nodes", type=click.IntRange(1), help="Number of nodes.")
@click.option("--cpus-per-node", type=click.IntRange(1), help="CPUs on each node.")
@click.option("--memory", help="Memory on each node: 64GB.")
@click.option("--gpus", type=click.IntRange(0), help="GPUs over all nodes.")
@click.option("--time", "time_limit", help="Time limit: 4:00:00, 2h.")
@click.option("--array", help="Tasks: 0-9%2.")
@click.option("--directory", help="Working directory; the current one by default.")
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
@job_ids
@click.option("--signal", help="Only deliver this signal: USR1, SIGUSR1, 10.")
@click.option("--force", is_flag=True, help="Kill at once.")
@remote
def cancel(ids: tuple[str, ...], signal: str | None, force: bool, url: str, token: str | None) -> None:
    """Cancel jobs, or send them a signal."""
    parameters: dict[str, Any] = {"signal": signal, "force": "true" if force else None}
    _each(ids, Server(url, token), lambda server, path: server.ask("DELETE", path, **parameters))


@click.command()
@job_ids
@click.option("--reason", help="Why; it is shown with the job.")
@remote
def hold(ids: tuple[str, ...], reason: str | None, url: str, token: str | None) -> None:
    """Keep pending jobs from starting."""
    body = {"reason": reason} if reason else {}
    _each(ids, Server(url, token), lambda server, path: server.ask("PUT", f"{path}/hold", json=body))


@click.command()
@job_ids
@remote
def release(ids: tuple[str, ...], url: str, token: str | None) -> None:
    """Let held jobs start."""
    _each(ids, Server(url, token), lambda server, path: server.ask("PUT", f"{path}/release", json={}))


@click.command()
@click.argument("job_id", metavar="ID")
@click.option(
    "-f", "--follow", is_flag=True, help="Go on until the job has ended; one that waits is waited for."
)
@click.option("-n", "--lines", type=click.IntRange(0), help="Begin with the last so many lines.")
@click.option("--error", is_flag=True, help="The standard error.")
@remote
def logs(job_id: str, follow: bool, lines: int | None, error: bool, url: str, token: str | None) -> None:
    """Print what a job has written, as it is."""
    path = f"/v1/jobs/{_checked(job_id)}/{'error' if error else 'output'}"
    server, parameters = Server(url, token), {} if lines is None else {"lines": lines}
    if follow:
        parameters["follow"] = True
    for piece in server.stream(path, parameters, {"accept": "text/plain"}):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _each(ids: tuple[str, ...], server: Server, change: Callable[[Server, str], Any]) -> None:
    """Change one after the other; what fails stops none of the rest."""
    failed = 0
    for job_id in ids:
        try:
            done = change(server, f"/v1/jobs/{_checked(job_id)}")
            click.echo(f"{done['job_id']}: {done['message']}")
        except (NotLoggedIn, Unreachable):
            raise
        except Refused as error:
            failed += 1
            click.echo(f"{job_id}: {error.message}", err=True)
    if failed:
        raise Refused(f"{failed} of {len(ids)} failed")


def _checked(job_id: str) -> str:
    """The id as part of a path; what is none the server is asked for all the same."""
    from urllib.parse import quote

    return quote(job_id, safe="")
