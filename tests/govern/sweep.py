"""Everything a gateway keeps, in the clear as far as it still opens: tables, files, and a copy as a dump makes it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import orjson

from gateway.app.house import House
from gateway.audit import Reader
from gateway.errors import SealBroken
from gateway.ingest.ledger import place_of
from gateway.redaction import kept, vault
from gateway.retrieval import writing

_TABLES = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


async def everything(house: House) -> dict[str, bytes]:
    """Place -> all that stands there, opened where it is sealed and opens."""
    found: dict[str, bytes] = {}
    async with house.store.acquire() as conn:
        for table in await conn.fetch(_TABLES):
            out = io.BytesIO()
            await conn.copy_from_query(f"SELECT * FROM {table['name']}", output=out)
            raw = out.getvalue()
            # bytea is written in hexadecimal: what is not sealed in it is looked at as it is.
            plain = b"\n".join(_bytes(field) for field in raw.replace(b"\n", b"\t").split(b"\t"))
            found[f"table {table['name']}"] = raw + plain
    async for place, opened in _opened(house):
        found[place] = found.get(place, b"") + b"\n" + opened
    return found | await asyncio.to_thread(_files, house.settings.data_dir)


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


async def _opened(house: House) -> AsyncIterator[tuple[str, bytes]]:
    ring, store = house.ring, house.store
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
