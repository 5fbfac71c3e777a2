"""Which embedder the index's vectors are of, one that is to follow it, and longer passages for found ones."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UP = (
    # Vectors of two embedders say nothing about each other: one is in force, and search compares with its vectors only.
    """
    CREATE TABLE embedders (
        id        text PRIMARY KEY,
        dimension integer NOT NULL,
        in_force  boolean NOT NULL,
        since     timestamptz NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX embedders_one ON embedders (in_force) WHERE in_force",
    # An index from before was made by one embedder; its id is the third word of every document's recipe.
    """
    INSERT INTO embedders (id, dimension, in_force, since)
    SELECT split_part(recipe, ' ', 3), 384, true, now() FROM documents
    WHERE split_part(recipe, ' ', 3) <> '' ORDER BY updated_at DESC LIMIT 1
    """,
    # An index embedded anew by another one, beside the live one (retrieval/reembed.py); gone when it took its place.
    """
    CREATE TABLE reembedding (
        one        boolean PRIMARY KEY DEFAULT true CHECK (one),
        embedder   text NOT NULL,
        dimension  integer NOT NULL,
        started_at timestamptz NOT NULL
    )
    """,
    # A parent holds the leaves whose ordinals lie in first_ to last_. Whoever reads the document reads its parents.
    """
    CREATE TABLE parents (
        document text NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        version  integer NOT NULL,
        number   integer NOT NULL,
        level    integer NOT NULL,
        first_   integer NOT NULL,
        last_    integer NOT NULL,
        page     integer,
        start_   integer NOT NULL,
        end_     integer NOT NULL,
        heading  text NOT NULL,
        text     text NOT NULL,
        PRIMARY KEY (document, version, number)
    )
    """,
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS points_follow CASCADE")
    op.execute("DROP TABLE IF EXISTS points_next")
    for table in ("parents", "reembedding", "embedders"):
        op.execute(f"DROP TABLE {table}")
