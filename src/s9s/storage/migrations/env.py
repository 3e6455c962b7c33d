"""What alembic runs: the migrations, on the connection and in the transaction of whoever called it."""

from alembic import context

from s9s.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    # SQLite cannot alter most things in place: batch operations copy the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
