"""What reading found out about each document, and who released it from quarantine."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE document_reports (
            document text PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
            report jsonb NOT NULL,
            released_at timestamptz,
            released_by text
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE document_reports")
