"""One number in one source system means one order.

Revision ID: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NUMBERS = """
ALTER TABLE customer_order ADD COLUMN number_shared boolean NOT NULL DEFAULT false;   -- with an earlier order, before this was refused
UPDATE customer_order AS o SET number_shared = true
 WHERE o.external_id IS NOT NULL AND o.status <> 'cancelled' AND EXISTS (
       SELECT FROM customer_order AS e
        WHERE e.external_id = o.external_id AND coalesce(e.source_system, '') = coalesce(o.source_system, '')
          AND e.status <> 'cancelled' AND (e.elsewhere, o.id) > (o.elsewhere, e.id));
CREATE UNIQUE INDEX order_number ON customer_order (coalesce(source_system, ''), external_id)
 WHERE external_id IS NOT NULL AND status <> 'cancelled' AND NOT number_shared;
"""


def upgrade() -> None:
    """Keep two orders of one number apart from now on; a cancelled one gives its number back."""
    op.execute(NUMBERS)
