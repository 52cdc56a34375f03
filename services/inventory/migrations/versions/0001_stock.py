"""Positions with what comes to them and what has left them, the movements and counts behind it, and master data.

Revision ID: 0001
"""

from alembic import op

from shared import idempotency, outbox, projecting

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Codes are compared by bytes (COLLATE "C"): the order in which rows are locked is then the same everywhere.
TABLES = """
CREATE TABLE definition (                             -- items, sites, lanes, suppliers, supplier-items
    kind          text NOT NULL,
    id            text COLLATE "C" NOT NULL,
    body          jsonb NOT NULL,
    revision      bigint NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX definition_body ON definition USING gin (body jsonb_path_ops);

CREATE TABLE stock_position (
    key           text COLLATE "C" PRIMARY KEY,       -- sku|site
    sku           text COLLATE "C" NOT NULL,
    site          text COLLATE "C" NOT NULL,
    on_hand       numeric(15,6) NOT NULL DEFAULT 0,   -- usable; may be negative: a fact is a fact
    blocked       numeric(15,6) NOT NULL DEFAULT 0,
    safety_stock  numeric(15,6) NOT NULL DEFAULT 0 CHECK (safety_stock >= 0),
    counted_at    timestamptz,                        -- what occurred before it leaves on hand alone
    revision      bigint NOT NULL DEFAULT 0,          -- 0: locked once, but nothing has ever happened
    change        jsonb,                              -- the last change, as its event carried it
    changed_at    timestamptz,
    reason        text,
    document      text,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX stock_position_sku ON stock_position (sku, key);
CREATE INDEX stock_position_site ON stock_position (site, key);

CREATE TABLE stock_count (                            -- append-only: who counted what, when, by which document
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key           text COLLATE "C" NOT NULL,
    counted       numeric(15,6),
    counted_at    timestamptz NOT NULL,
    booked_at     timestamptz NOT NULL,
    caller        text NOT NULL,
    reason        text NOT NULL,
    document      text NOT NULL,
    on_hand_before       numeric(15,6) NOT NULL,
    on_hand_after        numeric(15,6) NOT NULL,
    safety_stock_before  numeric(15,6) NOT NULL,
    safety_stock_after   numeric(15,6) NOT NULL,
    revision      bigint NOT NULL
);
CREATE INDEX stock_count_key ON stock_count (key, id);

CREATE TABLE movement (                               -- append-only
    seq           bigint GENERATED ALWAYS AS IDENTITY,
    movement_id   text COLLATE "C" PRIMARY KEY,
    digest        bytea NOT NULL,                     -- of the body: the same id with another one is refused
    type          text NOT NULL,
    sku           text COLLATE "C" NOT NULL,
    site          text COLLATE "C" NOT NULL,
    quantity      numeric(15,6) NOT NULL,
    to_site       text COLLATE "C",
    receipt_id    text COLLATE "C",
    order_id      text COLLATE "C",
    line_ref      text COLLATE "C",
    closes        boolean NOT NULL,
    reason        text NOT NULL,
    document      text NOT NULL,
    caller        text NOT NULL,
    occurred_at   timestamptz NOT NULL,               -- as claimed, never later than booked_at
    booked_at     timestamptz NOT NULL,
    on_hand       numeric(15,6) NOT NULL,             -- what it adds at its site, unless a later count contains it
    there         numeric(15,6),                      -- and at its destination, if both move at once
    outcome       jsonb NOT NULL                      -- what its sender was told
);
CREATE UNIQUE INDEX movement_seq ON movement (seq);
CREATE INDEX movement_here ON movement (sku, site, occurred_at);
CREATE INDEX movement_there ON movement (sku, to_site, occurred_at) WHERE there IS NOT NULL;
CREATE INDEX movement_site ON movement (site, seq);
CREATE INDEX movement_receipt ON movement (receipt_id, seq) WHERE receipt_id IS NOT NULL;
CREATE INDEX movement_order ON movement (order_id, seq) WHERE order_id IS NOT NULL;

CREATE TABLE receipt (
    receipt_id    text COLLATE "C" PRIMARY KEY,
    kind          text,                               -- null until it is defined: movements may name it before
    sku           text COLLATE "C",
    site          text COLLATE "C",
    quantity      numeric(15,6),                      -- total ordered
    due_date      date,
    supplier      text,
    from_site     text COLLATE "C",
    ship_date     date,
    components    jsonb NOT NULL DEFAULT '[]',
    load          jsonb NOT NULL DEFAULT '[]',
    replaces      jsonb,
    document      text,
    external_id   text,
    source_system text,
    arrived       jsonb NOT NULL DEFAULT '{}',        -- per sku; by movements alone
    issued        jsonb NOT NULL DEFAULT '{}',        -- per sku: components taken, or what has departed
    closed        boolean NOT NULL DEFAULT false,
    status        text NOT NULL DEFAULT 'undefined',
    open_quantity numeric(15,6) NOT NULL DEFAULT 0,
    revision      bigint NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX receipt_sku ON receipt (sku, receipt_id);
CREATE INDEX receipt_site ON receipt (site, receipt_id);
CREATE INDEX receipt_open ON receipt (receipt_id) WHERE status = 'open';

CREATE TABLE receipt_concern (                        -- the positions an unfinished receipt brings to or takes from
    key           text COLLATE "C" NOT NULL,
    receipt_id    text COLLATE "C" NOT NULL,
    PRIMARY KEY (key, receipt_id)
);
CREATE INDEX receipt_concern_receipt ON receipt_concern (receipt_id);

CREATE TABLE shipped_line (                           -- kept for ever: totals per order line and position
    key             text COLLATE "C" NOT NULL,
    order_id        text COLLATE "C" NOT NULL,
    line_ref        text COLLATE "C" NOT NULL,
    quantity        numeric(15,6) NOT NULL,
    closed          boolean NOT NULL,
    last_shipped_at timestamptz NOT NULL,
    open            boolean NOT NULL DEFAULT false,   -- known to wait for more: said with every change of the position
    PRIMARY KEY (key, order_id, line_ref)
);
CREATE INDEX shipped_line_open ON shipped_line (key) WHERE open;
CREATE INDEX shipped_line_order ON shipped_line (order_id, line_ref);

CREATE TABLE order_line (                             -- what quote says: which order lines are still open
    order_id      text COLLATE "C" NOT NULL,
    line_ref      text COLLATE "C" NOT NULL,
    open          boolean NOT NULL,
    revision      bigint NOT NULL,
    PRIMARY KEY (order_id, line_ref)
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)
    outbox.create_tables(op)
    idempotency.create_tables(op)
    projecting.create_tables(op)


def downgrade() -> None:
    """There is nothing before this."""
    raise NotImplementedError("the first revision is not undone: drop the schema")
