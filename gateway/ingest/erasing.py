"""Files that wait to be read, and names of files and items, as far as somebody or a value is to be forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from gateway.crypto import KeyRing
from gateway.errors import GatewayError
from gateway.ingest.ledger import place_of
from gateway.ingest.parsers import ParserPool
from gateway.retrieval import Parser
from gateway.store import Store

_PARTS: Final = """
SELECT p.job, p.number, p.state, p.about, p.file FROM ingest_parts p JOIN ingest_jobs j ON j.id = p.job
WHERE j.tenant = $1 AND (p.job, p.number) > ($2, $3) AND NOT (j.owner = ANY($4::text[]) AND j.kind = 'upload')
ORDER BY p.job, p.number LIMIT 1
"""
_ITEMS: Final = "SELECT source, key, about FROM source_items WHERE tenant = $1"
# What is under way is undone: its worker finds that the file is not its any more.
_DROP: Final = """
UPDATE ingest_parts SET file = NULL, about = $3, claim = NULL,
    state = CASE WHEN state IN ('waiting', 'running') THEN 'cancelled' ELSE state END
WHERE job = $1 AND number = $2
"""
_RENAME: Final = "UPDATE ingest_parts SET about = $3 WHERE job = $1 AND number = $2"
_ITEM: Final = "DELETE FROM source_items WHERE tenant = $1 AND source = $2 AND key = $3"
_OF: Final = "FROM ingest_jobs WHERE owner = ANY($1::text[]) AND kind = 'upload'"
_UNNAME: Final = "UPDATE ingest_jobs SET owner_name = '' WHERE owner = ANY($1::text[])"

Find = Callable[[str], Sequence[tuple[int, int]]]
Cover = Callable[[str, Iterable[tuple[int, int]]], str]


@dataclass(frozen=True, slots=True)
class Queued:
    """What of the queue a value was found in."""

    files: int
    """Files that wait or failed: they are dropped, unread."""
    names: int
    """Names of files, in which it is written over, and of sources' items, which are listed anew next time."""


class Waiting:
    """The queue and the sources' lists. Every method raises StoreUnavailable; those that open rows SealBroken."""

    def __init__(self, store: Store, ring: KeyRing, parser: Parser | ParserPool) -> None:
        self._store = store
        self._ring = ring
        self._parser = parser

    async def of(self, owners: Collection[str], *, drop: bool) -> int:
        """Jobs of files that these principals sent; with `drop` they are deleted with every file in them."""
        if not drop:
            return int(await self._store.fetchval(f"SELECT count(*) {_OF}", sorted(owners)))
        done = await self._store.execute(f"DELETE {_OF}", sorted(owners))
        await self._store.execute(_UNNAME, sorted(owners))
        return int(done.rpartition(" ")[2])

    async def holding(
        self, tenant: str, find: Find, cover: Cover, *, drop: bool, without: Collection[str] = ()
    ) -> Queued:
        """Files that hold the value, read as they would be; one that cannot be read counts as one that does.

        without: owners whose jobs are passed over, as they go whole.
        """
        files = names = 0
        at = ("", -1)
        while (row := await self._store.fetchrow(_PARTS, tenant, *at, sorted(without))) is not None:
            at = (row["job"], row["number"])
            place = place_of(tenant, *at)
            about = orjson.loads(self._ring.open("job-about", row["about"], place))
            named = cover(about["name"], find(about["name"]))
            renamed = named != about["name"]
            held = row["file"] is not None and await self._holds(row["file"], place, about["name"], find)
            if drop and (held or renamed):
                sealed = self._ring.seal("job-about", orjson.dumps({**about, "name": named}), place)
                await self._store.execute(_DROP if held else _RENAME, *at, sealed)
            files += held
            names += renamed
        return Queued(files, names + await self._items(tenant, find, drop=drop))

    async def _holds(self, sealed: bytes, place: bytes, name: str, find: Find) -> bool:
        data = await asyncio.to_thread(self._ring.open, "job-file", sealed, place)
        try:
            parsed = await self._parser.parse(data, name)
        except GatewayError as error:
            if error.retry:
                raise
            return True
        return bool(await asyncio.to_thread(find, f"{parsed.title}\n{parsed.text}"))

    async def _items(self, tenant: str, find: Find, *, drop: bool) -> int:
        rows: Sequence[Any] = await self._store.fetch(_ITEMS, tenant)
        found = 0
        for row in rows:
            place = orjson.dumps([tenant, row["source"], row["key"].hex()])
            about = orjson.loads(self._ring.open("source-item", row["about"], place))
            if not any(find(text) for text in about.values()):
                continue
            found += 1
            if drop:
                await self._store.execute(_ITEM, tenant, row["source"], row["key"])
        return found
