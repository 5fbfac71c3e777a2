"""Points outside the database made anew: collections of the next generation take the place of the former ones."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE points_home ADD COLUMN generation integer NOT NULL DEFAULT 0")
    # Where points lay when the run began: it cannot end where they lie elsewhere.
    op.execute("ALTER TABLE reembedding ADD COLUMN outside boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    op.execute("ALTER TABLE reembedding DROP COLUMN outside")
    op.execute("ALTER TABLE points_home DROP COLUMN generation")
