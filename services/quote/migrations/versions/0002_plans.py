"""Planned supply: plans and capacities are parts of books, and a quote keeps the plans that it stands on.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PARTS = """
ALTER TABLE entry DROP CONSTRAINT entry_part_check;
ALTER TABLE entry ADD CONSTRAINT entry_part_check
    CHECK (part IN ('stock', 'safety', 'receipt', 'plan', 'capacity', 'claim', 'requirement'));
COMMENT ON TABLE book IS 'A sku at a site, or a resource (site ~): its claims are minutes';
"""

QUOTES = """
ALTER TABLE quote ADD COLUMN plans jsonb NOT NULL DEFAULT '[]';
"""


def upgrade() -> None:
    """Widen what an entry may be."""
    for script in (PARTS, QUOTES):
        op.execute(script)
