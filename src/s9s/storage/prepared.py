"""Statements that are the same each time, so that a driver can run them without SQLAlchemy.

For the few that nearly every write of a client waits for: beside what SQLite takes for them, SQLAlchemy's way
from a statement to the driver is twice as long, and more when caches are cold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement

_SQLITE: Final = sqlite.dialect(paramstyle="named")


class Prepared:
    """A statement.

    Args:
        statement: As SQLAlchemy knows it, which is what other databases than SQLite are given.
        values: The columns that an insert or update is given values for.
    """

    def __init__(self, statement: ClauseElement, *values: str) -> None:
        assert isinstance(statement, Executable)
        self.statement: Final[Executable] = statement
        self.text: Final = str(statement.compile(dialect=_SQLITE, column_keys=list(values) or None))


class Run(Protocol):
    """Runs statements within one transaction."""

    def __call__(self, statement: Prepared, values: Mapping[str, Any] = ..., /) -> Sequence[tuple[Any, ...]]:
        """The statement's rows. `values` are by name, and only such that a driver takes as they are."""
        ...


def run_by(connection: Connection) -> Run:
    """Runs statements as SQLAlchemy does, on any database."""

    def run(statement: Prepared, values: Mapping[str, Any] | None = None, /) -> Sequence[tuple[Any, ...]]:
        result = connection.execute(statement.statement, values)
        return [tuple(row) for row in result] if result.returns_rows else ()

    return run
