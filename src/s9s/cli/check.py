"""`s9s check`."""

from __future__ import annotations

import click


@click.command()
def check() -> None:
    """Test every connection, key, permission and version of a configuration."""
    raise click.ClickException("not built yet")
