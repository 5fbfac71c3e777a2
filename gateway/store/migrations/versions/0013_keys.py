"""Which keys of the ring are in force, and the keys that they wrap, apart from what those seal."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UP = (
    # Every key of the ring that was ever known, by a mark that says nothing of it. A retired one never comes back.
    """
    CREATE TABLE ring_keys (
        id         text PRIMARY KEY,
        mark       bytea NOT NULL,
        added_at   timestamptz NOT NULL,
        retired_at timestamptz
    )
    """,
    # One row. `serial` grows with every change, so that a process sees that there was one.
    """
    CREATE TABLE ring_state (
        one              boolean PRIMARY KEY DEFAULT true CHECK (one),
        serial           bigint NOT NULL,
        current          text NOT NULL REFERENCES ring_keys,
        content          text NOT NULL,
        previous         text REFERENCES ring_keys,
        previous_content text,
        next             text REFERENCES ring_keys,
        next_content     text
    )
    """,
    "CREATE TABLE content_keys (id text PRIMARY KEY, wrapped bytea NOT NULL, created_at timestamptz NOT NULL)",
    # A stream's header is part of its chain and never changes, so its data key lies beside.
    "CREATE TABLE audit_stream_keys (stream uuid PRIMARY KEY, wrapped bytea NOT NULL)",
    # What each process holds. Worth nothing after a crash of the server.
    """
    CREATE UNLOGGED TABLE ring_holders (
        id       text PRIMARY KEY,
        host     text NOT NULL,
        pid      integer NOT NULL,
        serial   bigint NOT NULL,
        keys     text[] NOT NULL,
        contents text[] NOT NULL,
        seen_at  timestamptz NOT NULL
    )
    """,
    # Which key wrapped these bytes (gateway/crypto/keyring.py): a mark, the id's length, the id.
    r"""
    CREATE FUNCTION ring_key_of(wrapped bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN length(wrapped) > 2 AND get_byte(wrapped, 0) IN (17, 18)
            THEN encode(substring(wrapped FROM 3 FOR get_byte(wrapped, 1)), 'escape') ELSE '' END
    $$
    """,
    # A process that slept through a rotation must not wrap anything under a key that is gone. The lock on the key's row
    # makes whoever retires it wait for writers that were here first, and count what they wrote.
    """
    CREATE FUNCTION ring_key_lives() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        gone timestamptz;
    BEGIN
        IF NEW.wrapped IS NOT NULL THEN
            SELECT retired_at INTO gone FROM ring_keys WHERE id = ring_key_of(NEW.wrapped) FOR SHARE;
            IF gone IS NOT NULL THEN
                RAISE EXCEPTION 'this is wrapped under a retired key' USING ERRCODE = 'insufficient_privilege';
            END IF;
        END IF;
        RETURN NEW;
    END
    $$
    """,
    *(
        f"""
        CREATE TRIGGER {table}_live BEFORE INSERT OR UPDATE OF wrapped ON {table}
            FOR EACH ROW EXECUTE FUNCTION ring_key_lives()
        """
        for table in ("content_keys", "audit_stream_keys", "audit_subjects")
    ),
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_subjects_live ON audit_subjects")
    for table in ("ring_holders", "audit_stream_keys", "content_keys", "ring_state", "ring_keys"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION ring_key_lives()")
    op.execute("DROP FUNCTION ring_key_of(bytea)")
