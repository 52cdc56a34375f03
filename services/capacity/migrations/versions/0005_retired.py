"""Master data can be taken back.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remember what was taken back: its revisions go on when it is defined again."""
    op.execute("ALTER TABLE definition ADD COLUMN retired boolean NOT NULL DEFAULT false")
