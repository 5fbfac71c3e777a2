"""Points as they are, in their rows: unpacking its terms took most of the time of looking at a point."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# A point is a little longer than PostgreSQL likes a row to be, so it packed the terms. Rows that are there stay so.
EACH = """
DO $$ DECLARE leaf regclass; BEGIN
    FOR leaf IN SELECT relid FROM pg_partition_tree('points') WHERE isleaf AND relid <> 'points'::regclass LOOP
        EXECUTE format('ALTER TABLE %s {change}', leaf);
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.execute(EACH.format(change="SET (toast_tuple_target = 8160)"))


def downgrade() -> None:
    op.execute(EACH.format(change="RESET (toast_tuple_target)"))
