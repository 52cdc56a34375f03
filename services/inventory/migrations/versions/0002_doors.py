"""What comes in by file and as events from outside, and what was done about dead letters.

Revision ID: 0002
"""

from alembic import op

from shared import deadletters, imports, updates

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    imports.create_tables(op)
    updates.create_tables(op)
    deadletters.create_tables(op)


def downgrade() -> None:
    """What came in would come in again."""
    raise NotImplementedError("a revision is not undone: drop the schema")
