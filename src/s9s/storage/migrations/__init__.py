"""Bringing a database to the newest schema.

After a change of `tables/`, ``python -m s9s.storage.migrations "what it does"`` writes a new version,
``versions/NNNN_what_it_does.py``, to be read and
corrected; `tables.metadata.SCHEMA_VERSION` is raised with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, select, table, text
from sqlalchemy.sql import column

from s9s.storage.tables import SCHEMA_VERSION

if TYPE_CHECKING:
    from alembic.config import Config

#: Held by whoever migrates a PostgreSQL database; SQLite's writers exclude each other anyway.
_ADVISORY_LOCK: Final = 0x5395


class UnknownVersion(Exception):
    """The database has a version that this program does not know: a newer program made it."""


def version_of(connection: Connection) -> str | None:
    """The schema's version; ``None`` for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(select(column("version_num")).select_from(table("alembic_version")))


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest version, all of it or nothing.

    Must be called within a transaction that excludes other writers; whoever comes second finds nothing to do.

    Raises:
        UnknownVersion: The database is newer than this program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    current = version_of(connection)
    if current == SCHEMA_VERSION:
        return
    if current is not None and current > SCHEMA_VERSION:
        raise UnknownVersion(current)
    # Alembic is imported only when there is something to do: it costs a tenth of a second.
    from alembic import command

    command.upgrade(configuration(connection), "head")


def configuration(connection: Connection) -> Config:
    """What alembic's commands need to work on this connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
