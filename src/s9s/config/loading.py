"""Reading settings from the file, the environment and the command line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from s9s.config.section import describe_allowed
from s9s.config.server import default_state_dir
from s9s.config.settings import Settings, sections

#: Where a system-wide configuration is looked for when the state directory holds none.
SYSTEM_FILE: Final = Path("/etc/s9s/s9s.toml")

#: Environment variables that are shorter than the rule ``S9S_SECTION__KEY`` makes them.
SHORT_NAMES: Final = {
    "S9S_STATE_DIR": "server.state_dir",
    "S9S_HOST": "server.host",
    "S9S_PORT": "server.port",
    "S9S_CLUSTER": "cluster.mode",
}


class BadConfiguration(Exception):
    """The configuration cannot be used: ``str()`` has one line for each bad value, with what is allowed."""


def _environment() -> dict[str, dict[str, str]]:
    """What ``S9S_SECTION__KEY`` and the short names say; any other ``S9S_`` name is a client's business."""
    found: dict[str, dict[str, str]] = {}
    for name, value in os.environ.items():
        key = SHORT_NAMES.get(name) or name.removeprefix("S9S_").lower().replace("__", ".", 1)
        if name.startswith("S9S_") and "." in key and value:
            section, _, rest = key.partition(".")
            found.setdefault(section, {})[rest] = value
    return found


def load_settings(config_file: Path | None = None, flags: Mapping[str, object] | None = None) -> Settings:
    """Read the configuration.

    Args:
        config_file: The file to read. ``None`` is ``S9S_CONFIG``, else ``s9s.toml`` in the state directory if
            there is one, else `SYSTEM_FILE` if it can be read, else none.
        flags: Dotted keys to values, ``{"server.port": 9000}``; ``None`` as a value means not given.

    Raises:
        BadConfiguration: A file that cannot be read, an unknown key or a bad value.
    """
    flagged: dict[str, dict[str, object]] = {}
    for key, value in (flags or {}).items():
        if value is not None:
            section, _, name = key.partition(".")
            flagged.setdefault(section, {})[name] = value
    environment = _environment()
    state_dir = {**environment.get("server", {}), **flagged.get("server", {})}.get("state_dir")
    path = _find_file(config_file, Path(str(state_dir)).expanduser() if state_dir else default_state_dir())
    file = _read(path) if path else {}
    merged = dict(file)
    for source in (environment, flagged):
        for section, values in source.items():
            below = merged.get(section, {})
            merged[section] = {**below, **values} if isinstance(below, dict) else below
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        origins = ((flagged, "command line"), (environment, "environment"), (file, str(path)))
        raise BadConfiguration("\n".join(_explain(one, origins) for one in error.errors())) from None
    settings._config_file = path
    return settings


def _find_file(given: Path | None, state_dir: Path) -> Path | None:
    if given is None and (named := os.environ.get("S9S_CONFIG")):
        given = Path(named)
    if given is not None:
        return given.expanduser().absolute()
    own = state_dir.absolute() / "s9s.toml"
    # Not Path.exists(), which raises where a directory above cannot be entered.
    if os.path.exists(own):
        return own
    # An ordinary user's personal server need not be able to read the site's file.
    return SYSTEM_FILE if os.access(SYSTEM_FILE, os.R_OK) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfiguration(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise BadConfiguration(f"{path}: not valid TOML: {error}") from None


def _explain(error: ErrorDetails, origins: tuple[tuple[Mapping[str, Any], str], ...]) -> str:
    """One line for one of pydantic's errors: key, value, where it came from, what is allowed."""
    tables = sections()
    section, *rest = (str(part) for part in error["loc"])
    name = rest[0] if rest else None
    # A table that is none was one in no source above the file.
    candidates = origins if name else reversed(origins)
    origin = next((text for values, text in candidates if _holds(values, section, name)), "default")
    # A database's address may hold a password, and so may a table.
    value = "{...}" if name is None else re.sub(r"://[^@/\s]*@", "://***@", repr(error["input"]))
    if section not in tables:
        allowed = f"unknown section; there are {', '.join(tables)}"
    elif name is None:
        allowed = f"allowed: a table with {', '.join(tables[section].model_fields)}"
    elif name not in tables[section].model_fields:
        allowed = f"unknown key; [{section}] has {', '.join(tables[section].model_fields)}"
    else:
        allowed = f"allowed: {describe_allowed(tables[section].model_fields[name])}"
    return f"{f'{section}.{name}' if name else section} = {value} ({origin}): {allowed}"


def _holds(values: Mapping[str, Any], section: str, name: str | None) -> bool:
    table = values.get(section)
    return name in table if isinstance(table, Mapping) and name else section in values
