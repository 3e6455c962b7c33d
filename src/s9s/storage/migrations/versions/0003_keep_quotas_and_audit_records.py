"""Keep quotas and audit records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# REPLACE deletes a row without the trigger for it: so nothing may be inserted but at the end.
_SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER audit_append_only BEFORE INSERT ON audit
    WHEN new.number <= (SELECT max(number) FROM audit)
    BEGIN SELECT raise(ABORT, 'audit records are appended one after the other'); END
    """,
    """
    CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
    BEGIN SELECT raise(ABORT, 'audit records cannot be changed'); END
    """,
    """
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    BEGIN SELECT raise(ABORT, 'audit records cannot be deleted'); END
    """,
    """
    CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head WHEN new.number <= old.number
    BEGIN SELECT raise(ABORT, 'the audit log only grows'); END
    """,
    """
    CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
    BEGIN SELECT raise(ABORT, 'the audit log only grows'); END
    """,
)


def upgrade() -> None:
    op.create_table(
        "quotas",
        sa.Column("credential", sa.String(256), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("credential", name="pk_quotas"),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("intent", sa.BigInteger()),
        sa.Column("action", sa.String(64)),
        sa.Column("user", sa.String(256)),
        sa.Column("credential", sa.String(256)),
        sa.Column("address", sa.String(64)),
        sa.Column("method", sa.String(16)),
        sa.Column("route", sa.String(256)),
        sa.Column("resource", sa.String(512)),
        sa.Column("what", sa.Text()),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("result", sa.String(32)),
        sa.Column("status", sa.Integer()),
        sa.Column("request_id", sa.String(128)),
        sa.Column("previous", sa.LargeBinary(32), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_intent", "audit", ["intent"])
    op.create_index("ix_audit_user", "audit", ["user", "number"])
    op.create_index("ix_audit_request_id", "audit", ["request_id"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_audit_head_one"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": bytes(32)}])
    if op.get_bind().dialect.name != "sqlite":
        raise NotImplementedError("there are no triggers yet that keep audit records in such a database")
    for trigger in _SQLITE_TRIGGERS:
        op.execute(trigger)


def downgrade() -> None:
    op.drop_table("audit_head")
    op.drop_table("audit")
    op.drop_table("quotas")
