"""What comes in by file.

Revision ID: 0003
"""

from alembic import op

from shared import imports

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    imports.create_tables(op)


def downgrade() -> None:
    """Not offered."""
    raise NotImplementedError("a revision is not undone: drop the schema")
