"""What comes in by file.

Revision ID: 0006
"""

from alembic import op

from shared import imports

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    imports.create_tables(op)
