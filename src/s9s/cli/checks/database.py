"""Checks of the database, and of the tokens in it."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from s9s.cli.checks.findings import Finding, fail, nearest_existing, ok, warn
from s9s.config import Settings
from s9s.domain.credentials import Token
from s9s.storage.database import Database, DatabaseUnavailable
from s9s.storage.tables import SCHEMA_VERSION
from s9s.storage.tokens import TokenRecords

_SUBJECT = "database"


async def check_database(settings: Settings) -> AsyncIterator[Finding]:
    """Whether it can be opened, and of which version it is."""
    url = settings.database_url
    try:
        async with await Database.open(url, create=False) as database:
            version = await database.schema_version()
            async with database.write():
                pass
    except FileNotFoundError:
        directory = nearest_existing(Path(url.removeprefix("sqlite:///")).parent)
        if directory.is_dir() and os.access(directory, os.W_OK | os.X_OK):
            yield ok(_SUBJECT, f"{url} will be made")
        else:
            yield fail(
                _SUBJECT, f"{url} cannot be made in {directory}", "set database.url, or mend the directory"
            )
        return
    except DatabaseUnavailable as error:
        yield fail(_SUBJECT, f"{url}: {error}", "check the file, its owner and the room on its disk")
        return
    if version == SCHEMA_VERSION:
        yield ok(_SUBJECT, f"{url}, schema {version}")
    elif version is not None and version > SCHEMA_VERSION:
        yield fail(
            _SUBJECT,
            f"{url} has schema {version}, and this program knows only {SCHEMA_VERSION}",
            "use the newer S9S that made it, or another database",
        )
    else:
        yield warn(
            _SUBJECT,
            f"{url} has {f'schema {version}' if version else 'no schema'}",
            f"nothing to do: the next start brings it to {SCHEMA_VERSION}; keep a copy of the file",
        )


async def valid_tokens(settings: Settings) -> list[Token]:
    """The tokens that work now; none where there is no database, or none of this version."""
    try:
        async with await Database.open(settings.database_url, create=False) as database:
            if await database.schema_version() != SCHEMA_VERSION:
                return []
            return [token for token in await TokenRecords(database).all() if token.is_valid(time.time())]
    except (FileNotFoundError, DatabaseUnavailable):
        return []
