"""The audit log: streams and their rows, written once and never changed."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The triggers keep accidents away, not an owner of the database: finding what he did is `gateway audit verify`'s work.
UP = (
    """
    CREATE TABLE audit_streams (
        stream        uuid PRIMARY KEY,
        schema        smallint NOT NULL,
        opened_at     timestamptz NOT NULL,
        key_id        text NOT NULL,
        wrapped_key   bytea NOT NULL,
        previous      uuid,
        previous_seq  bigint,
        previous_hash bytea,
        closed_seq    bigint,
        closed_hash   bytea
    )
    """,
    """
    CREATE TABLE audit_log (
        stream  uuid NOT NULL,
        seq     bigint NOT NULL,
        at      timestamptz NOT NULL,
        kind    text NOT NULL,
        request text NOT NULL,
        prev    bytea NOT NULL,
        sealed  bytea NOT NULL,
        hash    bytea NOT NULL,
        PRIMARY KEY (stream, seq)
    )
    """,
    # Ciphertext does not compress; trying costs time on every long record.
    "ALTER TABLE audit_log ALTER COLUMN sealed SET STORAGE EXTERNAL",
    "CREATE INDEX audit_log_at ON audit_log (at, stream, seq)",
    "CREATE INDEX audit_log_request ON audit_log (request)",
    """
    CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE FUNCTION audit_close_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.closed_seq IS NULL AND NEW.closed_seq IS NOT NULL
           AND (to_jsonb(NEW) - 'closed_seq' - 'closed_hash') = (to_jsonb(OLD) - 'closed_seq' - 'closed_hash') THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a stream of the audit log is closed once and not changed'
            USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
    """
    CREATE TRIGGER audit_streams_keep BEFORE DELETE OR TRUNCATE ON audit_streams
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
    """
    CREATE TRIGGER audit_streams_close_once BEFORE UPDATE ON audit_streams
        FOR EACH ROW EXECUTE FUNCTION audit_close_once()
    """,
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in (
        "DROP TABLE audit_log",
        "DROP TABLE audit_streams",
        "DROP FUNCTION audit_refuse()",
        "DROP FUNCTION audit_close_once()",
    ):
        op.execute(statement)
