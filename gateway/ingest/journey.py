"""One document, from its bytes to the index. The order lives here and nowhere else.

    decide -> (unchanged? done) -> parse -> redact -> intent, durable -> vault, chunks, vectors, permissions in one
    transaction -> outcome, durable

A stage that fails stops the line and is recorded; the former version stays until the new one is in. Whoever is killed
in between runs again: what is done is recognised by its digest.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.audit import AuditLog
from gateway.crypto.digest import sha256
from gateway.errors import Broken, Conflict, GatewayError, Invalid, NotFound, NotPermitted, TooLarge
from gateway.ingest.clean import clean_document
from gateway.ingest.passages import make_chunks
from gateway.ingest.replace import needs_delete
from gateway.ingest.values import (
    Asked,
    Clean,
    Ingested,
    Request,
    Rights,
    checked_id,
    checked_name,
    facts,
    ingested,
    marks,
    result,
)
from gateway.model import ANSWER, EVERYONE, Json, Principal, Record
from gateway.policy import Bundle, Current
from gateway.redaction import Redactor, Vault
from gateway.retrieval import (
    PLAIN,
    REDACTED,
    TERMS_VERSION,
    Embedder,
    Held,
    Index,
    NewDocument,
    Parser,
    Stored,
)
from gateway.store import Store
from gateway.store.store import Connection

RECIPE: Final = "ingest/2"
_TURN: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


class Ingest:
    """The ingest journey; one instance serves a worker or a command line."""

    def __init__(
        self,
        *,
        store: Store,
        current: Current,
        parser: Parser,
        redactor: Redactor,
        vault: Vault,
        index: Index,
        embedder: Embedder,
        audit: AuditLog,
        now: Callable[[], datetime],
        max_bytes: int = 50_000_000,
    ) -> None:
        self._store = store
        self._current = current
        self._parser = parser
        self._redactor = redactor
        self._vault = vault
        self._index = index
        self._embedder = embedder
        self._audit = audit
        self._now = now
        self._max_bytes = max_bytes

    async def ingest(
        self,
        principal: Principal,
        source: bytes | Path,
        *,
        name: str,
        collection: str,
        label: str | None = None,
        allow: Sequence[str] | None = None,
        deny: Sequence[str] | None = None,
        mode: str | None = None,
        request: str | None = None,
    ) -> Ingested:
        """Bring one file into a collection, which is created when the caller may write to it and it is not there.

        name: what makes it the same document next time, and its suffix says the format; label, allow, deny: None keeps
        what the document has, or takes the collection's label, everyone, and nobody; allow and deny hold `*`, `user:x`,
        `role:x`, `group:x`; mode: of a collection not there yet, `redacted` (None too) or `plain`.
        A document already there is replaced by whoever may read it, or delete in its collection; its label is lowered
        by the latter only.
        Raises NotPermitted, Invalid, TooLarge, UnsupportedMedia, Conflict or an Unavailable, each on record.
        """
        asked = self._request(principal, request)
        rights = Rights(label, marks(allow), marks(deny))
        try:
            self._permit(asked.bundle, principal, collection, "write")
            admitted = await self._admit(asked, source, name, collection, mode, rights)
            held = admitted.held
            if held is None or (held.digest, held.recipe) != (admitted.digest, admitted.recipe):
                parsed = await self._parser.parse(admitted.data, name)
                clean = await clean_document(self._redactor, admitted, parsed)
        except GatewayError as error:
            await self._refuse(asked, "ingest", collection, error)
            raise
        if held is not None and (held.digest, held.recipe) == (admitted.digest, admitted.recipe):
            return await self._same_content(admitted, held)
        return await self._carry_out(admitted, clean)

    async def remove_document(
        self, principal: Principal, document: str, *, collection: str | None = None, request: str | None = None
    ) -> None:
        """Delete a document the caller may read and delete; `collection`: where it must be, None for anywhere.

        Raises NotFound, NotPermitted; on record.
        """
        asked = self._request(principal, request)
        place = collection or ""
        try:
            checked_id(document)
            known = await self._index.known_collections(principal.tenant)
            found = await self._index.document(document, asked.bundle.plan(principal, (), known))
            if collection is not None and found.collection != collection:
                raise NotFound("no such document", hint="`gateway document list` shows those you may read")
            place = found.collection
            self._permit(asked.bundle, principal, place, "delete")
        except GatewayError as error:
            await self._refuse(asked, "document.delete", place, error)
            raise
        detail: Json = {"collection": place, "document": document}
        await self._append("intent", asked, "document.delete", detail)
        async with self._recorded(asked, "document.delete", detail), self._writing(principal.tenant) as conn:
            await self._index.delete_document(principal.tenant, place, document, conn)
            await self._vault.leave(principal.tenant, document, conn)

    async def remove_collection(self, principal: Principal, collection: str, *, request: str | None = None) -> int:
        """Delete a collection with every document in it; their number. Raises NotFound, NotPermitted; on record."""
        asked = self._request(principal, request)
        try:
            self._permit(asked.bundle, principal, collection, "delete")
        except GatewayError as error:
            await self._refuse(asked, "collection.delete", collection, error)
            raise
        detail: Json = {"collection": collection}
        await self._append("intent", asked, "collection.delete", detail)
        async with self._recorded(asked, "collection.delete", detail):
            async with self._writing(principal.tenant) as conn:
                gone = await self._index.delete_collection(principal.tenant, collection, conn)
                for document in gone:
                    await self._vault.leave(principal.tenant, document, conn)
            detail["documents"] = len(gone)
        return len(gone)

    def _request(self, principal: Principal, request: str | None) -> Request:
        return Request(request or secrets.token_hex(16), principal, self._current.bundle)

    # --- stages ----------------------------------------------------------------------------------------------------

    def _permit(self, bundle: Bundle, principal: Principal, collection: str, action: str) -> None:
        decision = bundle.decide(principal, f"collection:{collection}", action)
        if not decision:
            raise NotPermitted(
                decision.reason, param="collection", hint=f"ask an administrator for the right to {action} it"
            )

    async def _admit(
        self, asked: Request, source: bytes | Path, name: str, collection: str, mode: str | None, rights: Rights
    ) -> Asked:
        """The file in memory, compared with what the index holds under its name."""
        tenant = asked.principal.tenant
        checked_name(name)
        if collection == ANSWER:
            hint = "in access.csv this name stands for what models write"
            raise Invalid(f"no collection can be called {ANSWER}", param="collection", hint=hint)
        known = await self._index.collection(tenant, collection)
        if known is not None and mode is not None and mode != known.mode:
            raise Conflict(
                f"collection {collection} is kept in mode {known.mode}", hint="a collection's mode cannot be changed"
            )
        rights.check(asked.bundle.routing.labels)
        data = await self._read(source)
        settled = known.mode if known is not None else mode or REDACTED
        source_key = self._index.source_key(tenant, name)
        held = await self._index.held(tenant, collection, source_key)
        usual = known.label if known is not None else asked.bundle.routing.default_label
        label = rights.label or (held.label if held is not None else usual)
        self._may_replace(asked, collection, held, label)
        return Asked(
            request=asked,
            collection=collection,
            mode=settled,
            exists=known is not None,
            name=name,
            data=data,
            source_key=source_key,
            digest=await asyncio.to_thread(self._index.digest, tenant, data),
            recipe=self._recipe(asked.bundle, settled),
            held=held,
            label=label,
            allow=rights.allow if rights.allow is not None else held.allow if held is not None else (EVERYONE,),
            deny=rights.deny if rights.deny is not None else held.deny if held is not None else (),
        )

    def _may_replace(self, asked: Request, collection: str, held: Held | None, label: str) -> None:
        """Raises NotPermitted, in the words for whoever may not delete: the right to write is not one to replace."""
        if held is not None and needs_delete(asked.bundle, asked.principal, collection, held, label):
            self._permit(asked.bundle, asked.principal, collection, "delete")

    async def _still(self, asked: Asked, conn: Connection) -> Held | None:
        """What the index holds now that nobody else writes: another may have been first while this file was read.

        Raises NotPermitted when the caller may not replace it, Conflict when its permissions are not those it had.
        """
        tenant = asked.request.principal.tenant
        held, before = await self._index.held(tenant, asked.collection, asked.source_key, conn), asked.held
        self._may_replace(asked.request, asked.collection, held, asked.label)
        if held and before and (held.label, held.allow, held.deny) != (before.label, before.allow, before.deny):
            raise Conflict("the document's permissions were changed meanwhile", hint="ingest it again")
        return held

    async def _read(self, source: bytes | Path) -> bytes:
        if isinstance(source, bytes):
            return source
        try:
            size = (await asyncio.to_thread(source.stat)).st_size
            if size > self._max_bytes:
                raise TooLarge(f"the file has more than {self._max_bytes} bytes", hint="split it, or raise the limit")
            return await asyncio.to_thread(source.read_bytes)
        except OSError:
            raise Invalid("the file cannot be read", hint="look at its path and permissions", param="file") from None

    def _recipe(self, bundle: Bundle, mode: str) -> str:
        """Everything but the file that decides what the index holds; another recipe means building it again."""
        privacy = sha256(bundle.privacy_source()).hex()[:16] if mode == REDACTED else PLAIN
        return f"{RECIPE} {self._parser.id} {self._embedder.id} {TERMS_VERSION} {privacy}"

    async def _same_content(self, asked: Asked, held: Held) -> Ingested:
        """Nothing to read again: at most the permissions change, and no vector with them."""
        changes = (held.label, held.allow, held.deny) != (asked.label, asked.allow, asked.deny)
        if not changes:
            stored = Stored(held.id, "unchanged", held.version, held.chunks)
            await self._append("outcome", asked.request, "ingest", {**facts(asked), **result(stored)})
            return ingested(asked, stored, {})
        detail = {**facts(asked), "document": held.id, "from": {"label": held.label}}
        await self._append("intent", asked.request, "document.permissions", detail)
        async with self._recorded(asked.request, "document.permissions", detail):
            async with self._writing(asked.request.principal.tenant) as conn:
                now = await self._still(asked, conn)
                if now is None or now.version != held.version:
                    raise Conflict("the document was changed meanwhile", hint="ingest it again")
                stored = await self._index.permit(held, asked.label, asked.allow, asked.deny, conn)
            detail.update(result(stored))
        return ingested(asked, stored, {})

    async def _carry_out(self, asked: Asked, clean: Clean) -> Ingested:
        detail: Json = {**facts(asked), "counts": clean.body.counts, "characters": len(clean.parsed.text)}
        content: Json = {"source": clean.source.text}
        await self._append("intent", asked.request, "ingest", detail, content)
        async with self._recorded(asked.request, "ingest", detail):
            stored = await self._store_document(asked, clean)
            detail.update(result(stored))
        return ingested(asked, stored, clean.body.counts)

    async def _store_document(self, asked: Asked, clean: Clean) -> Stored:
        tenant, by = asked.request.principal.tenant, asked.request.principal.name
        new = NewDocument(
            tenant=tenant,
            collection=asked.collection,
            source_key=asked.source_key,
            source=clean.source.text,
            title=clean.title.text,
            media=clean.parsed.media,
            digest=asked.digest,
            recipe=asked.recipe,
            label=asked.label,
            allow=asked.allow,
            deny=asked.deny,
            original=clean.parsed.text,
            pages=len(clean.parsed.pages),
            counts=clean.body.counts,
            chunks=await make_chunks(self._embedder, clean),
            by=by,
        )
        if not asked.exists:
            await self._index.create_collection(tenant, asked.collection, label=asked.label, mode=asked.mode, by=by)
        async with self._writing(tenant) as conn:
            await self._still(asked, conn)
            stored = await self._index.put_document(new, conn)
            if stored.status == "updated":
                await self._vault.leave(tenant, stored.document, conn)
            if stored.status in ("new", "updated"):
                await self._vault.keep(tenant, asked.collection, clean.originals, stored.document, conn)
        return stored

    @contextlib.asynccontextmanager
    async def _writing(self, tenant: str) -> AsyncIterator[Connection]:
        """A transaction; those of one tenant take turns.

        Otherwise one document could forget a value as nobody's while another, not yet committed, relies on it.
        """
        async with self._store.transaction() as conn:
            await conn.execute(_TURN, f"gateway/ingest/{tenant}")
            yield conn

    # --- the record ------------------------------------------------------------------------------------------------

    async def _append(self, kind: str, asked: Request, action: str, detail: Json, content: Json | None = None) -> None:
        who = {"name": asked.principal.name, "roles": sorted(asked.principal.roles)}
        await self._audit.append(
            Record(
                kind=kind,
                request=asked.id,
                at=self._now(),
                principal=asked.principal.id,
                action=action,
                policy=asked.bundle.digest,
                detail={**who, **detail},
                content=content or {},
            )
        )

    async def _refuse(self, asked: Request, action: str, collection: str, error: GatewayError) -> None:
        detail = {"collection": collection, "code": error.code, "status": error.status, "reason": error.message}
        await self._append("refusal", asked, action, detail)

    @contextlib.asynccontextmanager
    async def _recorded(self, asked: Request, action: str, detail: Json) -> AsyncIterator[None]:
        """What happens in the block ends in an outcome, whether it succeeds or not."""
        try:
            yield
        except GatewayError as error:
            await self._append("outcome", asked, action, {**detail, "error": error.code})
            raise
        except Exception as fault:
            await self._append(
                "outcome", asked, action, {**detail, "error": "internal_error", "fault": type(fault).__name__}
            )
            raise Broken("the gateway failed on this document", hint=f"report it with request id {asked.id}") from fault
        await self._append("outcome", asked, action, detail)
