"""`s9s cancel`, `hold`, `release`."""

from __future__ import annotations

from typing import Any, Final

import click

from s9s.cli.remote.completing import job_ids
from s9s.cli.remote.connection import Refused, Server, remote
from s9s.cli.remote.jobs import as_json, path_of
from s9s.cli.remote.tables import show_done, show_json

#: Ids that the server takes in one request.
_BULK: Final = 10_000

many_jobs = click.argument("ids", metavar="ID...", nargs=-1, required=True, shell_complete=job_ids)


@click.command()
@many_jobs
@click.option("--signal", help="Only deliver this signal: USR1, SIGUSR1, 10.")
@click.option("--force", is_flag=True, help="Kill at once.")
@as_json
@remote
def cancel(
    ids: tuple[str, ...], signal: str | None, force: bool, as_json: bool, url: str, token: str | None
) -> None:
    """Cancel jobs, or send them a signal."""
    server = Server(url, token)
    if len(ids) > 1:
        _many(server, "cancel", ids, {"signal": signal, "force": force or None}, as_json)
        return
    given = {"signal": signal, "force": "true" if force else None}
    _tell(server.ask("DELETE", path_of(ids[0]), **given), as_json)


@click.command()
@many_jobs
@click.option("--reason", help="Why; it is shown with the job.")
@as_json
@remote
def hold(ids: tuple[str, ...], reason: str | None, as_json: bool, url: str, token: str | None) -> None:
    """Keep pending jobs from starting."""
    _change(Server(url, token), "hold", ids, {"reason": reason}, as_json)


@click.command()
@many_jobs
@as_json
@remote
def release(ids: tuple[str, ...], as_json: bool, url: str, token: str | None) -> None:
    """Let held jobs start."""
    _change(Server(url, token), "release", ids, {}, as_json)


def _change(
    server: Server, action: str, ids: tuple[str, ...], options: dict[str, Any], as_json: bool
) -> None:
    if len(ids) > 1:
        _many(server, action, ids, options, as_json)
        return
    body = {name: value for name, value in options.items() if value is not None}
    _tell(server.ask("PUT", f"{path_of(ids[0])}/{action}", json=body), as_json)


def _tell(done: dict[str, Any], as_json: bool) -> None:
    show_json(done) if as_json else show_done([(done["job_id"], done["message"], True)])


def _many(server: Server, action: str, ids: tuple[str, ...], options: dict[str, Any], as_json: bool) -> None:
    """Change all with one request; what fails stops none of the rest."""
    given = {name: value for name, value in options.items() if value is not None}
    results: list[dict[str, Any]] = []
    for start in range(0, len(ids), _BULK):
        body = {"action": action, "job_ids": ids[start : start + _BULK], "options": given}
        results += server.ask("POST", "/v1/jobs/bulk", json=body)["results"]
    if as_json:
        show_json(results)
        failed = sum(one["status"] != "success" for one in results)
    else:
        failed = show_done((one["job_id"], _sentence(one), one["status"] == "success") for one in results)
    if failed:
        raise Refused(f"{failed} of {len(ids)} failed ({server.headers.get('x-request-id')})")


def _sentence(result: dict[str, Any]) -> str:
    code = result.get("code")
    return f"{result['message']} ({code})" if code else str(result["message"])
