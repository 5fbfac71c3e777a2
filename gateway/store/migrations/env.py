"""Alembic's entry point. Revisions are written as SQL (no connection here), and `gateway.store.migrate` runs it.

A revision is a file `versions/NNNN_name.py` with `op.execute("...SQL...")` in `upgrade()` and `downgrade()`; revisions
form one line, each after the one before. Whatever needs data to decide is written in SQL (`DO`, `INSERT .. SELECT`).
"""

from __future__ import annotations

from alembic import context

context.configure(
    dialect_name="postgresql",
    # Placeholders of a kind that leaves `%` and `:name` in the SQL as they are written.
    dialect_opts={"paramstyle": "named"},
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
