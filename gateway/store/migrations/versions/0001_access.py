"""Who may come in, which policy is in force, and which worker runs which policy."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UP = (
    # Only a keyed hash of the secret: the table alone lets nobody in.
    """
    CREATE TABLE api_keys (
        id           text PRIMARY KEY,
        name         text NOT NULL,
        tenant       text NOT NULL,
        hash         bytea NOT NULL,
        roles        text[] NOT NULL,
        groups       text[] NOT NULL,
        created_at   timestamptz NOT NULL,
        expires_at   timestamptz,
        revoked_at   timestamptz,
        last_used_at timestamptz
    )
    """,
    # A name stands for one caller in policies and documents, whatever the tenant; a revoked one is free again.
    "CREATE UNIQUE INDEX api_keys_live_name ON api_keys (name) WHERE revoked_at IS NULL",
    """
    CREATE TABLE policy_versions (
        number     bigint PRIMARY KEY,
        digest     text NOT NULL UNIQUE,
        author     text NOT NULL,
        note       text NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE policy_files (
        digest  text NOT NULL REFERENCES policy_versions (digest),
        name    text NOT NULL,
        content bytea NOT NULL,
        PRIMARY KEY (digest, name)
    )
    """,
    # The newest row is the policy in force. Numbers are given under a lock, so their order is the order of commits.
    """
    CREATE TABLE policy_activations (
        number       bigint PRIMARY KEY,
        digest       text NOT NULL REFERENCES policy_versions (digest),
        activated_by text NOT NULL,
        activated_at timestamptz NOT NULL
    )
    """,
    # Heartbeats: worth nothing after a crash of the server, so not written to its log.
    """
    CREATE UNLOGGED TABLE workers (
        id         text PRIMARY KEY,
        pid        integer NOT NULL,
        host       text NOT NULL,
        digest     text,
        activation bigint NOT NULL,
        started_at timestamptz NOT NULL,
        seen_at    timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for table in ("workers", "policy_activations", "policy_files", "policy_versions", "api_keys"):
        op.execute(f"DROP TABLE {table}")
