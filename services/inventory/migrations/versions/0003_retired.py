"""Master data can be taken back.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remember what was taken back: its revisions go on when it is defined again."""
    op.execute("ALTER TABLE definition ADD COLUMN retired boolean NOT NULL DEFAULT false")
