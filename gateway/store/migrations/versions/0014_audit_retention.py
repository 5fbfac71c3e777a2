"""Retention of the audit log: rows may go where a statement says which, and legal holds keep them."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

UP = (
    # One statement for all rows that went in one commit: a note signed by the log's key, and their places.
    """
    CREATE TABLE audit_prunes (
        number  bigint PRIMARY KEY,
        last_at timestamptz NOT NULL,
        rows    bigint NOT NULL,
        note    bytea NOT NULL
    )
    """,
    """
    CREATE TABLE audit_pruned (
        stream  uuid NOT NULL,
        first   bigint NOT NULL,
        last    bigint NOT NULL,
        genesis bytea NOT NULL,
        number  bigint NOT NULL REFERENCES audit_prunes,
        PRIMARY KEY (stream, first),
        CHECK (first <= last)
    )
    """,
    """
    CREATE TABLE audit_holds (
        number   bigint PRIMARY KEY,
        note     bytea NOT NULL,
        released bytea
    )
    """,
    # As before for changes; a row may be deleted once a statement names it.
    "DROP TRIGGER audit_log_append_only ON audit_log",
    """
    CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR TRUNCATE ON audit_log
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
    """
    CREATE FUNCTION audit_only_pruned() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT 1 FROM gone g WHERE NOT EXISTS (
                SELECT 1 FROM audit_pruned p WHERE p.stream = g.stream AND p.first <= g.seq AND g.seq <= p.last
            )
        ) THEN
            RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER audit_log_only_pruned AFTER DELETE ON audit_log REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION audit_only_pruned()
    """,
    """
    CREATE TRIGGER audit_prunes_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_prunes
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
    """
    CREATE TRIGGER audit_pruned_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_pruned
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
    """
    CREATE TRIGGER audit_holds_keep BEFORE DELETE OR TRUNCATE ON audit_holds
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
    """
    CREATE FUNCTION audit_release_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.released IS NULL AND NEW.number = OLD.number AND NEW.note = OLD.note THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a legal hold is released once and not changed' USING ERRCODE = 'insufficient_privilege';
    END
    $$
    """,
    """
    CREATE TRIGGER audit_holds_release_once BEFORE UPDATE ON audit_holds
        FOR EACH ROW EXECUTE FUNCTION audit_release_once()
    """,
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in (
        "DROP TRIGGER audit_log_only_pruned ON audit_log",
        "DROP FUNCTION audit_only_pruned()",
        "DROP TRIGGER audit_log_append_only ON audit_log",
        """
        CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
            FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
        """,
        "DROP TABLE audit_pruned",
        "DROP TABLE audit_prunes",
        "DROP TABLE audit_holds",
        "DROP FUNCTION audit_release_once()",
    ):
        op.execute(statement)
