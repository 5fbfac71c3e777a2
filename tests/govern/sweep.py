"""Everything a gateway keeps, in the clear as far as it still opens: tables, files, and backups of the database."""

from __future__ import annotations

import asyncio
import io
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import orjson

from gateway.app.house import House
from gateway.audit import Reader
from gateway.crypto import KeyRing
from gateway.errors import SealBroken
from gateway.ingest.ledger import place_of
from gateway.redaction import kept, vault
from gateway.retrieval import writing
from gateway.store import Store
from gateway.store.embedded import EmbeddedServer, _programs

_TABLES = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


async def everything(house: House) -> dict[str, bytes]:
    """Place -> all that stands there, opened where it is sealed and opens."""
    found = await tables(house.store, house.ring)
    return found | await asyncio.to_thread(_files, house.settings.data_dir)


async def tables(store: Store, ring: KeyRing) -> dict[str, bytes]:
    """The same of one database alone, as one that a backup was restored into."""
    found: dict[str, bytes] = {}
    async with store.acquire() as conn:
        for table in await conn.fetch(_TABLES):
            out = io.BytesIO()
            await conn.copy_from_query(f"SELECT * FROM {table['name']}", output=out)
            found[f"table {table['name']}"] = unfolded(out.getvalue())
    async for place, opened in _opened(store, ring):
        found[place] = found.get(place, b"") + b"\n" + opened
    return found


def unfolded(raw: bytes) -> bytes:
    """What COPY wrote, and behind it every bytea, which it writes in hexadecimal, as it is."""
    return raw + b"\n".join(_bytes(field) for field in raw.replace(b"\n", b"\t").split(b"\t"))


def dump(server: EmbeddedServer, database: str, file: Path, form: str, *words: str) -> bytes:
    """A backup by the server's own pg_dump, `plain` or `custom`; what stands in the file, bytea unfolded."""
    packed = [] if form == "plain" else ["--compress=0"]
    _program("pg_dump", f"--format={form}", *packed, f"--file={file}", *words, f"--dbname={server.url(database)}")
    return unfolded(file.read_bytes())


def restore(server: EmbeddedServer, database: str, file: Path, form: str) -> None:
    """That backup into a database that is there."""
    if form == "plain":
        _program("psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--file={file}", server.url(database))
    else:
        _program("pg_restore", "--exit-on-error", f"--dbname={server.url(database)}", str(file))


def _program(name: str, *words: str) -> None:
    subprocess.run([_programs() / name, *words], check=True, stdout=subprocess.DEVNULL, timeout=170)


def _files(folder: Path) -> dict[str, bytes]:
    """A model's vocabulary is left out: it holds every usual name."""
    return {
        f"file {path.name}": path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".onnx"
    }


def holding(found: dict[str, bytes], *values: str) -> set[str]:
    """The places that hold one of these values, in any case."""
    wanted = [value.casefold().encode() for value in values]
    return {place for place, data in found.items() if any(one in data.lower() for one in wanted)}


def _bytes(field: bytes) -> bytes:
    if not field.startswith(b"\\\\x"):
        return b""
    try:
        return bytes.fromhex(field[3:].decode())
    except ValueError:
        return b""


async def _opened(store: Store, ring: KeyRing) -> AsyncIterator[tuple[str, bytes]]:
    for row in await store.fetch("SELECT * FROM vault"):
        tenant = row["tenant"]
        bound = vault.bound(tenant, row["token"])
        yield "vault", ring.open(vault.PURPOSE, row["sealed"], bound, tenant.encode())
    for row in await store.fetch("SELECT * FROM kept_values"):
        tenant = row["tenant"]
        bound = kept.bound(tenant, row["principal"], row["token"])
        yield "kept values", ring.open(kept.PURPOSE, row["sealed"], bound, tenant.encode())
    for row in await store.fetch("SELECT tenant, id, version, original FROM documents"):
        text = writing.open_text(ring, row["tenant"], row["id"], row["version"], row["original"])
        yield "originals", text.encode()
    spans = "SELECT d.tenant, d.id, c.version, c.ordinal, c.spans FROM chunks c JOIN documents d ON d.id = c.document"
    for row in await store.fetch(spans):
        place = writing.place(row["tenant"], row["id"], row["version"], row["ordinal"])
        yield "spans", ring.open("spans", row["spans"], place)
    for row in await store.fetch("SELECT j.tenant, p.* FROM ingest_parts p JOIN ingest_jobs j ON j.id = p.job"):
        place = place_of(row["tenant"], row["job"], row["number"])
        yield "names of files", ring.open("job-about", row["about"], place)
        if row["file"] is not None:
            yield "files in the queue", ring.open("job-file", row["file"], place)
    for row in await store.fetch("SELECT * FROM source_items"):
        place = orjson.dumps([row["tenant"], row["source"], row["key"].hex()])
        yield "items of sources", ring.open("source-item", row["about"], place)
    reader, before = Reader(store, ring), None
    while True:
        page = await reader.recent(1000, before=before)
        yield "audit log", orjson.dumps(page["records"])
        if (before := page["next"]) is None:
            break
    for row in await store.fetch("SELECT * FROM audit_subjects WHERE wrapped IS NOT NULL"):
        try:
            yield "subject keys", ring.open("audit-subject", row["wrapped"], b"")
        except SealBroken:
            continue
