"""The ledger: books with their append-only entries, the documents that claim them, the log of decisions.

Revision ID: 0001
"""

from alembic import op

from shared import idempotency, outbox, projecting

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LEDGER = """
CREATE TABLE book (
    key        text COLLATE "C" PRIMARY KEY,          -- sku|site
    sku        text NOT NULL,
    site       text NOT NULL,
    version    bigint NOT NULL DEFAULT 0,             -- 1..n without a gap; order of versions = order of commits
    last_xid   bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    ledger_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX book_last_xid ON book (last_xid);
CREATE INDEX book_sku ON book (sku);

CREATE TABLE entry (                                  -- append-only: each row replaces what stood under (part, ref)
    book_key   text COLLATE "C" NOT NULL REFERENCES book (key),
    version    bigint NOT NULL,
    n          integer NOT NULL,
    part       text NOT NULL CHECK (part IN ('stock', 'safety', 'receipt', 'claim', 'requirement')),
    ref        text NOT NULL,
    quantity   bigint NOT NULL,                       -- millionths of the item's unit; 0 removes
    day        date,
    expires_at timestamptz,
    detail     jsonb,
    at         timestamptz NOT NULL,
    cause      text NOT NULL,                         -- what happened: order-promised, position-changed, ...
    cause_id   text,                                  -- the decision or event behind it
    actor      text,
    document   text,
    PRIMARY KEY (book_key, version, n)
);
CREATE INDEX entry_ref ON entry (book_key, part, ref, version DESC);
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'entries of the ledger are never changed'; END $$;
CREATE TRIGGER entry_is_append_only BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
"""

DOCUMENTS = """
CREATE TABLE quote (
    id          text COLLATE "C" PRIMARY KEY,
    mode        text NOT NULL,
    status      text NOT NULL CHECK (status IN ('quoted', 'held', 'confirmed', 'released', 'expired', 'refused')),
    caller      text NOT NULL,
    customer    text,
    outcome     text NOT NULL,
    summary     text NOT NULL,
    request     json NOT NULL,
    answer      json NOT NULL,
    claims      jsonb NOT NULL,
    expires_at  timestamptz,
    order_id    text,
    decision_id text NOT NULL,
    revision    integer NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX quote_due ON quote (expires_at) WHERE status = 'held';

CREATE TABLE customer_order (
    id            text COLLATE "C" PRIMARY KEY,
    quote_id      text,
    external_id   text,
    source_system text,
    customer      text,
    demand_class  text,
    priority      integer NOT NULL,
    status        text NOT NULL,
    caller        text NOT NULL,
    elsewhere     boolean NOT NULL,                   -- promised elsewhere: its lines are requirements
    allow_partial boolean NOT NULL,
    ship_complete boolean NOT NULL,
    revision      integer NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX order_external ON customer_order (coalesce(source_system, ''), external_id) WHERE elsewhere;
CREATE INDEX order_external_id ON customer_order (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX order_customer ON customer_order (customer, id);

CREATE TABLE order_line (
    order_id            text COLLATE "C" NOT NULL REFERENCES customer_order (id),
    line_ref            text NOT NULL,
    n                   integer NOT NULL,
    sku                 text NOT NULL,
    quantity            bigint NOT NULL,
    requested_date      date NOT NULL,
    first_promised_date date,
    promised_date       date,
    actual_date         date,
    times_moved         integer NOT NULL,
    status              text NOT NULL,
    shipped             bigint NOT NULL,
    shipped_by_site     jsonb NOT NULL,
    deliveries          jsonb NOT NULL,
    sites               text[] NOT NULL,
    request             json NOT NULL,
    PRIMARY KEY (order_id, line_ref)
);
CREATE INDEX order_line_sku ON order_line (sku, order_id);

CREATE TABLE order_history (
    order_id text COLLATE "C" NOT NULL REFERENCES customer_order (id),
    revision integer NOT NULL,
    at       timestamptz NOT NULL,
    kind     text NOT NULL,
    actor    text,
    reason   text,
    document text,
    decision_id text,
    lines    json NOT NULL,
    PRIMARY KEY (order_id, revision)
);

CREATE TABLE unmatched_shipment (
    order_id text NOT NULL,
    line_ref text NOT NULL,
    sku      text NOT NULL,
    site     text NOT NULL,
    quantity bigint NOT NULL,
    closed   boolean NOT NULL,
    shipped_at timestamptz NOT NULL,
    cause    text NOT NULL,
    revision integer NOT NULL,
    PRIMARY KEY (order_id, line_ref, sku, site)
);
"""

LOG = """
CREATE TABLE decision (                               -- of changes: kept
    id           text COLLATE "C" PRIMARY KEY,
    at           timestamptz NOT NULL,
    kind         text NOT NULL,
    quote_id     text,
    order_id     text,
    request      json NOT NULL,
    versions     jsonb NOT NULL,
    result       json NOT NULL,
    code_version text NOT NULL
);
CREATE TABLE inquiry (                                -- of inquiries: a partition a day, dropped after some days
    id           text COLLATE "C" NOT NULL,           -- the quote's id; sortable by time
    at           timestamptz NOT NULL,
    decision_id  text COLLATE "C" NOT NULL,
    caller       text NOT NULL,
    customer     text,
    outcome      text NOT NULL,
    summary      text NOT NULL,
    request      json NOT NULL,
    versions     jsonb NOT NULL,
    result       json NOT NULL,
    code_version text NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX inquiry_decision ON inquiry (decision_id);
"""

SUPPLY = """
CREATE TABLE position (                               -- the last revision of each sku|site that was applied
    key      text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL
);
CREATE TABLE definition (                             -- items, sites: as their owner last said
    kind     text NOT NULL,
    id       text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    state    jsonb NOT NULL,
    last_xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    PRIMARY KEY (kind, id)
);
CREATE INDEX definition_last_xid ON definition (last_xid);
"""


def upgrade() -> None:
    """Create the ledger and what stands around it."""
    for script in (LEDGER, DOCUMENTS, LOG, SUPPLY):
        op.execute(script)
    outbox.create_tables(op)
    idempotency.create_tables(op)
    projecting.create_tables(op)
