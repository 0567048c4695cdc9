"""A pack's decisions as SQL: one statement each, for a table of loans in a database."""
