"""Values that were erased: the search index is made anew without them."""

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


def downgrade() -> None:
    op.execute("DROP TABLE audit_erased_values")
