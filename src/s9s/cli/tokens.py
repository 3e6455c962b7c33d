"""`s9s token`: issue, list and revoke bearer tokens and API keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from s9s.cli.credentials import Wanted, described, fields_of, run, show_list, until, wish
from s9s.cli.options import configured

if TYPE_CHECKING:
    from s9s.services.identity.tokens import Tokens


@click.group()
def token() -> None:
    """Issue, list and revoke bearer tokens and API keys.

    A running server knows a new token at once, and a revoked one no longer within a second.
    """


@token.command()
@described
@click.option("--api-key", is_flag=True, help="Make an API key, for the header X-API-Key.")
@click.option("--json", "as_json", is_flag=True, help="Print the token and its secret as JSON.")
@click.option("--quiet", is_flag=True, help="Print nothing but the secret.")
@configured
def create(
    api_key: bool,
    as_json: bool,
    quiet: bool,
    config: Path | None,
    state_dir: Path | None,
    **wanted: Unpack[Wanted],
) -> None:
    """Issue a token. Its secret is printed this once and kept nowhere.

    The secret alone goes to standard output, so that it can be caught in a variable.
    """
    from s9s.domain.credentials import Kind

    asked = wish(Kind.API_KEY if api_key else Kind.TOKEN, wanted)
    secret, made = run(config, state_dir, lambda tokens: tokens.create(asked))
    if as_json:
        click.echo(json.dumps({"token": secret, **fields_of(made)}, indent=2))
        return
    if not quiet:
        click.echo(
            f"Token {made.token_id}: {made.user}, {made.role}, {until(made)}. Shown this once:", err=True
        )
    click.echo(secret)


@token.command("list")
@click.option("--all", "show_all", is_flag=True, help="Show revoked and expired tokens too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def list_tokens(show_all: bool, as_json: bool, config: Path | None, state_dir: Path | None) -> None:
    """List credentials of every kind, oldest first; never their secrets."""
    show_list(run(config, state_dir, lambda tokens: tokens.list()), show_all, as_json)


@token.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, help="As `s9s token list` shows them.")
@configured
def revoke(ids: tuple[str, ...], config: Path | None, state_dir: Path | None) -> None:
    """Make tokens, or credentials of any other kind, invalid for good."""

    async def each(tokens: Tokens) -> None:
        for token_id in ids:
            await tokens.revoke(token_id)
            click.echo(f"Token {token_id} is revoked")

    run(config, state_dir, each)
