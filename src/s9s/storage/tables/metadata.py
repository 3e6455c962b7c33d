"""What all tables have in common."""

from __future__ import annotations

from typing import Final

from sqlalchemy import MetaData

#: The newest migration. A database of another version is migrated, or refused when it is newer.
SCHEMA_VERSION: Final = "0014"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
