"""Write a new migration from what `tables.py` has and the newest migration does not."""

from __future__ import annotations

import re
import sys

from alembic import command
from sqlalchemy import create_engine

from s9s.storage.migrations import configuration
from s9s.storage.tables import SCHEMA_VERSION


def main() -> None:
    """Run with the migration's description as the only argument."""
    message = " ".join(sys.argv[1:]) or sys.exit('usage: python -m s9s.storage.migrations "what it does"')
    number = f"{int(SCHEMA_VERSION) + 1:04}"
    with create_engine("sqlite://").begin() as connection:
        config = configuration(connection)
        config.set_main_option("file_template", f"{number}_{re.sub('[^a-z0-9]+', '_', message.lower())}")
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main()
