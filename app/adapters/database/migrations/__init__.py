"""Alembic environment and revisions; they are part of the installed package."""
