"""`s9s token`: issue, list and revoke bearer tokens."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from s9s.cli.options import configured, failures, load

if TYPE_CHECKING:
    from s9s.services.tokens import Tokens
    from s9s.storage.tokens import Token

T = TypeVar("T")


@click.group()
def token() -> None:
    """Issue, list and revoke bearer tokens.

    A running server knows a new token at once, and a revoked one no longer within a second.
    """


@token.command()
@click.option("--user", help="The Slurm user as whom its holder acts; unless root, you by default.")
@click.option(
    "--role",
    type=click.Choice(["user", "operator", "admin"]),
    default="user",
    show_default=True,
    help="How much its holder sees; what may be changed is Slurm's decision.",
)
@click.option("--name", help="To tell it from others.")
@click.option("--expires", metavar="TIME", help="How long it is valid: 30d, 12h, ...; for ever by default.")
@click.option("--scopes", metavar="LIST", help="jobs:read,jobs:write,...; all that the role may by default.")
@click.option(
    "--tier",
    type=click.Choice(["free", "pro", "enterprise"]),
    default="free",
    show_default=True,
    help="Of the rate limits.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the token and its secret as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but the secret.")
@configured
def create(
    user: str | None,
    role: str,
    name: str | None,
    expires: str | None,
    scopes: str | None,
    tier: str,
    as_json: bool,
    quiet: bool,
    config: Path | None,
    state_dir: Path | None,
) -> None:
    """Issue a token. Its secret is printed this once and kept nowhere.

    The secret alone goes to standard output, so that it can be caught in a variable.
    """
    if user is None and os.geteuid() == 0:
        raise click.UsageError("Missing option '--user'.")
    holder = user or pwd.getpwuid(os.geteuid()).pw_name
    expires_in = _seconds(expires) if expires else None
    wanted = [scope.strip() for scope in scopes.split(",")] if scopes else []

    async def issue(tokens: Tokens) -> tuple[str, Token]:
        from s9s.services.access import Role

        return await tokens.create(holder, Role(role), wanted, name, expires_in, tier)

    secret, made = _run(config, state_dir, issue)
    if as_json:
        click.echo(json.dumps({"token": secret, **_fields(made)}, indent=2))
        return
    until = "for ever" if made.expires_at is None else f"until {_instant(made.expires_at)}"
    if not quiet:
        click.echo(f"Token {made.token_id}: {made.user}, {made.role}, {until}. Shown this once:", err=True)
    click.echo(secret)


@token.command("list")
@click.option("--all", "show_all", is_flag=True, help="Show revoked and expired tokens too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def list_tokens(show_all: bool, as_json: bool, config: Path | None, state_dir: Path | None) -> None:
    """List tokens, oldest first; never their secrets."""
    now = time.time()
    found = _run(config, state_dir, lambda tokens: tokens.list())
    shown = [one for one in found if show_all or one.is_valid(now)]
    if as_json:
        click.echo(json.dumps([_fields(one) for one in shown], indent=2))
        return
    heads = ("ID", "USER", "ROLE", "SCOPES", "TIER", "CREATED", "EXPIRES", "LAST USED", "STATE", "NAME")
    rows = [
        (
            one.token_id,
            one.user,
            one.role,
            ",".join(sorted(one.scopes)) or "all",
            one.tier,
            _instant(one.created_at),
            _instant(one.expires_at),
            _instant(one.last_used_at),
            "valid" if one.is_valid(now) else "expired" if one.revoked_at is None else "revoked",
            one.name or "",
        )
        for one in shown
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@token.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, help="As `s9s token list` shows them.")
@configured
def revoke(ids: tuple[str, ...], config: Path | None, state_dir: Path | None) -> None:
    """Make tokens invalid for good."""

    async def each(tokens: Tokens) -> None:
        for token_id in ids:
            await tokens.revoke(token_id)
            click.echo(f"Token {token_id} is revoked")

    _run(config, state_dir, each)


def _run(config: Path | None, state_dir: Path | None, work: Callable[[Tokens], Coroutine[Any, Any, T]]) -> T:
    settings = load(config, state_dir)

    async def main() -> T:
        async with _open_tokens(settings.database_url) as tokens:
            return await work(tokens)

    with failures():
        return asyncio.run(main())


@asynccontextmanager
async def _open_tokens(url: str) -> AsyncIterator[Tokens]:
    from s9s.services.tokens import Tokens
    from s9s.storage.database import Database
    from s9s.storage.tokens import TokenRecords

    async with await Database.open(url) as database:
        yield Tokens(TokenRecords(database))


def _seconds(text: str) -> int | None:
    from s9s.domain.durations import UNLIMITED, parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--expires'") from error
    return None if seconds == UNLIMITED else seconds


def _instant(epoch: int | None) -> str:
    from s9s.domain.instants import format_instant

    return "never" if epoch is None else format_instant(epoch)


def _fields(one: Token) -> dict[str, object]:
    """The token as JSON shows it: instants as RFC 3339."""
    return {
        "token_id": one.token_id,
        "user": one.user,
        "role": one.role,
        "scopes": sorted(one.scopes),
        "name": one.name,
        "tier": one.tier,
        **{
            key: None if at is None else _instant(at)
            for key in ("created_at", "expires_at", "revoked_at", "last_used_at")
            for at in (getattr(one, key),)
        },
    }
