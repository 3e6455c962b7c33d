"""`s9s client`: OAuth 2.0 clients, and the keys that their access tokens are signed with."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from s9s.cli.audit import audited
from s9s.cli.credentials import Wanted, described, fields_of, run, show_list, until, wish
from s9s.cli.options import configured, failures, load

if TYPE_CHECKING:
    from s9s.config import Settings
    from s9s.services.identity.tokens import Tokens


@click.group()
def client() -> None:
    """Make, list and revoke OAuth 2.0 clients: programs that get access tokens from /oauth/token."""


@client.command()
@described
@click.option("--json", "as_json", is_flag=True, help="Print the client and its secret as JSON.")
@configured
def create(as_json: bool, config: Path | None, state_dir: Path | None, **wanted: Unpack[Wanted]) -> None:
    """Make a client. Its secret is printed this once and kept nowhere.

    Id and secret go to standard output, a line each.
    """
    from s9s.domain.credentials import Kind

    asked = wish(Kind.CLIENT, wanted)
    secret, made = run(config, state_dir, lambda tokens: tokens.create(asked))
    if as_json:
        click.echo(
            json.dumps({"client_id": made.token_id, "client_secret": secret, **fields_of(made)}, indent=2)
        )
        return
    click.echo(f"Client {made.token_id}: {made.user}, {made.role}, {until(made)}. Shown this once:", err=True)
    click.echo(f"client_id={made.token_id}\nclient_secret={secret}")


@client.command("list")
@click.option("--all", "show_all", is_flag=True, help="Show revoked and expired clients too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def list_clients(show_all: bool, as_json: bool, config: Path | None, state_dir: Path | None) -> None:
    """List clients, oldest first; never their secrets."""
    from s9s.domain.credentials import Kind

    found = run(config, state_dir, lambda tokens: tokens.list())
    show_list((one for one in found if one.kind is Kind.CLIENT), show_all, as_json)


@client.command()
@click.argument("ids", metavar="ID...", nargs=-1, required=True, help="As `s9s client list` shows them.")
@configured
def revoke(ids: tuple[str, ...], config: Path | None, state_dir: Path | None) -> None:
    """Make clients invalid for good, and all their access tokens with them."""

    async def each(tokens: Tokens) -> None:
        for client_id in ids:
            await tokens.revoke(client_id)
            click.echo(f"Client {client_id} is revoked")

    run(config, state_dir, each)


@client.command("rotate-keys")
@click.option("--drop-old", is_flag=True, help="Make all access tokens that are out invalid at once.")
@configured
def rotate_keys(drop_old: bool, config: Path | None, state_dir: Path | None) -> None:
    """Sign new access tokens with a new key; it happens by itself once a month.

    Tokens that are signed with an older key stay valid until they expire.
    """
    kid = asyncio.run(_rotate(load(config, state_dir), keep_old=not drop_old))
    click.echo(f"Signing with {kid}")


async def _rotate(settings: Settings, *, keep_old: bool) -> str:
    from s9s.app.credentials import open_access_tokens
    from s9s.services.audit import Audit
    from s9s.services.identity.tokens import Tokens
    from s9s.storage.audit import AuditRecords
    from s9s.storage.database import Database
    from s9s.storage.signing_keys import UnusableKeys
    from s9s.storage.tokens import TokenRecords

    with failures():
        async with await Database.open(settings.database_url) as database:
            try:
                access_tokens = open_access_tokens(settings, Tokens(TokenRecords(database)))
                async with audited(Audit(AuditRecords(database)), click.get_current_context()):
                    return await access_tokens.rotate(keep_old=keep_old)
            except UnusableKeys as error:
                raise click.ClickException(str(error)) from error
