"""Subscriptions, promises and the alerts they stand in, messages and the attempts to deliver them.

Revision ID: 0002
"""

from alembic import op

from shared import idempotency, outbox, projecting

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE subscription (
    id              text COLLATE "C" PRIMARY KEY,
    definition      jsonb NOT NULL,
    channel         text NOT NULL,                    -- a URL; may hold a password or a token
    secret          text NOT NULL,                    -- signs webhooks, so it is kept as it is
    revision        bigint NOT NULL DEFAULT 1,
    disabled_at     timestamptz,                      -- the receiver has answered 410
    disabled_reason text,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE alert (
    id            text COLLATE "C" PRIMARY KEY,
    cause_code    text NOT NULL,
    cause_ref     text NOT NULL,
    status        text NOT NULL,
    severity      text NOT NULL,
    snoozed_until timestamptz,
    state         jsonb NOT NULL,
    revision      bigint NOT NULL,
    UNIQUE (cause_code, cause_ref)                    -- one cause, one alert
);
CREATE INDEX alert_open ON alert (id) WHERE status <> 'resolved';

CREATE TABLE alert_history (                          -- append-only: what happened, by whom
    alert_id      text COLLATE "C" NOT NULL,
    revision      bigint NOT NULL,
    event         text NOT NULL,
    actor         text,                               -- null: the promises did
    note          text,
    sentence      text NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (alert_id, revision)
);

CREATE TABLE promise (                                -- every order line that was heard of
    order_id       text COLLATE "C" NOT NULL,
    line_ref       text COLLATE "C" NOT NULL,
    open           boolean NOT NULL DEFAULT true,
    order_revision bigint NOT NULL DEFAULT -1,        -- of quote.orders
    risk           jsonb,                             -- what quote.risk last said
    alert_id       text COLLATE "C",
    weight         int NOT NULL DEFAULT 0,            -- the worst first
    PRIMARY KEY (order_id, line_ref)
);
CREATE INDEX promise_alert ON promise (alert_id, weight DESC, order_id, line_ref) WHERE alert_id IS NOT NULL;

CREATE TABLE told (                                   -- what each subscriber knows of each promise and alert
    subscription_id text COLLATE "C" NOT NULL,
    subject         text COLLATE "C" NOT NULL,
    state           text NOT NULL,
    PRIMARY KEY (subscription_id, subject)
);
CREATE INDEX told_subject ON told (subject);

CREATE TABLE delivery (
    id              text COLLATE "C" PRIMARY KEY,     -- also the webhook-id
    subscription_id text COLLATE "C" NOT NULL,
    group_key       text COLLATE "C" NOT NULL,
    status          text NOT NULL CHECK (status IN ('waiting', 'pending', 'delivered', 'undeliverable')),
    news            jsonb NOT NULL DEFAULT '{}',      -- subject to alert; what is said of them is decided when it is written
    event           text,
    alert_ids       text[] NOT NULL DEFAULT '{}',
    payload         text,
    title           text,
    body            text,
    due_at          timestamptz NOT NULL,
    attempts        int NOT NULL DEFAULT 0,
    failures        int NOT NULL DEFAULT 0,           -- since it was last asked for: the place in the schedule
    leased_until    timestamptz,                      -- whoever has taken it is dead when this is over
    error           text,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at        timestamptz
);
CREATE UNIQUE INDEX delivery_gathering ON delivery (subscription_id, group_key) WHERE status = 'waiting';
CREATE INDEX delivery_waiting ON delivery (due_at) WHERE status = 'waiting';
CREATE INDEX delivery_pending ON delivery (subscription_id, due_at) WHERE status = 'pending';
CREATE INDEX delivery_subscription ON delivery (subscription_id, id);
CREATE INDEX delivery_alerts ON delivery USING gin (alert_ids);
CREATE INDEX delivery_ended ON delivery (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE attempt (
    delivery_id text COLLATE "C" NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    number      int NOT NULL,
    outcome     text NOT NULL,
    status_code int,
    error       text,
    response    text,                                 -- how the answer began
    address     text,                                 -- where it was sent
    began_at    timestamptz NOT NULL,
    seconds     double precision NOT NULL,
    PRIMARY KEY (delivery_id, number)
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)
    outbox.create_tables(op)
    idempotency.create_tables(op)
    projecting.create_tables(op)


def downgrade() -> None:
    """What was told cannot be untold."""
    raise NotImplementedError("drop the schema instead")
