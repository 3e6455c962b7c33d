"""Keep credentials of every kind, and what narrows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("tokens", sa.Column("kind", sa.String(16), nullable=False, server_default="token"))
    op.add_column("tokens", sa.Column("restrictions", sa.Text()))
    op.add_column("tokens", sa.Column("created_by", sa.String(64)))


def downgrade() -> None:
    with op.batch_alter_table("tokens") as batch:
        batch.drop_column("created_by")
        batch.drop_column("restrictions")
        batch.drop_column("kind")
