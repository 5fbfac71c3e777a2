"""Which labels the sentences of answers carry, by keyed digest."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE lineage (
            tenant text NOT NULL,
            digest bytea NOT NULL,
            label text NOT NULL,
            at timestamptz NOT NULL,
            PRIMARY KEY (tenant, digest, label)
        );
        CREATE INDEX lineage_at ON lineage (at);
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE lineage")
