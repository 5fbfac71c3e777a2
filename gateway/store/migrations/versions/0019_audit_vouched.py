"""What nothing vouched for goes: times of subjects' keys, parts of a second, and a mark that can be worked out."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A key that was destroyed is one that is not there; when, the record of it says.
    op.execute("ALTER TABLE audit_subjects DROP COLUMN created_at, DROP COLUMN destroyed_at")
    op.execute("ALTER TABLE audit_ends DROP COLUMN done")
    # Checkpoints are signed for a second.
    op.execute("UPDATE audit_checkpoints SET at = date_trunc('second', at)")


def downgrade() -> None:
    op.execute("ALTER TABLE audit_ends ADD COLUMN done boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE audit_ends ALTER COLUMN done DROP DEFAULT")
    op.execute("ALTER TABLE audit_subjects ADD COLUMN created_at timestamptz NOT NULL DEFAULT now()")
    op.execute("ALTER TABLE audit_subjects ALTER COLUMN created_at DROP DEFAULT")
    op.execute("ALTER TABLE audit_subjects ADD COLUMN destroyed_at timestamptz")
    op.execute("UPDATE audit_subjects SET destroyed_at = now() WHERE wrapped IS NULL")
    op.execute("ALTER TABLE audit_subjects ADD CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))")
