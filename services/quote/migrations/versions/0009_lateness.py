"""How late what was ordered really came.

Revision ID: 0009
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

LATENESS = """
CREATE TABLE lateness (                               -- append-only: each due date that was told, against the arrival
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source     text COLLATE "C" NOT NULL,             -- kind|supplier, or whence it is moved, or where it is made
    book_key   text COLLATE "C" NOT NULL,
    receipt_id text COLLATE "C" NOT NULL,
    due_date   date NOT NULL,
    arrived_on date NOT NULL,                         -- the civil day at the site on which the last of it came
    days_late  integer NOT NULL,
    UNIQUE (book_key, receipt_id, due_date)           -- told again, it is not seen again
);
CREATE INDEX lateness_source ON lateness (source, seq DESC);
CREATE TRIGGER lateness_is_append_only BEFORE UPDATE OR DELETE ON lateness FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
"""


def upgrade() -> None:
    """Make the history."""
    op.execute(LATENESS)
