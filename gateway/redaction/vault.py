"""The vault: what tokens stand for, sealed, and which collections' documents brought them in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from gateway.crypto.keyring import KeyRing
from gateway.redaction.kept import ID
from gateway.redaction.nouns import Original, VaultEntry
from gateway.redaction.tokens import type_of
from gateway.store import Store

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

PLACES: Final = 200
"""Documents looked at to tell whether a caller may read one of those that brought a value in."""
PURPOSE: Final = "vault"

_KEEP: Final = """
INSERT INTO vault (tenant, token, type, sealed)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bytea[])
ON CONFLICT (tenant, token) DO NOTHING
"""
_PLACE: Final = """
INSERT INTO vault_places (tenant, token, collection, document)
SELECT $1, token, $3, $4 FROM unnest($2::text[]) AS token
ON CONFLICT DO NOTHING
"""
_LOOK_UP: Final = """
SELECT v.token, v.sealed, array_remove(array_agg(DISTINCT p.collection), NULL) AS collections
FROM vault v LEFT JOIN vault_places p USING (tenant, token)
WHERE v.tenant = $1 AND v.token = ANY($2::text[])
GROUP BY v.tenant, v.token
"""
_PLACES: Final = """
SELECT wanted.token, place.document
FROM unnest($2::text[]) AS wanted (token) CROSS JOIN LATERAL (
    SELECT document FROM vault_places
    WHERE tenant = $1 AND token = wanted.token AND collection = $3
    ORDER BY tenant DESC, token DESC, collection DESC, document DESC LIMIT $4
) AS place
"""
_BY_ID: Final = f"SELECT token FROM vault WHERE tenant = $1 AND {ID} = ANY($2::text[])"
_LEAVE: Final = "DELETE FROM vault_places WHERE tenant = $1 AND document = $2 RETURNING token"
_DROP: Final = """
DELETE FROM vault v
WHERE v.tenant = $1 AND v.token = ANY($2::text[])
  AND NOT EXISTS (SELECT 1 FROM vault_places p WHERE p.tenant = v.tenant AND p.token = v.token)
"""


class Vault:
    """Sealed values by tenant and token. Values are bound to both: moved to another row they do not open."""

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    async def keep(
        self,
        tenant: str,
        collection: str | None,
        originals: Mapping[str, Original],
        document: str | None = None,
        conn: Connection | None = None,
    ) -> None:
        """Keep what tokens stand for; what is there already stays as it is.

        `collection` and `document` say where they came in; with `conn` it joins that transaction. Raises
        StoreUnavailable.
        """
        if not originals:
            return
        if conn is None:
            async with self._store.transaction() as own:
                await self._keep(own, tenant, collection, originals, document)
        else:
            await self._keep(conn, tenant, collection, originals, document)

    async def look_up(self, tenant: str, tokens: Collection[str]) -> dict[str, VaultEntry]:
        """What the known ones among `tokens` stand for. Raises StoreUnavailable, SealBroken."""
        if not tokens:
            return {}
        rows = await self._store.fetch(_LOOK_UP, tenant, sorted(set(tokens)))
        return {row["token"]: self._opened(tenant, row["token"], row["sealed"], row["collections"]) for row in rows}

    async def tokens(self, tenant: str, ids: Collection[str]) -> list[str]:
        """The tokens with these ids, as kept."""
        if not ids:
            return []
        return [row["token"] for row in await self._store.fetch(_BY_ID, tenant, sorted(set(ids)))]

    async def places(self, tenant: str, tokens: Collection[str], collection: str) -> dict[str, set[str]]:
        """The documents of a collection that brought each of `tokens` in, the newest `PLACES` of them."""
        if not tokens:
            return {}
        found: dict[str, set[str]] = {}
        for row in await self._store.fetch(_PLACES, tenant, sorted(set(tokens)), collection, PLACES):
            found.setdefault(row["token"], set()).add(row["document"])
        return found

    async def leave(self, tenant: str, document: str, conn: Connection | None = None) -> int:
        """A document is gone: forget its places, and values that nothing else brought in; returns how many."""
        if conn is None:
            async with self._store.transaction() as own:
                return await self._leave(own, tenant, document)
        return await self._leave(conn, tenant, document)

    def _opened(self, tenant: str, token: str, sealed: bytes, collections: Iterable[str]) -> VaultEntry:
        plain = self._ring.open(PURPOSE, sealed, bound(tenant, token), tenant.encode())
        return VaultEntry(plain.decode("utf-8", "surrogatepass"), type_of(token), frozenset(collections))

    async def _keep(
        self,
        conn: Connection,
        tenant: str,
        collection: str | None,
        originals: Mapping[str, Original],
        document: str | None,
    ) -> None:
        # Sorted, so that two writers of the same tokens wait for each other and never in a ring.
        tokens = sorted(originals)
        sealed = [
            self._ring.seal(
                PURPOSE,
                originals[token].value.encode("utf-8", "surrogatepass"),
                bound(tenant, token),
                tenant.encode(),
            )
            for token in tokens
        ]
        await conn.execute(_KEEP, tenant, tokens, [originals[token].type for token in tokens], sealed)
        if collection is not None:
            await conn.execute(_PLACE, tenant, tokens, collection, document or "")

    async def _leave(self, conn: Connection, tenant: str, document: str) -> int:
        tokens = sorted({row["token"] for row in await conn.fetch(_LEAVE, tenant, document)})
        done = await conn.execute(_DROP, tenant, tokens)
        return int(done.rpartition(" ")[2])


def bound(tenant: str, token: str) -> bytes:
    """What a sealed value is bound to: its row."""
    return len(tenant).to_bytes(4, "big") + tenant.encode() + token.encode()
