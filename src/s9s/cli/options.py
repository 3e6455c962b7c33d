"""What the commands have in common: finding the configuration, and telling of failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from s9s.config import Settings

F = TypeVar("F", bound=Callable[..., Any])


def configured(command: F) -> F:
    """The options that say where the configuration is: parameters `config` and `state_dir`."""
    path = click.Path(path_type=Path)
    command = click.option("--state-dir", type=path, help="Directory of the server's files (S9S_STATE_DIR).")(
        command
    )
    return click.option(
        "--config", type=path, help="TOML file (S9S_CONFIG); else s9s.toml in the state directory."
    )(command)


def load(config: Path | None, state_dir: Path | None, **flags: object) -> Settings:
    """The settings; `flags` are dotted keys, ``**{"server.port": 9000}``. Bad ones end the command."""
    from s9s.config import BadConfiguration, load_settings

    try:
        return load_settings(config, {"server.state_dir": state_dir, **flags})
    except BadConfiguration as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def failures() -> Iterator[None]:
    """Turns what can go wrong in the storage and the services into one line for a person."""
    from s9s.domain.errors import S9SError
    from s9s.storage.database import DatabaseUnavailable

    try:
        yield
    except DatabaseUnavailable as error:
        raise click.ClickException(str(error)) from error
    except S9SError as error:
        raise click.ClickException(_sentence(error)) from error


def _sentence(error: Any) -> str:
    allowed = error.details.get("allowed")
    if allowed is None:
        return str(error.message)
    return f"{error.message}; allowed: {', '.join(allowed) if isinstance(allowed, list) else allowed}"
