"""Ingest as a service: jobs with their sealed files, sources with what they brought, and the queue workers take from.

The queue is Procrastinate's own schema, in a PostgreSQL schema of its own. The comment on it says of which release: a
revision that brings a later one reads it and runs that release's migrations.
"""

from __future__ import annotations

import importlib.metadata
import importlib.resources

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

QUEUE = "procrastinate"

# Its functions name tables without a schema. Bound to theirs, they work in everybody's session and transaction.
BIND = f"""
DO $$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = '{QUEUE}'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = {QUEUE}, pg_temp', one);
    END LOOP;
END
$$
"""

UP = (
    # What was asked and what became of it; nothing of a file but in sealed columns.
    """
    CREATE TABLE ingest_jobs (
        id          text PRIMARY KEY,
        tenant      text NOT NULL,
        kind        text NOT NULL,
        owner       text NOT NULL,
        owner_name  text NOT NULL,
        roles       text[] NOT NULL,
        groups      text[] NOT NULL,
        collection  text NOT NULL,
        source      text,
        request     text NOT NULL,
        options     jsonb NOT NULL,
        progress    jsonb NOT NULL,
        created_at  timestamptz NOT NULL,
        started_at  timestamptz,
        ended_at    timestamptz,
        cancelled   boolean NOT NULL DEFAULT false,
        error       text,
        reason      text
    )
    """,
    "CREATE INDEX ingest_jobs_of_owner ON ingest_jobs (tenant, owner, id DESC)",
    "CREATE INDEX ingest_jobs_open ON ingest_jobs (id) WHERE ended_at IS NULL",
    "CREATE INDEX ingest_jobs_ended ON ingest_jobs (ended_at)",
    """
    CREATE TABLE ingest_parts (
        job        text NOT NULL REFERENCES ingest_jobs (id) ON DELETE CASCADE,
        number     integer NOT NULL,
        batch      integer NOT NULL,
        state      text NOT NULL,
        claim      text,
        attempts   integer NOT NULL DEFAULT 0,
        bytes      bigint NOT NULL,
        about      bytea NOT NULL,
        file       bytea,
        status     text,
        document   text,
        chunks     integer,
        error      text,
        reason     text,
        hint       text,
        PRIMARY KEY (job, number)
    )
    """,
    # Sealed bytes do not compress.
    "ALTER TABLE ingest_parts ALTER COLUMN file SET STORAGE EXTERNAL",
    "CREATE INDEX ingest_parts_open ON ingest_parts (job, batch) WHERE state IN ('waiting', 'running')",
    """
    CREATE TABLE sources (
        tenant     text NOT NULL,
        name       text NOT NULL,
        next_at    timestamptz,
        started_at timestamptz,
        ended_at   timestamptz,
        good_at    timestamptz,
        job        text,
        progress   jsonb NOT NULL DEFAULT '{}',
        error      text,
        reason     text,
        PRIMARY KEY (tenant, name)
    )
    """,
    """
    CREATE TABLE source_items (
        tenant     text NOT NULL,
        source     text NOT NULL,
        key        bytea NOT NULL,
        about      bytea NOT NULL,
        rights     bytea NOT NULL,
        collection text NOT NULL,
        document   text,
        error      text,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (tenant, source, key)
    )
    """,
)


def upgrade() -> None:
    schema = importlib.resources.files("procrastinate").joinpath("sql", "schema.sql").read_text("utf-8")
    op.execute(f"CREATE SCHEMA {QUEUE}")
    op.execute(f"COMMENT ON SCHEMA {QUEUE} IS 'procrastinate {importlib.metadata.version('procrastinate')}'")
    op.execute(f"SET LOCAL search_path = {QUEUE}, pg_temp")
    # A colon before a word would be a parameter to SQLAlchemy.
    op.execute(schema.replace(":", "\\:"))
    op.execute("RESET search_path")
    op.execute(BIND)
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for table in ("source_items", "sources", "ingest_parts", "ingest_jobs"):
        op.execute(f"DROP TABLE {table}")
    op.execute(f"DROP SCHEMA {QUEUE} CASCADE")
