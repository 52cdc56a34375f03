"""What comes in as events from outside, and what was done about dead letters.

Revision ID: 0004
"""

from alembic import op

from shared import deadletters, updates

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    updates.create_tables(op)
    deadletters.create_tables(op)


def downgrade() -> None:
    """Not offered."""
    raise NotImplementedError("a revision is not undone: drop the schema")
