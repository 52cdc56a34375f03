"""What cannot be looked at is set aside for a while, and looked at again later and later.

Revision ID: 0005
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ASIDE = """
ALTER TABLE risk_due ADD COLUMN tries integer NOT NULL DEFAULT 0;
ALTER TABLE risk_due ADD COLUMN not_before timestamptz;           -- null: now
"""


def upgrade() -> None:
    """Remember how often a look has failed, and when to try again."""
    op.execute(ASIDE)
