"""Calendars, resources with their downtime and overtime, bills of material, routings; and which items are known.

Revision ID: 0002
"""

from alembic import op

from shared import outbox, projecting

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Codes are compared by bytes (COLLATE "C"): the order in which rows are locked is then the same everywhere.
TABLES = """
CREATE TABLE definition (                             -- calendars, resources, bills of material, routings
    kind          text NOT NULL,
    id            text COLLATE "C" NOT NULL,
    body          jsonb NOT NULL,                     -- as it was asked for
    said          jsonb,                              -- as its last event told it, with all days worked out
    until_date    date,                               -- the last day that was worked out
    revision      bigint NOT NULL,                    -- 0: locked once, but never defined
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX definition_body ON definition USING gin (body jsonb_path_ops);
CREATE INDEX definition_calendar ON definition ((body ->> 'calendar'), id) WHERE kind = 'resource';
CREATE INDEX definition_group ON definition ((body ->> 'group'), id) WHERE kind = 'resource';
CREATE INDEX definition_until ON definition (until_date) WHERE until_date IS NOT NULL;

CREATE TABLE correction (                             -- downtime and overtime
    resource      text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    minutes       int,
    delta_minutes int,
    reason        text NOT NULL,
    document      text,
    caller        text NOT NULL,
    revision      bigint NOT NULL,                    -- of the resource, when it was set
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (resource, day),
    CHECK ((minutes IS NULL) <> (delta_minutes IS NULL))
);

CREATE TABLE goes_in (                                -- what may go into what, at any site, alternates too: never a cycle
    product       text COLLATE "C" NOT NULL,
    component     text COLLATE "C" NOT NULL,
    PRIMARY KEY (product, component)
);

CREATE TABLE known_item (                             -- what inventory has defined
    sku           text COLLATE "C" PRIMARY KEY
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)
    outbox.create_tables(op)
    projecting.create_tables(op)


def downgrade() -> None:
    """Not offered."""
    raise NotImplementedError("what was defined is not thrown away: drop the schema")
