"""Simulations keep what they were worked out on: the orders, and master data as it was seen.

Revision ID: 0012
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep it beside the answer; what was simulated before has none."""
    op.execute("ALTER TABLE repromise ADD COLUMN basis json NOT NULL DEFAULT '{}'")
