"""The audit log's search index: digests of what records say, by month. It can be erased and made anew."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Months are made as they come (gateway/audit/index.py); what falls into none of them is kept by the default partition.
_TABLE = """
CREATE TABLE audit_index (
    at     timestamptz NOT NULL,
    stream uuid NOT NULL,
    seq    bigint NOT NULL,
    terms  bigint[] NOT NULL,
    PRIMARY KEY (at, stream, seq)
) PARTITION BY RANGE (at)
"""
# Of a row the months' tables hold some 200 bytes. New terms wait in a list until it is this long (in kilobytes): longer
# lists make writing cheaper and searching dearer.
_TERMS = "CREATE INDEX audit_index_terms ON audit_index USING gin (terms) WITH (gin_pending_list_limit = 1024)"
# In one transaction with whatever of the month the default partition holds already.
_MONTH = """
CREATE FUNCTION audit_index_month(month timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    first timestamptz := date_trunc('month', month, 'UTC');
    following timestamptz := date_trunc('month', month, 'UTC') + interval '32 days';
    name text := 'audit_index_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMM');
BEGIN
    following := date_trunc('month', following, 'UTC');
    PERFORM pg_advisory_xact_lock(hashtext('audit_index_month'));
    IF to_regclass(name) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE audit_index INCLUDING ALL)', name);
    LOCK TABLE audit_index_rest IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH gone AS (DELETE FROM audit_index_rest WHERE at >= %L AND at < %L RETURNING *)'
                   ' INSERT INTO %I SELECT * FROM gone', first, following, name);
    EXECUTE format('ALTER TABLE audit_index ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, following);
    RETURN true;
END
$$
"""


def upgrade() -> None:
    op.execute(_TABLE)
    op.execute("CREATE TABLE audit_index_rest PARTITION OF audit_index DEFAULT")
    op.execute(_TERMS)
    op.execute(_MONTH)
    op.execute("SELECT audit_index_month(now())")


def downgrade() -> None:
    op.execute("DROP TABLE audit_index")
    op.execute("DROP FUNCTION audit_index_month(timestamptz)")
