"""The index: collections, documents, chunks with both kinds of vector, and term statistics."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE collections (
    tenant text NOT NULL,
    name text NOT NULL,
    label text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('redacted', 'plain')),
    chunks bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE documents (
    id text PRIMARY KEY,
    tenant text NOT NULL,
    collection text NOT NULL,
    source_key bytea NOT NULL,
    source text NOT NULL,
    title text NOT NULL,
    media text NOT NULL,
    digest bytea NOT NULL,
    recipe text NOT NULL,
    label text NOT NULL,
    allow text[] NOT NULL,
    deny text[] NOT NULL,
    version integer NOT NULL,
    pages integer NOT NULL,
    chunks integer NOT NULL,
    characters integer NOT NULL,
    counts jsonb NOT NULL,
    original bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    created_by text NOT NULL,
    UNIQUE (tenant, collection, source_key),
    FOREIGN KEY (tenant, collection) REFERENCES collections (tenant, name)
);

CREATE TABLE chunks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    document text NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    version integer NOT NULL,
    ordinal integer NOT NULL,
    tenant text NOT NULL,
    collection text NOT NULL,
    label text NOT NULL,
    allow text[] NOT NULL,
    deny text[] NOT NULL,
    page integer,
    start_ integer NOT NULL,
    end_ integer NOT NULL,
    heading text NOT NULL,
    text text NOT NULL,
    spans bytea NOT NULL,
    embedding halfvec(384) NOT NULL,
    terms sparsevec(1000000000) NOT NULL,
    term_ids integer[] NOT NULL,
    UNIQUE (document, version, ordinal)
) WITH (fillfactor = 85);

CREATE INDEX chunks_collection ON chunks (tenant, collection, label);
CREATE INDEX chunks_embedding ON chunks USING hnsw (embedding halfvec_ip_ops);
CREATE INDEX chunks_terms ON chunks USING gin (term_ids);

CREATE TABLE term_counts (
    tenant text NOT NULL,
    collection text NOT NULL,
    term integer NOT NULL,
    chunks bigint NOT NULL,
    PRIMARY KEY (tenant, collection, term)
);
"""


def upgrade() -> None:
    for statement in filter(str.strip, UP.split(";")):
        op.execute(statement)


def downgrade() -> None:
    for table in ("term_counts", "chunks", "documents", "collections"):
        op.execute(f"DROP TABLE {table}")
