"""Plans that may not be made as they were planned, since master data changed, are due to be looked at.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a plan be due."""
    op.execute("ALTER TABLE risk_due DROP CONSTRAINT risk_due_kind_check")
    op.execute("ALTER TABLE risk_due ADD CONSTRAINT risk_due_kind_check CHECK (kind IN ('book', 'order', 'plan'))")
