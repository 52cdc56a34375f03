"""What a decision knew of master data: every definition that ever stood, and what each decision had seen of them.

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HISTORY = """
CREATE TABLE definition_history (                     -- append-only: each state in which a definition ever stood
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text NOT NULL,
    id       text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    state    jsonb NOT NULL,
    xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),   -- who has seen it: whose snapshot holds this transaction
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX definition_history_of ON definition_history (kind, id, seq DESC);
CREATE INDEX definition_history_xid ON definition_history (xid);
CREATE INDEX definition_history_at ON definition_history (at);

INSERT INTO definition_history (kind, id, revision, state, xid, at)
SELECT kind, id, revision, state, last_xid::text::xid8, '-infinity' FROM definition;

CREATE TRIGGER definition_history_is_append_only BEFORE UPDATE OR DELETE ON definition_history
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();

CREATE FUNCTION remember_definition() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS
    $$ BEGIN
        INSERT INTO definition_history (kind, id, revision, state) VALUES (NEW.kind, NEW.id, NEW.revision, NEW.state);
        RETURN NULL;
    END $$;
CREATE TRIGGER definition_is_remembered AFTER INSERT OR UPDATE ON definition FOR EACH ROW EXECUTE FUNCTION remember_definition();
"""

BASIS = """
ALTER TABLE decision ADD COLUMN basis json;           -- what else it was made on; null: before this was kept
ALTER TABLE inquiry ADD COLUMN basis json;
"""


def upgrade() -> None:
    """Remember definitions, and what decisions had seen of them."""
    op.execute(HISTORY)
    op.execute(BASIS)
