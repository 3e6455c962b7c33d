"""`s9s history`: filling the history of finished jobs, and how far it reaches."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from s9s.cli.options import configured, failures, load

if TYPE_CHECKING:
    from s9s.config import Settings
    from s9s.services.history.importing import Step

#: Longest wait for what Slurm has to say about the history's state.
_PATIENCE_SECONDS: Final = 30.0


@click.group()
def history() -> None:
    """Fill the history of finished jobs, and see how far it reaches.

    The server does that by itself, slowly; see the settings `history.days` and `history.since`.
    """


@history.command("import")
@click.option("--since", metavar="TIME", required=True, help="How far back: 2025-01-01, or a time.")
@click.option("--again", is_flag=True, help="Read anew what is there, too, for what has changed since.")
@configured
def import_jobs(since: str, again: bool, config: Path | None, state_dir: Path | None) -> None:
    """Record all jobs that ended since a day, newest first, as fast as accounting answers.

    A server may run meanwhile. When it is interrupted, the same command goes on where it was; while
    slurmdbd is down it waits.
    """
    from s9s.domain.instants import format_instant

    settings, start = load(config, state_dir), _instant(since)
    reached: list[Step] = []
    began = time.monotonic()
    try:
        with failures():
            asyncio.run(_import(settings, start, again, reached))
    except KeyboardInterrupt:
        where = format_instant(reached[-1].since) if reached else "the beginning"
        click.echo(f"Interrupted at {where}; the same command goes on from there.", err=True)
        raise SystemExit(130) from None
    step, seconds = reached[-1], max(time.monotonic() - began, 0.001)
    click.echo(
        f"Read {step.read} jobs in {seconds:.0f} s ({step.read / seconds:.0f} a second), "
        f"{step.changed} of them new or changed; all that ended since {format_instant(start)} is recorded."
    )


async def _import(settings: Settings, since: int, again: bool, reached: list[Step]) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from s9s.app.clusters import open_backend
    from s9s.app.history import history_key
    from s9s.backends.base import SupportsFiles
    from s9s.domain.instants import format_instant
    from s9s.services.history.importing import Importer
    from s9s.storage.database import Database
    from s9s.storage.history import HistoryRecords

    async with AsyncExitStack() as stack:
        backend = await open_backend(settings)
        stack.push_async_callback(backend.close)
        if isinstance(backend, SupportsFiles):
            raise click.ClickException(
                "A simulated cluster lives in its server, which keeps its history: nothing to import."
            )
        info = await backend.discover()
        if not info.has_accounting:
            raise click.ClickException("The cluster has no accounting: there is nothing to import.")
        database = await stack.enter_async_context(await Database.open(settings.database_url))
        bar = stack.enter_context(
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %  {task.fields[jobs]} jobs  {task.fields[note]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
        )
        now = int(time.time())
        task = bar.add_task("history", total=max(1, now - since), jobs=0, note="")

        def told(step: Step) -> None:
            reached.append(step)
            del reached[:-1]
            note = (
                f"waiting: {step.waits_for}"
                if step.waits_for
                else f"back to {format_instant(step.since)[:10]}"
            )
            bar.update(task, completed=now - max(since, step.since), jobs=step.read, note=note)

        importer = Importer(backend, history_key(settings), HistoryRecords(database))
        await importer.run(since, now, told, again=again)


@history.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@configured
def status(as_json: bool, config: Path | None, state_dir: Path | None) -> None:
    """Say how many jobs are recorded, and from when to when everything is.

    Also how many jobs run according to accounting that slurmctld does not know: no history has them. That is
    asked of Slurm's commands; where they are not here or do not answer (`null` in JSON), a running server
    tells it in GET /v1/status.
    """
    from s9s.domain.instants import format_instant

    settings = load(config, state_dir)
    with failures():
        count, span, lost = asyncio.run(_status(settings))
    since, until = (format_instant(span[0]), format_instant(span[1])) if span else (None, None)
    if as_json:
        click.echo(json.dumps({"jobs": count, "since": since, "until": until, "runaway_jobs": lost}))
        return
    if span:
        click.echo(f"{count} jobs; everything that ended from {since} to {until} is recorded.")
    else:
        click.echo(f"{count} jobs; the history has not begun.")
    if lost:
        click.echo(f"{lost} jobs run for accounting only, so no history has them: sacctmgr show runawayjobs")


async def _status(settings: Settings) -> tuple[int, tuple[int, int] | None, int | None]:
    from s9s.app.history import history_key
    from s9s.domain.queries import JobQuery
    from s9s.storage.database import Database
    from s9s.storage.history import HistoryRecords

    async with await Database.open(settings.database_url) as database:
        records, key = HistoryRecords(database), history_key(settings)
        progress = await records.progress(key)
        span = None if progress is None else (progress.since, progress.until)
        return await records.count(key, JobQuery()), span, await _runaways(settings)


async def _runaways(settings: Settings) -> int | None:
    """How many jobs have no end in accounting, by Slurm's commands; ``None`` where these cannot tell."""
    from s9s.app.clusters import falls_back, find_slurm, open_backend
    from s9s.backends.base import everything
    from s9s.backends.processes import Processes
    from s9s.domain.errors import S9SError
    from s9s.services.history.asking import count_runaways

    if settings.cluster.mode == "simulated":
        return None
    async with AsyncExitStack() as stack:
        processes = Processes(concurrency=settings.limits.max_processes, sudo=settings.cluster.sudo)
        stack.callback(processes.close)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                if falls_back(settings, await find_slurm(settings, processes)):
                    return None  # not opened: that could end the jobs of a server on the same directory
                backend = await open_backend(settings, processes)
                stack.push_async_callback(backend.close)
                if not (await backend.discover()).has_accounting:
                    return None
                jobs = {str(job.numeric_id): job for job in await everything(backend.jobs_feed())}
                return await count_runaways(backend, jobs.get, int(time.time()))
        except (S9SError, TimeoutError):
            return None


def _instant(text: str) -> int:
    from s9s.domain.instants import parse_instant

    try:
        return parse_instant(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--since") from error
