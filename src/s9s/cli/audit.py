"""`s9s audit`: what was done by whom, and whether the log of it is as it was written."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from s9s.cli.options import configured, failures, load

if TYPE_CHECKING:
    from s9s.domain.audit import AuditRecord, Entry
    from s9s.services.audit import Audit

T = TypeVar("T")


@click.group()
def audit() -> None:
    """Read and verify the audit log.

    It holds every write, failed login, change of a credential and refusal. Nothing here changes it.
    """


@audit.command("list")
@click.option("--user", metavar="LIST", help="As whom it was done.")
@click.option("--action", metavar="LIST", help="submit_job,cancel_job,login,...")
@click.option("--resource", help="jobs/12345, or jobs for all of them.")
@click.option("--since", metavar="TIME", help="Earliest time: 2026-11-23T09:00:00Z, a date, epoch seconds.")
@click.option("--until", metavar="TIME", help="Latest time.")
@click.option("--result", metavar="LIST", help="SUCCESS, PARTIAL, UNKNOWN or error codes.")
@click.option("--request-id", help="The X-Request-ID of an answer.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="At most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def list_records(
    user: str | None,
    action: str | None,
    resource: str | None,
    since: str | None,
    until: str | None,
    result: str | None,
    request_id: str | None,
    limit: int,
    as_json: bool,
    config: Path | None,
    state_dir: Path | None,
) -> None:
    """List what was done, the newest last."""
    from s9s.domain.audit import AuditFilter

    wanted = AuditFilter(
        users=_words(user),
        actions=_words(action),
        resource=resource,
        since=_instant("--since", since),
        until=_instant("--until", until),
        results=_words(result.upper() if result else None),
        request_id=request_id,
    )
    page = _run(config, state_dir, lambda log: log.page(wanted, limit=limit))
    entries = page.items[::-1]
    if as_json:
        import msgspec

        from s9s.api.schemas.audit import audit_document

        documents = msgspec.json.encode([audit_document(entry) for entry in entries])
        click.echo(msgspec.json.format(documents, indent=2).decode())
        return
    heads = ("NUMBER", "TIME", "USER", "CREDENTIAL", "FROM", "ACTION", "RESOURCE", "RESULT")
    rows = [_row(entry) for entry in entries]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@audit.command()
@click.option(
    "--head",
    "heads",
    metavar="NUMBER:HASH",
    multiple=True,
    help="What an earlier run printed, kept where nobody could change it. May be given several times.",
)
@configured
def verify(heads: tuple[str, ...], config: Path | None, state_dir: Path | None) -> None:
    """Tell whether the log is as it was written.

    Finds records that were edited, that are missing or that stand in another order. The exit code is 1 when
    there is one. The last line names the newest record and its hash: kept elsewhere, it tells the next
    time whether the whole log was written anew.
    """
    anchors = dict(_anchor(one) for one in heads)
    verdict = _run(config, state_dir, lambda log: log.verify(anchors))
    for flaw in verdict.flaws:
        click.echo(flaw)
    click.echo(f"{verdict.count} records, flaws: {len(verdict.flaws)}")
    click.echo(f"head {verdict.number}:{verdict.hash.hex()}")
    if verdict.flaws:
        raise SystemExit(1)


@audit.command()
@click.option("--after", type=click.IntRange(0), default=0, help="Only records beyond this number.")
@configured
def export(after: int, config: Path | None, state_dir: Path | None) -> None:
    """Print every record as it is kept, a JSON object a line, with its hash and the one before."""

    async def each(log: Audit) -> None:
        async for record in log.walk(after):
            click.echo(json.dumps(_raw(record), ensure_ascii=False))

    _run(config, state_dir, each)


def _run(config: Path | None, state_dir: Path | None, work: Callable[[Audit], Coroutine[Any, Any, T]]) -> T:
    settings = load(config, state_dir)

    async def main() -> T:
        async with _open(settings.database_url) as log:
            return await work(log)

    with failures():
        return asyncio.run(main())


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Audit]:
    from s9s.services.audit import Audit
    from s9s.storage.audit import AuditRecords
    from s9s.storage.database import Database

    async with await Database.open(url) as database:
        yield Audit(AuditRecords(database))


@asynccontextmanager
async def audited(log: Audit, context: click.Context) -> AsyncIterator[None]:
    """Around what a command changes: recorded before and after it, under the name of whoever runs it."""
    from s9s.domain.errors import S9SError
    from s9s.services.audit import SUCCESS, Deed

    given = {name: value for name, value in context.params.items() if value not in (None, False, ())}
    words = [one.info_name or "" for one in (context.parent, context) if one]
    deed = Deed(
        action=" ".join(words),
        user=pwd.getpwuid(os.getuid()).pw_name,
        credential="cli",
        what={name: value for name, value in given.items() if name not in ("config", "state_dir")},
    )
    intent = await log.begin(deed)
    try:
        yield
    except S9SError as error:
        await log.finish(intent, error.code)
        raise
    else:
        await log.finish(intent, SUCCESS)
    finally:
        await log.stop()


def _words(text: str | None) -> frozenset[str] | None:
    return frozenset(part.strip() for part in text.split(",") if part.strip()) if text else None


def _instant(option: str, text: str | None) -> int | None:
    from s9s.domain.instants import parse_instant

    try:
        return None if text is None else parse_instant(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=f"'{option}'") from error


def _anchor(text: str) -> tuple[int, bytes]:
    found = re.fullmatch(r"(?:head )?(\d{1,18}):([0-9a-f]{64})", text.strip(), re.ASCII)
    if found is None:
        raise click.BadParameter("a number, a colon and a hash", param_hint="'--head'")
    return int(found[1]), bytes.fromhex(found[2])


def _row(entry: Entry) -> tuple[str, ...]:
    from s9s.domain.instants import format_instant

    one = entry.record
    cells = (one.user, one.credential, one.address, one.action, entry.resource, entry.result)
    return (str(one.number), format_instant(one.at), *(cell or "-" for cell in cells))


def _raw(record: AuditRecord) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in record.__struct_fields__}
    return {key: value.hex() if isinstance(value, bytes) else value for key, value in values.items()}
