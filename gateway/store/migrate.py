"""The schema: known revisions, and bringing a database up to the newest under a lock.

Alembic turns the revisions into one SQL script (its offline mode), and the script runs over the connection that holds
the lock. So Alembic opens no connection, needs no second driver, and is imported only when there is something to do.
"""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path
from typing import Final

import asyncpg

from gateway.errors import BadSettings, SchemaTooNew, StoreUnavailable
from gateway.store.failures import lost

SCHEMA_REVISION: Final = "0019"
"""What this gateway's SQL is written for: the newest file in migrations/versions."""
FOLDER: Final = Path(__file__).parent / "migrations"
LOCK: Final = 0x67617465_77617901
"""Key of the advisory lock, unlike any that other programs would choose ("gateway", 1)."""
PGVECTOR: Final = (0, 8)
"""hnsw.iterative_scan came with it."""
WAIT_S: Final = 300


def known_revisions() -> list[str]:
    """Every revision this gateway carries, oldest first, by the files' names (`0001_access.py` -> `0001`)."""
    names = (re.match(r"(\d{4})_\w+\.py$", path.name) for path in (FOLDER / "versions").iterdir())
    return sorted(name[1] for name in names if name)


async def bring_up(connection: asyncpg.Connection[asyncpg.Record], *, migrate: bool = True) -> bool:
    """Make sure of the schema; whether anything was changed. Several processes may call this at once.

    Raises SchemaTooNew for a revision this gateway does not know, StoreUnavailable for an older one with
    `migrate=False` or when the lock is not free in time, BadSettings when pgvector is missing.
    """
    try:
        if await current(connection) == SCHEMA_REVISION:
            return False
        await _refuse_newer(connection)
        if not migrate:
            raise StoreUnavailable("the database has an older schema", hint="run `gateway migrate`")
        await connection.execute(f"SET lock_timeout = '{WAIT_S}s'")
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK, timeout=WAIT_S + 5)
        try:
            return await _upgrade(connection)
        finally:
            if not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
    except asyncpg.LockNotAvailableError:
        raise StoreUnavailable("another process has been migrating the database for long", hint="wait for it") from None
    except (OSError, asyncpg.PostgresError) as exc:
        known = lost(exc)
        if known is None:
            raise
        raise known from None


async def current(connection: asyncpg.Connection[asyncpg.Record]) -> str | None:
    """The database's revision; None in an empty one."""
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    return None if found is None else str(found)


def script(start: str | None, end: str, *, down: bool = False) -> str:
    """The SQL that leads from one revision to another, with its own BEGIN and COMMIT. Imports Alembic."""
    from alembic import command  # noqa: PLC0415 - half a second, and only when the schema changes
    from alembic.config import Config  # noqa: PLC0415

    out = io.StringIO()
    config = Config(output_buffer=out, stdout=io.StringIO())
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    step = command.downgrade if down else command.upgrade
    step(config, f"{start or 'base'}:{end}", sql=True)
    return out.getvalue()


async def _upgrade(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    """With the lock held: look again, because another process may have done it meanwhile."""
    start = await current(connection)
    revisions = known_revisions()
    if start == SCHEMA_REVISION or not revisions or start == revisions[-1]:
        return False
    await _refuse_newer(connection)
    await _vector(connection)
    sql = await asyncio.to_thread(script, start, revisions[-1])
    try:
        await connection.execute(sql, timeout=None)
    except asyncpg.PostgresError:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    return True


async def _refuse_newer(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    found = await current(connection)
    if found is not None and found not in known_revisions():
        raise SchemaTooNew(
            f"the database has schema {found}, this gateway knows schemas up to {SCHEMA_REVISION}",
            hint="start the gateway version that migrated it, or a later one",
        )


async def _vector(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    hint = "install pgvector 0.8 or later on the server, and as its superuser: CREATE EXTENSION vector"
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except (asyncpg.InsufficientPrivilegeError, asyncpg.FeatureNotSupportedError, asyncpg.UndefinedFileError):
        raise BadSettings("the database has no extension vector and the gateway may not create it", hint=hint) from None
    version = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    if tuple(int(part) for part in re.findall(r"\d+", str(version))[:2]) < PGVECTOR:
        raise BadSettings(f"the database's extension vector is version {version}, too old", hint=hint)
