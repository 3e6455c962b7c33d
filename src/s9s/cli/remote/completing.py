"""What the shell may complete: words that are known, and names that the server is asked for.

A shell waits for it, so the server has two seconds; where it says no, or nothing, nothing is completed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from s9s.cli.remote.connection import Server

_TIMEOUT_SECONDS: Final = 2
_LIMIT: Final = 200

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def job_states(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """States of jobs, the last of a comma list."""
    from s9s.domain.jobs import JobState

    return _listed(JobState, typed)


def node_states(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """States of nodes, the last of a comma list."""
    words = ("IDLE", "MIXED", "ALLOCATED", "COMPLETING", "DOWN", "DRAIN", "DRAINED", "DRAINING", "FAIL",
        "MAINTENANCE", "PLANNED", "RESERVED", "POWERED_DOWN", "UNKNOWN")  # fmt: skip
    return _listed(words, typed)


def kinds(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Kinds of things that a search finds, the last of a comma list."""
    return _listed(("jobs", "nodes", "users", "partitions", "accounts", "qos", "reservations"), typed)


def _named(path: str, rows: str, name: str) -> Complete:
    def complete(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        found = _asked(context, lambda server: server.ask("GET", path, limit=_LIMIT)[rows])
        return _listed((one[name] for one in found), typed)

    return complete


partitions: Final = _named("/v1/partitions", "partitions", "name")
users: Final = _named("/v1/users", "users", "username")


def accounts(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Accounts of the users that the caller sees."""
    return _listed(_associated(context, lambda one: [one["account"]]), typed)


def qos(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """QOS of the users that the caller sees."""
    return _listed(_associated(context, lambda one: one["qos"]), typed)


def _associated(context: click.Context, names: Callable[[dict[str, Any]], list[str]]) -> list[str]:
    found = _asked(context, lambda server: server.ask("GET", "/v1/users", limit=_LIMIT)["users"])
    return sorted({name for user in found for one in user["associations"] for name in names(one)})


def job_ids(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """The caller's jobs, the live ones first, with their names as an explanation."""

    def look(server: Server) -> list[dict[str, Any]]:
        me = server.ask("GET", "/v1/whoami")["user"]
        mine: list[dict[str, Any]] = server.ask("GET", "/v1/jobs", user=me, limit=_LIMIT)["jobs"]
        return mine

    rows = [one for one in _asked(context, look) if one["job_id"].startswith(typed)]
    given = context.params.get(parameter.name or "") or ()
    return [
        CompletionItem(one["job_id"], help=f"{one['job_name']} {one['state']}")
        for one in rows
        if one["job_id"] not in given
    ]


def node_names(context: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Names of nodes, with their states as an explanation."""
    rows = _asked(context, lambda server: server.ask("GET", "/v1/nodes", limit=1000)["nodes"])
    return [
        CompletionItem(one["node_name"], help=one["state"])
        for one in rows
        if one["node_name"].startswith(typed)
    ]


def _listed(words: Iterable[str], typed: str) -> list[CompletionItem]:
    """Words that begin as the last one of a comma list does, in any case, and are not in it."""
    before, comma, last = typed.rpartition(",")
    used = {one.lower() for one in before.split(",")}
    return [
        CompletionItem(f"{before}{comma}{word}")
        for word in map(str, words)
        if word.lower().startswith(last.lower()) and word.lower() not in used
    ]


def _asked(context: click.Context, look: Callable[[Server], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    import os

    from s9s.cli.remote.connection import DEFAULT_URL, Server

    url = context.params.get("url") or os.environ.get("S9S_API_URL") or DEFAULT_URL
    token = context.params.get("token") or os.environ.get("S9S_API_TOKEN")
    try:
        server = Server(url, token, timeout=_TIMEOUT_SECONDS)
        try:
            return look(server)
        finally:
            server.close()
    except (click.ClickException, KeyError, TypeError):
        return []
