"""`s9s worker`."""

from __future__ import annotations

from pathlib import Path

import click

from s9s.cli.options import configured, failures, load


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="At once.")
@configured
def worker(concurrency: int, config: Path | None, state_dir: Path | None) -> None:
    """Do background work: exports and reports.

    The server starts such processes by itself; this is one more of them, or, with `work.processes = 0`, the
    only one. Several may run. On SIGTERM what is under way goes back into the queue.
    """
    settings = load(config, state_dir)
    import asyncio

    from s9s.app.logs import configure_logging
    from s9s.app.worker import work_until_stopped

    configure_logging(settings.logging)
    with failures():
        asyncio.run(work_until_stopped(settings, concurrency=concurrency))
