"""What the tokens of /v1/redact stand for, sealed, until it expires; and tokens found by their ids."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE kept_values (
            tenant text NOT NULL,
            token text NOT NULL,
            principal text NOT NULL,
            sealed bytea NOT NULL,
            expires_at timestamptz NOT NULL,
            PRIMARY KEY (tenant, token)
        );
        CREATE INDEX kept_values_by_expiry ON kept_values (expires_at);
        CREATE INDEX kept_values_by_id
            ON kept_values (tenant, (substring(token from '_([0-9a-z]{12})(?:_[0-9a-z]{4})?]$')));
        CREATE INDEX vault_by_id ON vault (tenant, (substring(token from '_([0-9a-z]{12})(?:_[0-9a-z]{4})?]$')));
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX vault_by_id")
    op.execute("DROP TABLE kept_values")
