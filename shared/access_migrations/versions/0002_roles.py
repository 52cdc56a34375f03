"""The role that a key was made for, by which limits may differ."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Keys that were made before have none."""
    op.execute("ALTER TABLE api_key ADD COLUMN role text")
