"""Everything on one machine, without Docker: PostgreSQL, the broker and the services as children of one process."""
