"""The SQL store, and the only room that speaks SQLAlchemy."""
