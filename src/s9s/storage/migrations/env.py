"""What alembic runs: the migrations, on the connection and in the transaction of whoever called it."""

from alembic import context

from s9s.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    # SQLite cannot alter most things in place: batch operations copy the table.
    render_as_batch=True,
    # What an index of words consists of is SQLite's own business.
    include_name=lambda name, kind, _: kind != "table" or not (name or "").startswith("finished_words"),
)
with context.begin_transaction():
    context.run_migrations()
