"""What was done about dead letters.

Revision ID: 0004
"""

from alembic import op

from shared import deadletters

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    deadletters.create_tables(op)
