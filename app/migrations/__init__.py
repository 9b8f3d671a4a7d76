"""The schema's history (Alembic) and the function that brings a database up to date."""
