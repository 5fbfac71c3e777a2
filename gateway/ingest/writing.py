"""Documents into the database: several in one transaction, so that a commit and a turn are paid once for all of them.

Writers of one tenant only add at the same time; whoever forgets values of the vault has its turn alone. Otherwise one
document could forget a value as nobody's while another, not yet committed, relies on it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.ingest.values import Check, Finish
from gateway.redaction import Original, Vault
from gateway.retrieval import Index, NewDocument, Stored
from gateway.store import Store
from gateway.store.store import Connection

DEADLOCK: Final = "40P01"
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
_TOGETHER: Final = "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))"


@dataclass(frozen=True, slots=True)
class Ready:
    """A document that only has to be written."""

    new: NewDocument
    originals: Mapping[str, Original] = field(repr=False)
    adds: bool
    """Whether nothing stood in its place when it was read."""
    check: Check
    """Called first, in the transaction; raises to refuse."""
    finish: Finish | None
    """Called last, in the transaction."""


class Writer:
    """The one place where documents come in and go."""

    def __init__(self, store: Store, index: Index, vault: Vault) -> None:
        self._store = store
        self._index = index
        self._vault = vault

    @contextlib.asynccontextmanager
    async def turn(self, tenant: str, *, shared: bool = False) -> AsyncIterator[Connection]:
        """A transaction that no other of the tenant runs beside, or with `shared` only others that add."""
        async with self._store.transaction() as conn:
            await conn.execute(_TOGETHER if shared else _TURN, f"gateway/ingest/{tenant}")
            yield conn

    async def write(self, ready: Sequence[Ready]) -> list[Stored | Exception]:
        """What became of each document of one tenant; never raises but when cancelled.

        All in one transaction where that works; each in its own where one of them cannot be written.
        """
        if len(ready) > 1:
            # Whatever it was, it is found again below, and is the outcome of one document.
            with contextlib.suppress(Exception):
                return list(await self._together(ready))
        found: list[Stored | Exception] = []
        for one in ready:
            try:
                found.append(await self._alone(one))
            except Exception as fault:  # noqa: BLE001 - it is this document's, and the caller records it
                found.append(fault)
        return found

    async def forget(self, tenant: str, collection: str, document: str, conn: Connection) -> None:
        """Delete a document and the values that nothing else brought in. Raises NotFound."""
        await self._index.delete_document(tenant, collection, document, conn)
        await self._vault.leave(tenant, document, conn)

    async def forget_collection(self, tenant: str, collection: str, conn: Connection) -> list[str]:
        """Delete a collection with everything in it; its documents' ids. Raises NotFound."""
        gone = await self._index.delete_collection(tenant, collection, conn)
        for document in gone:
            await self._vault.leave(tenant, document, conn)
        return gone

    async def _together(self, ready: Sequence[Ready]) -> list[Stored]:
        shared = all(one.adds for one in ready)
        tenant = ready[0].new.tenant
        async with self.turn(tenant, shared=shared) as conn:
            # Every value in one order, then every document in one: so no two transactions wait in a ring.
            await self._vault.keep(tenant, None, {t: o for one in ready for t, o in one.originals.items()}, conn=conn)
            places = sorted(range(len(ready)), key=lambda at: (ready[at].new.collection, ready[at].new.source_key))
            stored = {at: await self._put(ready[at], conn, shared=shared) for at in places}
            return [stored[at] for at in range(len(ready))]

    async def _alone(self, one: Ready) -> Stored:
        if one.adds:
            try:
                async with self.turn(one.new.tenant, shared=True) as conn:
                    await self._vault.keep(one.new.tenant, None, one.originals, conn=conn)
                    return await self._put(one, conn, shared=True)
            except Exception as fault:
                if not isinstance(fault, _Replaces) and getattr(fault, "sqlstate", "") != DEADLOCK:
                    raise
        async with self.turn(one.new.tenant) as conn:
            return await self._put(one, conn, shared=False)

    async def _put(self, one: Ready, conn: Connection, *, shared: bool) -> Stored:
        new = one.new
        await one.check(conn)
        stored = await self._index.put_document(new, conn)
        if stored.status == "updated":
            if shared:
                # Another was first with the same name, and what it brought in is to be forgotten.
                raise _Replaces
            await self._vault.leave(new.tenant, stored.document, conn)
        if stored.status in ("new", "updated"):
            await self._vault.keep(new.tenant, new.collection, one.originals, stored.document, conn)
        if one.finish is not None:
            await one.finish(conn, stored)
        return stored


class _Replaces(Exception):
    """No error: it tells that a turn alone is needed."""
