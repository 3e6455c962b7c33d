"""`s9s serve`."""

from __future__ import annotations

import gc
from pathlib import Path

import click

from s9s.cli.options import configured, load


@click.command()
@click.option("--host", help="Address to listen on (S9S_HOST; 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (S9S_PORT; 8080); 0 takes any free one.")
@click.option(
    "--cluster",
    metavar="auto|simulated|slurmrestd|cli",
    help="Way to the cluster (S9S_CLUSTER); auto takes this host's Slurm, else the simulated cluster.",
)
@configured
def serve(
    host: str | None, port: int | None, cluster: str | None, config: Path | None, state_dir: Path | None
) -> None:
    """Serve the API until interrupted."""
    flags = {"server.host": host, "server.port": port, "cluster.mode": cluster}
    settings = load(config, state_dir, **flags)
    # The server's imports take most of a second, which `s9s serve --help` and bad flags need not wait for.
    from s9s import app

    gc.enable()
    app.serve(settings)
