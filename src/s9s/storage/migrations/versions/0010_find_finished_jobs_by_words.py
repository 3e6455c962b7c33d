"""Find finished jobs by words."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

_FIELDS = ("job_name", "user", "account", "partition", "qos", "state")
_NAMES = ", ".join(_FIELDS)


def _of(row: str) -> str:
    return ", ".join(f"{row}.{name}" for name in _FIELDS)


def _forget(row: str) -> str:
    # The index keeps no copy of the words, and has to be told what it forgets.
    columns = f"finished_words(finished_words, rowid, {_NAMES})"
    return f"INSERT INTO {columns} VALUES('delete', {row}.number, {_of(row)});"


def _add(row: str) -> str:
    return f"INSERT INTO finished_words(rowid, {_NAMES}) VALUES({row}.number, {_of(row)});"


_CHANGED = " OR ".join(f"old.{name} IS NOT new.{name}" for name in _FIELDS)


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        # PostgreSQL searches with what it has; see storage.history_search.
        return
    options = "content='', detail=column, columnsize=0, prefix='2 3'"
    op.execute(f"CREATE VIRTUAL TABLE finished_words USING fts5({_NAMES}, {options})")
    op.execute(
        f"INSERT INTO finished_words(rowid, {_NAMES}) "  # noqa: S608  # constants
        f"SELECT number, {_NAMES} FROM finished_jobs ORDER BY number"
    )
    for event, deeds in (
        ("INSERT", f"BEGIN {_add('new')} END"),
        ("DELETE", f"BEGIN {_forget('old')} END"),
        ("UPDATE", f"WHEN {_CHANGED} BEGIN {_forget('old')} {_add('new')} END"),
    ):
        op.execute(f"CREATE TRIGGER finished_words_{event.lower()} AFTER {event} ON finished_jobs {deeds}")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER finished_words_{event}")
        op.execute("DROP TABLE finished_words")
