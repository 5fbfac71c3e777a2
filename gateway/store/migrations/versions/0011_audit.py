"""The audit log's second form: retention classes and commitments in the clear, a key for each subject, a tree."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TREE = (
    # Leaves first to first + count - 1 of the tree are a stream's rows from seq on.
    """
    CREATE TABLE audit_runs (
        first  bigint PRIMARY KEY,
        stream uuid NOT NULL,
        seq    bigint NOT NULL,
        count  bigint NOT NULL CHECK (count > 0),
        UNIQUE (stream, seq)
    )
    """,
    "CREATE TABLE audit_ends (stream uuid PRIMARY KEY, next bigint NOT NULL, done boolean NOT NULL)",
    """
    CREATE TABLE audit_tiles (
        level  smallint NOT NULL,
        index  bigint NOT NULL,
        hashes bytea NOT NULL,
        PRIMARY KEY (level, index)
    )
    """,
    """
    CREATE TABLE audit_checkpoints (
        size bigint PRIMARY KEY,
        at   timestamptz NOT NULL,
        root bytea NOT NULL,
        note bytea NOT NULL
    )
    """,
)


def upgrade() -> None:
    op.execute("ALTER TABLE audit_log ADD COLUMN retention text NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE audit_log ADD COLUMN facts bytea NOT NULL DEFAULT ''")
    # Not append-only: destroying a key is what this table is for.
    op.execute(
        """
        CREATE TABLE audit_subjects (
            subject      bytea NOT NULL,
            generation   integer NOT NULL,
            wrapped      bytea,
            created_at   timestamptz NOT NULL,
            destroyed_at timestamptz,
            PRIMARY KEY (subject, generation),
            CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
        )
        """
    )

    for statement in _TREE:
        op.execute(statement)


def downgrade() -> None:
    for table in ("audit_checkpoints", "audit_tiles", "audit_runs", "audit_ends"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP TABLE audit_subjects")
    op.execute("ALTER TABLE audit_log DROP COLUMN facts")
    op.execute("ALTER TABLE audit_log DROP COLUMN retention")
