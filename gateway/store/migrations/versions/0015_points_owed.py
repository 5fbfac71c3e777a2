"""Points in an engine outside the database: where they lie, and which documents' points it has not got yet."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UP = (
    # Without a row, points lie in the table `points`, and nowhere else.
    """
    CREATE TABLE points_home (
        one    boolean PRIMARY KEY DEFAULT true CHECK (one),
        prefix text NOT NULL,
        made   text[] NOT NULL DEFAULT '{}',
        since  timestamptz NOT NULL
    )
    """,
    "CREATE SEQUENCE points_seq",
    # One row for each document that differs there; a document that is gone has one too, so nothing is referred to.
    # fresh: nothing of it was ever sent. seq grows with each change of the document.
    """
    CREATE TABLE points_owed (
        document text PRIMARY KEY,
        tenant   text NOT NULL,
        seq      bigint NOT NULL,
        fresh    boolean NOT NULL,
        lane     smallint NOT NULL
    )
    """,
    "CREATE INDEX points_owed_lane ON points_owed (lane, seq)",
    "CREATE INDEX points_owed_stale ON points_owed (tenant) WHERE NOT fresh",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE points_owed")
    op.execute("DROP SEQUENCE points_seq")
    op.execute("DROP TABLE points_home")
