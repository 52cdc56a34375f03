"""Promises decided anew: simulations that may be applied, and orders that must stay where they are.

Revision ID: 0010
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

REPROMISE = """
ALTER TABLE customer_order ADD COLUMN frozen boolean NOT NULL DEFAULT false;   -- re-promising leaves it where it is

CREATE TABLE repromise (
    id          text PRIMARY KEY,
    created_at  timestamptz NOT NULL,
    caller      text NOT NULL,
    answer      json NOT NULL,
    moves       jsonb NOT NULL,               -- what applying it writes, by order and line
    versions    jsonb NOT NULL,               -- of every book that it was worked out on
    revisions   jsonb NOT NULL,               -- of every order that it moves
    days        jsonb NOT NULL,               -- the civil day of every site
    applied_at  timestamptz
);
"""


def upgrade() -> None:
    """Keep simulations."""
    op.execute(REPROMISE)
