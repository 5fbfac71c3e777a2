"""The vault: sealed values behind tokens, and where they came in."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE vault (
            tenant text NOT NULL,
            token text NOT NULL,
            type text NOT NULL,
            sealed bytea NOT NULL,
            kept_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant, token)
        )
    """)
    op.execute("""
        CREATE TABLE vault_places (
            tenant text NOT NULL,
            token text NOT NULL,
            collection text NOT NULL,
            document text NOT NULL,
            PRIMARY KEY (tenant, token, collection, document),
            FOREIGN KEY (tenant, token) REFERENCES vault (tenant, token) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX vault_places_by_document ON vault_places (tenant, document)")


def downgrade() -> None:
    op.execute("DROP TABLE vault_places")
    op.execute("DROP TABLE vault")
