"""`s9s check`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from s9s.cli.options import configured, load

if TYPE_CHECKING:
    from s9s.cli.checks.findings import Finding
    from s9s.config import Settings

_COLORS = {"OK": "green", "WARN": "yellow", "FAIL": "red"}


@click.command()
@configured
def check(config: Path | None, state_dir: Path | None) -> None:
    """Test every connection, key, permission and version of a configuration.

    Changes nothing: an object that it puts into the bucket of files is deleted at once. Run it as the user
    whom the server runs as. Each line is OK, WARN or FAIL, followed by what to mend; the exit code is 1 when
    there is a FAIL.
    """
    settings = load(config, state_dir)
    levels = asyncio.run(_report(settings))
    click.echo(f"{levels['OK']} OK, {levels['WARN']} WARN, {levels['FAIL']} FAIL")
    if levels["FAIL"]:
        raise SystemExit(1)


async def _report(settings: Settings) -> Counter[str]:
    levels: Counter[str] = Counter()
    async for finding in _findings(settings):
        levels[finding.level.value] += 1
        level = click.style(f"{finding.level.value:<4}", fg=_COLORS[finding.level.value])
        click.echo(f"{level}  {finding.subject:<15}  {finding.text}")
        if finding.mend:
            click.echo(f"{'':>21}  mend: {finding.mend}")
    return levels


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    from s9s.cli.checks.cluster import check_cluster
    from s9s.cli.checks.database import check_database, valid_tokens
    from s9s.cli.checks.delivery import check_delivery
    from s9s.cli.checks.findings import fail
    from s9s.cli.checks.host import check_host
    from s9s.cli.checks.identity import check_identity

    for finding in check_host(settings):
        yield finding
    async for finding in check_database(settings):
        yield finding
    async for finding in check_identity(settings):
        yield finding
    async for finding in check_delivery(settings):
        yield finding
    users = {token.user for token in await valid_tokens(settings)}
    try:
        async for finding in check_cluster(settings, users):
            yield finding
    except Exception as error:
        yield fail("check", f"ended by {type(error).__name__}: {error}", "please report this")
