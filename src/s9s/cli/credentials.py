"""What the commands about credentials share: options, the database, and how a credential is shown."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from s9s.cli.audit import audited
from s9s.cli.options import failures, load

if TYPE_CHECKING:
    from s9s.domain.credentials import Kind, Token
    from s9s.services.audit import Audit
    from s9s.services.identity.tokens import Tokens, Wish

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Wanted(TypedDict):
    """What the options of `described` say."""

    user: str | None
    role: str
    name: str | None
    expires: str | None
    scopes: str | None
    accounts: str | None
    partitions: str | None
    networks: str | None
    own_jobs_only: bool
    tier: str


_OPTIONS = (
    click.option("--user", help="The Slurm user as whom its holder acts; unless root, you by default."),
    click.option(
        "--role",
        type=click.Choice(["auto", "user", "operator", "admin"]),
        default="auto",
        show_default=True,
        help="How much its holder sees at most; it is never more than Slurm says of the user (AdminLevel), "
        "and `auto` is just that. What may be changed is Slurm's decision.",
    ),
    click.option("--name", help="To tell it from others."),
    click.option(
        "--expires", metavar="TIME", help="How long it is valid: 30d, 12h, ...; for ever by default."
    ),
    click.option(
        "--scopes", metavar="LIST", help="jobs:read,jobs:write,...; all that the role may by default."
    ),
    click.option("--accounts", metavar="LIST", help="Only jobs of these accounts."),
    click.option("--partitions", metavar="LIST", help="Only jobs in these partitions."),
    click.option("--own-jobs-only", is_flag=True, help="Only the user's own jobs."),
    click.option("--networks", metavar="LIST", help="Only from these: 192.0.2.0/24,2001:db8::/32."),
    click.option(
        "--tier",
        type=click.Choice(["free", "pro", "enterprise"]),
        default="free",
        show_default=True,
        help="Of the rate limits.",
    ),
)


def described(command: F) -> F:
    """The options that say what a new credential is to be: `Wanted` as keywords."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def wish(kind: Kind, wanted: Wanted) -> Wish:
    """What the options ask for. Raises `ValidationError`; ends the command for options that are missing."""
    from s9s.services.identity.roles import role_or_none
    from s9s.services.identity.tokens import Wish, restrictions_of

    user = wanted["user"]
    if user is None and os.geteuid() == 0:
        raise click.UsageError("Missing option '--user'.")
    with failures():
        restrictions = restrictions_of(
            _listed(wanted["accounts"]),
            _listed(wanted["partitions"]),
            _listed(wanted["networks"]),
            wanted["own_jobs_only"],
        )
    return Wish(
        kind=kind,
        user=user or pwd.getpwuid(os.geteuid()).pw_name,
        role=role_or_none(wanted["role"]),
        scopes=frozenset(_listed(wanted["scopes"])),
        restrictions=restrictions,
        name=wanted["name"],
        expires_in=_seconds(wanted["expires"]) if wanted["expires"] else None,
        tier=wanted["tier"],
    )


def run(config: Path | None, state_dir: Path | None, work: Callable[[Tokens], Coroutine[Any, Any, T]]) -> T:
    """What `work` makes of the credentials of the configured database; audited unless it only lists them."""
    settings = load(config, state_dir)
    context = click.get_current_context()

    async def main() -> T:
        async with _open(settings.database_url) as (tokens, audit):
            if context.command.name == "list":
                return await work(tokens)
            async with audited(audit, context):
                return await work(tokens)

    with failures():
        return asyncio.run(main())


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[tuple[Tokens, Audit]]:
    from s9s.services.audit import Audit
    from s9s.services.identity.tokens import Tokens
    from s9s.storage.audit import AuditRecords
    from s9s.storage.database import Database
    from s9s.storage.tokens import TokenRecords

    async with await Database.open(url) as database:
        yield Tokens(TokenRecords(database)), Audit(AuditRecords(database))


def show_list(found: Iterable[Token], show_all: bool, as_json: bool) -> None:
    """A table, or JSON."""
    now = time.time()
    shown = [one for one in found if show_all or one.is_valid(now)]
    if as_json:
        click.echo(json.dumps([fields_of(one) for one in shown], indent=2))
        return
    heads = (
        "ID",
        "USER",
        "ROLE",
        "SCOPES",
        "ONLY",
        "TIER",
        "CREATED",
        "EXPIRES",
        "LAST USED",
        "STATE",
        "NAME",
    )
    rows = [
        (
            one.token_id,
            one.user,
            one.role,
            ",".join(sorted(one.scopes)) or "all",
            _narrowing(one),
            one.tier,
            instant(one.created_at),
            instant(one.expires_at),
            instant(one.last_used_at),
            "valid" if one.is_valid(now) else "expired" if one.revoked_at is None else "revoked",
            one.name or "",
        )
        for one in shown
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def until(one: Token) -> str:
    """Until when it is valid, in words."""
    return "for ever" if one.expires_at is None else f"until {instant(one.expires_at)}"


def instant(epoch: int | None) -> str:
    """A time, or ``never``."""
    from s9s.domain.instants import format_instant

    return "never" if epoch is None else format_instant(epoch)


def fields_of(one: Token) -> dict[str, object]:
    """The credential as JSON shows it: instants as RFC 3339."""
    return {
        "token_id": one.token_id,
        "kind": one.kind.value,
        "user": one.user,
        "role": one.role,
        "scopes": sorted(one.scopes),
        "accounts": sorted(one.restrictions.accounts),
        "partitions": sorted(one.restrictions.partitions),
        "networks": sorted(one.restrictions.networks),
        "own_jobs_only": one.restrictions.own_jobs_only,
        "name": one.name,
        "tier": one.tier,
        "created_by": one.created_by,
        **{
            key: None if at is None else instant(at)
            for key in ("created_at", "expires_at", "revoked_at", "last_used_at")
            for at in (getattr(one, key),)
        },
    }


def _narrowing(one: Token) -> str:
    narrow = one.restrictions
    parts = [*sorted(narrow.accounts), *sorted(narrow.partitions), *sorted(narrow.networks)]
    return ",".join(["own jobs", *parts] if narrow.own_jobs_only else parts) or "-"


def _listed(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()] if text else []


def _seconds(text: str) -> int | None:
    from s9s.domain.durations import UNLIMITED, parse_duration

    try:
        seconds = parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--expires'") from error
    return None if seconds == UNLIMITED else seconds
