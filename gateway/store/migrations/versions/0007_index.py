"""Permissions by scope, points apart from passages, statistics per scope, and a count of the index's changes.

A scope is one distinct set of permissions. Points (vectors and terms) carry its number alone, so that a change of
permission moves a number, and what a caller may read is a list of numbers.
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE scopes (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    collection text NOT NULL,
    label text NOT NULL,
    allow text[] NOT NULL,
    deny text[] NOT NULL,
    expires_at timestamptz,
    state text NOT NULL CHECK (state IN ('ready', 'quarantined')),
    FOREIGN KEY (tenant, collection) REFERENCES collections (tenant, name)
);
CREATE INDEX scopes_place ON scopes (tenant, collection, hash_array(allow), hash_array(deny));

INSERT INTO scopes (tenant, collection, label, allow, deny, state)
SELECT DISTINCT tenant, collection, label, allow, deny, 'ready' FROM documents;

ALTER TABLE documents ADD COLUMN scope integer REFERENCES scopes (id);
UPDATE documents d SET scope = s.id FROM scopes s
WHERE (s.tenant, s.collection, s.label, s.allow, s.deny) = (d.tenant, d.collection, d.label, d.allow, d.deny);
ALTER TABLE documents ALTER COLUMN scope SET NOT NULL, DROP COLUMN label, DROP COLUMN allow, DROP COLUMN deny;
CREATE INDEX documents_scope ON documents (scope);

CREATE TABLE points (
    tenant text NOT NULL,
    chunk bigint NOT NULL,
    scope integer NOT NULL,
    embedding halfvec(384) NOT NULL,
    terms sparsevec(1000000000) NOT NULL,
    term_ids integer[] NOT NULL,
    PRIMARY KEY (tenant, chunk)
) PARTITION BY LIST (tenant);
ALTER TABLE points ALTER COLUMN embedding SET STORAGE MAIN, ALTER COLUMN terms SET STORAGE MAIN;
CREATE TABLE points_rest PARTITION OF points DEFAULT;

INSERT INTO points (tenant, chunk, scope, embedding, terms, term_ids)
SELECT d.tenant, c.id, d.scope, c.embedding, c.terms, c.term_ids FROM chunks c JOIN documents d ON d.id = c.document;

CREATE INDEX points_scope ON points (scope);
CREATE INDEX points_terms ON points USING gin (term_ids) WITH (fastupdate = off);
CREATE INDEX points_embedding ON points USING hnsw (embedding halfvec_ip_ops);

ALTER TABLE chunks DROP COLUMN tenant, DROP COLUMN collection, DROP COLUMN label, DROP COLUMN allow, DROP COLUMN deny,
    DROP COLUMN embedding, DROP COLUMN terms, DROP COLUMN term_ids;
ALTER TABLE collections DROP COLUMN chunks;

DROP TABLE term_counts;
CREATE TABLE term_counts (
    term integer NOT NULL,
    scope integer NOT NULL,
    shard smallint NOT NULL,
    chunks bigint NOT NULL,
    PRIMARY KEY (term, scope, shard)
);
INSERT INTO term_counts (scope, term, shard, chunks)
SELECT scope, term, 0, count(*) FROM points, unnest(term_ids) AS term GROUP BY scope, term
UNION ALL SELECT scope, 0, 0, count(*) FROM points GROUP BY scope;

ALTER TABLE documents ADD COLUMN terms integer[] NOT NULL DEFAULT '{}',
    ADD COLUMN terms_in integer[] NOT NULL DEFAULT '{}';
UPDATE documents d SET terms = t.terms, terms_in = t.terms_in FROM (
    SELECT document, array_agg(term ORDER BY term) AS terms, array_agg(n ORDER BY term) AS terms_in FROM (
        SELECT c.document, term, count(*)::integer AS n
        FROM points p JOIN chunks c ON c.id = p.chunk, unnest(p.term_ids) AS term GROUP BY c.document, term) counted
    GROUP BY document) t
WHERE d.id = t.document;

CREATE TABLE index_versions (
    tenant text NOT NULL,
    shard smallint NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (tenant, shard)
);
"""

DOWN = """
ALTER TABLE collections ADD COLUMN chunks bigint NOT NULL DEFAULT 0;
UPDATE collections c SET chunks = d.chunks FROM (
    SELECT tenant, collection, sum(chunks) AS chunks FROM documents GROUP BY tenant, collection) d
WHERE (c.tenant, c.name) = (d.tenant, d.collection);

ALTER TABLE documents ADD COLUMN label text, ADD COLUMN allow text[], ADD COLUMN deny text[];
DELETE FROM points p USING scopes s WHERE s.id = p.scope AND (s.state <> 'ready' OR s.expires_at IS NOT NULL);
DELETE FROM documents d USING scopes s WHERE s.id = d.scope AND (s.state <> 'ready' OR s.expires_at IS NOT NULL);
UPDATE documents d SET label = s.label, allow = s.allow, deny = s.deny FROM scopes s WHERE s.id = d.scope;
ALTER TABLE documents ALTER COLUMN label SET NOT NULL, ALTER COLUMN allow SET NOT NULL, ALTER COLUMN deny SET NOT NULL,
    DROP COLUMN scope, DROP COLUMN terms, DROP COLUMN terms_in;

ALTER TABLE chunks ADD COLUMN tenant text, ADD COLUMN collection text, ADD COLUMN label text, ADD COLUMN allow text[],
    ADD COLUMN deny text[], ADD COLUMN embedding halfvec(384), ADD COLUMN terms sparsevec(1000000000),
    ADD COLUMN term_ids integer[];
UPDATE chunks c SET tenant = d.tenant, collection = d.collection, label = d.label, allow = d.allow, deny = d.deny,
    embedding = p.embedding, terms = p.terms, term_ids = p.term_ids
FROM documents d, points p WHERE d.id = c.document AND p.tenant = d.tenant AND p.chunk = c.id;
DELETE FROM chunks WHERE embedding IS NULL;
ALTER TABLE chunks ALTER COLUMN tenant SET NOT NULL, ALTER COLUMN collection SET NOT NULL,
    ALTER COLUMN label SET NOT NULL, ALTER COLUMN allow SET NOT NULL, ALTER COLUMN deny SET NOT NULL,
    ALTER COLUMN embedding SET NOT NULL, ALTER COLUMN terms SET NOT NULL, ALTER COLUMN term_ids SET NOT NULL;
CREATE INDEX chunks_collection ON chunks (tenant, collection, label);
CREATE INDEX chunks_embedding ON chunks USING hnsw (embedding halfvec_ip_ops);
CREATE INDEX chunks_terms ON chunks USING gin (term_ids);

DROP TABLE term_counts;
CREATE TABLE term_counts (
    tenant text NOT NULL,
    collection text NOT NULL,
    term integer NOT NULL,
    chunks bigint NOT NULL,
    PRIMARY KEY (tenant, collection, term)
);
INSERT INTO term_counts (tenant, collection, term, chunks)
SELECT tenant, collection, term, count(*) FROM chunks, unnest(term_ids) AS term GROUP BY tenant, collection, term;

DROP TABLE index_versions;
DROP TABLE points;
DROP TABLE scopes;
"""


def upgrade() -> None:
    for statement in filter(str.strip, UP.split(";")):
        op.execute(statement)


def downgrade() -> None:
    for statement in filter(str.strip, DOWN.split(";")):
        op.execute(statement)
