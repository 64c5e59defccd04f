"""SQLite or PostgreSQL behind the database ports."""
