"""The database: records, sessions and the schema's version."""
