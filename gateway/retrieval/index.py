"""The index: collections, their documents and passages, and who may read them."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

from gateway.crypto.digest import keyed
from gateway.crypto.keyring import KeyRing
from gateway.errors import Conflict, Invalid, NotFound
from gateway.model import Filter, Passage
from gateway.retrieval import writing
from gateway.retrieval.fuse import DENSE_WEIGHT
from gateway.retrieval.nouns import MODES, QUARANTINED, REDACTED, Collection, Document, Held, NewDocument, Stored
from gateway.retrieval.opening import opened
from gateway.retrieval.points import Points
from gateway.retrieval.search import Question, admits_nothing, admitted, filter_values, neighbours, search
from gateway.retrieval.storage import Storage
from gateway.store import Store
from gateway.store.store import Connection

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
PAGE: Final = 1000
"""Rows one list gives at most; `after` asks for the next."""

_KEEP: Final[Literal["keep"]] = "keep"
_DOCUMENTS: Final = """
SELECT d.id, d.tenant, d.collection, d.source, d.title, d.media, s.label, s.allow, s.deny, d.version, d.pages,
    d.chunks, d.characters, d.counts, d.created_at, d.updated_at, d.created_by, s.expires_at, s.state
FROM documents d JOIN scopes s ON s.id = d.scope"""
_PAGE: Final = "AND d.id > $6 ORDER BY d.id LIMIT $7"
_LIST: Final = f"{_DOCUMENTS} WHERE {admitted()} {_PAGE}"
_QUARANTINED: Final = f"{_DOCUMENTS} WHERE {admitted(QUARANTINED)} {_PAGE}"
_SHOW: Final = f"{_DOCUMENTS} WHERE {admitted()} AND d.id = $6"
_ADMITTED: Final = f"SELECT d.id FROM documents d JOIN scopes s ON s.id = d.scope WHERE {admitted()} AND d.id = ANY($6)"
_ORIGINAL: Final = f"""
SELECT d.version, d.original FROM documents d JOIN scopes s ON s.id = d.scope WHERE {admitted()} AND d.id = $6
"""
# Counts are of what the caller may read: a total would tell him of the rest.
_COLLECTIONS: Final = f"""
SELECT c.tenant, c.name, c.label, c.mode, c.created_at, c.created_by,
       coalesce(r.documents, 0) AS documents, coalesce(r.chunks, 0) AS chunks
FROM collections c LEFT JOIN (
    SELECT s.collection AS name, count(*) AS documents, sum(d.chunks)::bigint AS chunks
    FROM documents d JOIN scopes s ON s.id = d.scope WHERE {admitted()} GROUP BY s.collection) r USING (name)
WHERE c.tenant = $1 AND c.name = ANY($2) ORDER BY c.name
"""
_CREATE: Final = """
INSERT INTO collections (tenant, name, label, mode, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant, name) DO NOTHING
"""
_ONE: Final = (
    "SELECT tenant, name, label, mode, created_at, created_by FROM collections WHERE tenant = $1 AND name = $2"
)


class Index:
    """Every method raises StoreUnavailable when the database does not answer.

    What reads on a caller's behalf takes his Filter; what takes a plain tenant is for journeys that have decided.
    """

    def __init__(
        self, store: Store, ring: KeyRing, now: Callable[[], datetime], storage: Storage | None = None
    ) -> None:
        self._store = store
        self._ring = ring
        self._now = now
        self._storage = storage or Points()

    # --- search and lists, each under a filter ------------------------------------------------------------------

    async def search(
        self,
        vector: Sequence[float] | None,
        terms: Mapping[int, float],
        scope: Filter,
        top_k: int,
        *,
        embedder: str = "",
        weight: float = DENSE_WEIGHT,
    ) -> list[Passage]:
        """At most `top_k` passages that `scope` admits, best first; empty when it admits none (no statement runs).

        vector: None searches by words alone; embedder: what made the vector, if another one is in force the search is
        by words alone too; weight: the vector's share in the score (`dense_weight`); top_k: a reranker asks for more
        than it shows, up to 400.
        """
        question = Question(vector, terms, embedder, weight)
        return await search(self._store, self._storage, question, scope, top_k, self._now())

    async def neighbours(
        self, passages: Sequence[Passage], before: int, after: int, scope: Filter
    ) -> dict[str, list[Passage]]:
        """Each passage's id -> the passages around it in its document, itself among them, in order."""
        return await neighbours(self._store, passages, before, after, scope, self._now())

    async def collections(self, scope: Filter) -> list[Collection]:
        """The collections of `scope`, by name, with counts of the documents and chunks it admits."""
        if admits_nothing(scope):
            return []
        rows = await self._store.fetch(_COLLECTIONS, *self._values(scope))
        return [Collection(**row) for row in rows]

    async def documents(self, scope: Filter, *, after: str = "", limit: int = PAGE) -> list[Document]:
        """Documents that `scope` admits, oldest first, those behind the id `after`; at most `limit`."""
        return await self._list(_LIST, scope, after, limit)

    async def quarantined(self, scope: Filter, *, after: str = "", limit: int = PAGE) -> list[Document]:
        """Documents that `scope` would admit, were they not in quarantine; for who decides about them."""
        return await self._list(_QUARANTINED, scope, after, limit)

    async def document(self, document: str, scope: Filter) -> Document:
        """One document. Raises NotFound, also when `scope` does not admit it: which of the two is not told."""
        row = None if admits_nothing(scope) else await self._store.fetchrow(_SHOW, *self._values(scope), document)
        if row is None:
            raise NotFound("no such document", hint="`gateway document list` shows those you may read")
        return _document(row)

    async def passage(self, document: str, name: str, scope: Filter) -> Passage:
        """One passage of a document by its name there (`4`, or `p1` for one put together).

        Raises NotFound, also when `scope` does not admit it: which of the two is not told.
        """
        found = await opened(self._store, document, name, scope, self._now())
        if found is None:
            raise NotFound("no such passage", hint="the document may have been replaced; search again")
        return found

    async def admitted(self, documents: Iterable[str], scope: Filter) -> set[str]:
        """Those of the documents with these ids that `scope` admits."""
        wanted = [] if admits_nothing(scope) else sorted(set(documents))
        if not wanted:
            return set()
        rows = await self._store.fetch(_ADMITTED, *self._values(scope), wanted)
        return {row["id"] for row in rows}

    async def original(self, document: str, scope: Filter) -> str:
        """The extracted text as it was before redaction; passages' offsets point into it. Raises NotFound.

        It holds personal data: who may read the document may not necessarily see it, the journey decides that.
        """
        row = None if admits_nothing(scope) else await self._store.fetchrow(_ORIGINAL, *self._values(scope), document)
        if row is None:
            raise NotFound("no such document", hint="`gateway document list` shows those you may read")
        return await asyncio.to_thread(
            writing.open_text, self._ring, scope.tenant, document, row["version"], row["original"]
        )

    async def _list(self, sql: str, scope: Filter, after: str, limit: int) -> list[Document]:
        if admits_nothing(scope):
            return []
        rows = await self._store.fetch(sql, *self._values(scope), after, max(0, min(limit, PAGE)))
        return [_document(row) for row in rows]

    def _values(self, scope: Filter) -> tuple[object, ...]:
        return filter_values(scope, self._now())

    # --- for journeys that have decided -------------------------------------------------------------------------

    async def known_collections(self, tenant: str) -> list[str]:
        """Names of all collections of a tenant: what `policy.plan` chooses from."""
        return [
            row["name"] for row in await self._store.fetch("SELECT name FROM collections WHERE tenant = $1", tenant)
        ]

    async def collection(self, tenant: str, name: str) -> Collection | None:
        """One collection without counts, or None."""
        row = await self._store.fetchrow(_ONE, tenant, name)
        return None if row is None else Collection(**row)

    async def create_collection(
        self, tenant: str, name: str, *, label: str, mode: str = REDACTED, by: str
    ) -> Collection:
        """The collection, created if it is not there.

        Raises Conflict when it is there in another mode, Invalid for a name other than 1 to 63 lower-case letters,
        digits, dots, dashes and underscores, or an unknown mode.
        """
        if not NAME.fullmatch(name):
            raise Invalid(
                "a collection's name is 1 to 63 lower-case letters, digits, dots, dashes and underscores",
                param="collection",
            )
        if mode not in MODES:
            raise Invalid("no such collection mode", hint=f"one of {', '.join(MODES)}", param="mode")
        await self._store.execute(_CREATE, tenant, name, label, mode, self._now(), by)
        found = await self.collection(tenant, name)
        if found is None or found.mode != mode:
            raise Conflict(f"collection {name} is kept in another mode", hint="a collection's mode cannot be changed")
        return found

    def source_key(self, tenant: str, name: str) -> bytes:
        """Keyed digest of a document's name: the same name in the same collection is the same document."""
        return keyed(self._ring.stable("document-source", tenant.encode()), name.encode())

    def digest(self, tenant: str, data: bytes) -> bytes:
        """Keyed digest of a file's bytes: nobody without the key can test a guess at a file against the database."""
        return keyed(self._ring.stable("document-digest", tenant.encode()), data)

    async def held(
        self, tenant: str, collection: str, source_key: bytes, conn: Connection | None = None
    ) -> Held | None:
        """The document ingested under a name, or None."""
        return await writing.held(conn or self._store, tenant, collection, source_key)

    async def held_by_id(self, tenant: str, document: str, conn: Connection | None = None) -> Held | None:
        """The document with this id, whatever its state, or None."""
        return await writing.held_by_id(conn or self._store, tenant, document)

    async def put_document(self, new: NewDocument, conn: Connection | None = None) -> Stored:
        """Writes a document's new version in one transaction, that of `conn` when given.

        Until it commits, searches find the old version whole, from then on the new one. Raises NotFound when the
        collection is gone.
        """
        async with self._joined(conn) as own:
            return await writing.put(own, self._storage, self._ring, new, self._now())

    async def permit(
        self,
        old: Held,
        label: str,
        allow: Sequence[str],
        deny: Sequence[str],
        conn: Connection | None = None,
        *,
        expires_at: datetime | Literal["keep"] | None = _KEEP,
        state: str | None = None,
    ) -> Stored:
        """Changes label and permissions of a document; no vector is touched.

        expires_at: None for never, `keep` leaves it; state: None leaves it.
        """
        until = old.expires_at if expires_at == _KEEP else expires_at
        async with self._joined(conn) as own:
            return await writing.permit(own, self._storage, old, label, allow, deny, until, state or old.state)

    async def delete_document(
        self, tenant: str, collection: str, document: str, conn: Connection | None = None
    ) -> None:
        """Deletes a document, in the transaction of `conn` when given. Raises NotFound."""
        async with self._joined(conn) as own:
            if not await writing.remove(own, self._storage, tenant, collection, document):
                raise NotFound("no such document")

    async def delete_collection(self, tenant: str, name: str, conn: Connection | None = None) -> list[str]:
        """Deletes a collection with everything in it, in one transaction; the documents' ids. Raises NotFound."""
        async with self._joined(conn) as own:
            return await writing.remove_collection(own, self._storage, tenant, name)

    @contextlib.asynccontextmanager
    async def _joined(self, conn: Connection | None) -> AsyncIterator[Connection]:
        if conn is not None:
            yield conn
            return
        async with self._store.transaction() as own:
            yield own


def _document(row: Any) -> Document:
    return Document(**{**row, "allow": tuple(row["allow"]), "deny": tuple(row["deny"])})
