"""When master data was defined first, and when last.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

DATES = """
ALTER TABLE definition
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE definition DISABLE TRIGGER definition_is_remembered;
UPDATE definition AS d SET created_at = h.first, updated_at = h.last
  FROM (SELECT kind, id, min(at) AS first, max(at) AS last FROM definition_history WHERE at > '-infinity' GROUP BY kind, id) AS h
 WHERE h.kind = d.kind AND h.id = d.id;
ALTER TABLE definition ENABLE TRIGGER definition_is_remembered;
"""


def upgrade() -> None:
    """Keep both beside each definition; what stands has them from its history, as far as that goes back."""
    op.execute(DATES)
