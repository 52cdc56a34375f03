"""Risk: what has to be looked at, what was told of each order line, and up to which day each site was rolled.

Revision ID: 0003
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DUE = """
CREATE TABLE risk_due (                               -- written with the change that makes it due, taken by the watch
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind    text NOT NULL CHECK (kind IN ('book', 'order')),
    key     text NOT NULL,
    cause   jsonb                                     -- the record behind it; null for what endangers nobody
);
CREATE TABLE risk_cause (                             -- what last endangered promises of a book that is short
    book_key text COLLATE "C" PRIMARY KEY,
    cause    jsonb NOT NULL,
    nth      bigserial                                -- the higher, the later
);
"""

STATE = """
CREATE TABLE risk_state (                             -- what was last told of an order line, one revision per telling
    order_id       text COLLATE "C" NOT NULL,
    line_ref       text NOT NULL,
    revision       integer NOT NULL,
    state          text NOT NULL CHECK (state IN ('at_risk', 'missed', 'recovered', 'closed')),
    promised_date  date,
    projected_date date,
    slip_days      integer NOT NULL,
    unsupplied     boolean NOT NULL,
    cause          jsonb,
    books          text[] NOT NULL,
    told_at        timestamptz NOT NULL,
    PRIMARY KEY (order_id, line_ref)
);
CREATE INDEX risk_state_books ON risk_state USING gin (books) WHERE state IN ('at_risk', 'missed');
CREATE TABLE site_day (                               -- the civil day up to which each site was rolled
    site           text COLLATE "C" PRIMARY KEY,
    rolled_to_date date NOT NULL
);
CREATE INDEX order_line_open ON order_line (promised_date) WHERE status IN ('confirmed', 'partly_shipped');
"""


def upgrade() -> None:
    """Create what the watch over promises keeps."""
    for script in (DUE, STATE):
        op.execute(script)
