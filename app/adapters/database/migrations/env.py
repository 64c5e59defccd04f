"""Runs the revisions on the connection that ``migrating.upgrade`` hands over."""

from alembic import context

from app.adapters.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll back a table like a row; Alembic only assumes it cannot.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
