"""What outlives a restart: SQLAlchemy Core on an embedded SQLite file, one module for each noun."""
