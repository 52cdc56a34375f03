"""How an order was asked to be decided: an amendment is decided in the same way.

Revision ID: 0011
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TERMS = """
ALTER TABLE customer_order
    ADD COLUMN policy       text NOT NULL DEFAULT 'earliest',
    ADD COLUMN probability  double precision,               -- the dates that it was promised hold with; null: whatever they hold with
    ADD COLUMN deadline_ms  integer NOT NULL DEFAULT 2000;
"""


def upgrade() -> None:
    """Keep with each order what it was asked with."""
    op.execute(TERMS)
