"""API keys: who may call, with which scopes, until when. Only keyed hashes are stored."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.execute("""
        CREATE TABLE api_key (
            prefix     text PRIMARY KEY,
            hash       bytea NOT NULL UNIQUE,
            name       text NOT NULL,
            scopes     text[] NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            expires_at timestamptz,
            revoked_at timestamptz
        )""")
    op.execute("CREATE INDEX api_key_name ON api_key (name)")
