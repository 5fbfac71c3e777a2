"""Values that were erased: the search index is made anew without them. And a table of keys can be put back alone."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE audit_erased_values (
            value bytea PRIMARY KEY,
            until timestamptz NOT NULL,
            proof bytea NOT NULL
        )
        """
    )
    # pg_dump's scripts name every table with its schema and look for no other.
    op.execute("ALTER FUNCTION ring_key_lives() SET search_path FROM CURRENT")


def downgrade() -> None:
    op.execute("ALTER FUNCTION ring_key_lives() RESET search_path")
    op.execute("DROP TABLE audit_erased_values")
