"""One document, or several together, from their bytes to the index. The order lives here and nowhere else.

    decide -> (unchanged? done) -> parse -> redact -> intent, durable -> vault, chunks, vectors, permissions in one
    transaction -> outcome, durable

A stage that fails stops that document's line and is recorded; the former version stays until the new one is in.
Whoever is killed in between runs again: what is done is recognised by its digest.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.audit import AuditLog
from gateway.errors import Conflict, GatewayError, NotFound
from gateway.ingest.admit import Admission
from gateway.ingest.clean import clean_document
from gateway.ingest.egress import going, may_leave
from gateway.ingest.parsers import ParserPool
from gateway.ingest.passages import make_chunks
from gateway.ingest.quarantine import Intake, Intakes, accept
from gateway.ingest.recording import Recording
from gateway.ingest.values import (
    Asked,
    Clean,
    Delivery,
    Finish,
    Ingested,
    Request,
    Rights,
    Until,
    checked_id,
    facts,
    ingested,
    marks,
    result,
    rights_of,
)
from gateway.ingest.writing import Ready, Writer
from gateway.model import Json, Principal
from gateway.policy import Current
from gateway.redaction import Redactor, Vault
from gateway.retrieval import (
    PLAIN,
    QUARANTINED,
    Document,
    Held,
    Index,
    Ledger,
    NewDocument,
    Parser,
    Quarantine,
    Stored,
    Terms,
    TextEmbedder,
    expect_embedder,
    leaving,
    parents_of,
)
from gateway.store import Store

REDACTING: Final = 4
"""Documents of one call that are redacted at a time: a scan's time limit includes its wait."""


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A delivery on its way. `clean` is None where the index holds this very content."""

    asked: Asked
    clean: Clean | None
    finish: Finish | None


class Ingest:
    """The ingest journey; one instance serves a worker or a command line."""

    def __init__(
        self,
        *,
        store: Store,
        current: Current,
        parser: Parser | ParserPool,
        redactor: Redactor,
        vault: Vault,
        index: Index,
        embedder: TextEmbedder,
        terms: Terms | None = None,
        audit: AuditLog,
        now: Callable[[], datetime],
        max_bytes: int = 50_000_000,
    ) -> None:
        self._store = store
        self._current = current
        self._parser = parser
        self._redactor = redactor
        self._index = index
        self._embedder = embedder
        self._terms = terms or Terms()
        self._leaving = leaving(embedder, self._terms)
        self._admission = Admission(index, now, max_bytes)
        self._records = Recording(audit, now)
        self._quarantine = Intakes(Quarantine(store))
        self._writer = Writer(store, index, vault)

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
        expires_at: Until = "keep",
    ) -> Ingested:
        """Bring one file into a collection, which is created when the caller may write to it and it is not there.

        name: what makes it the same document next time, and its suffix says the format; label, allow, deny: None keeps
        what the document has, or takes the collection's label, everyone, and nobody; allow and deny hold `*`, `user:x`,
        `role:x`, `group:x`; mode: of a collection not there yet, `redacted` (None too) or `plain`; expires_at: when
        nobody may read the document any more.
        A document already there is replaced by whoever may read it, or delete in its collection; its label is lowered
        by the latter only.
        Raises NotPermitted, Invalid, TooLarge, UnsupportedMedia, Conflict or an Unavailable, each on record.
        """
        one = Delivery(source, name, collection, label, marks(allow), marks(deny), mode, request, expires_at)
        (done,) = await self.ingest_many(principal, [one])
        if isinstance(done, GatewayError):
            raise done
        return done

    async def ingest_many(self, principal: Principal, deliveries: Sequence[Delivery]) -> list[Ingested | GatewayError]:
        """The same for several files at once, each with an outcome of its own; a few dozen small ones at most.

        They are read side by side and written in one transaction. Two of one name in one call: which of them stays is
        not said. Raises only when the record itself cannot be kept.
        """
        turn = asyncio.Semaphore(REDACTING)
        found = await asyncio.gather(*(self._prepare(principal, one, turn) for one in deliveries))
        done: list[Ingested | GatewayError | None] = [None if isinstance(one, _Admitted) else one for one in found]
        lines = [(at, one) for at, one in enumerate(found) if isinstance(one, _Admitted)]
        written = await self._carry_out([(one, one.clean) for _, one in lines if one.clean is not None])
        unchanged = await asyncio.gather(*(self._same_content(one) for _, one in lines if one.clean is None))
        ends = {True: iter(unchanged), False: iter(written)}
        for at, one in lines:
            done[at] = next(ends[one.clean is None])
        return [one for one in done if one is not None]

    async def admit(self, principal: Principal, deliveries: Sequence[Delivery], request: str) -> None:
        """Say now what would be refused later, as far as it can be known without reading the files.

        Raises as `ingest` does, on record.
        """
        asked = self._request(principal, request)
        for one in deliveries:
            try:
                self._admission.permit(asked.bundle, principal, one.collection, "write")
                self._admission.named(one.name, one.collection)
                Rights(one.label, one.allow, one.deny).check(asked.bundle.routing.labels)
            except GatewayError as error:
                await self._records.refuse(asked, "ingest", one.collection, error)
                raise

    def may(self, principal: Principal, collection: str, action: str) -> bool:
        """Whether policy in force lets the principal do this to the collection."""
        return bool(self._current.bundle.decide(principal, f"collection:{collection}", action))

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
            held = await self._index.held_by_id(principal.tenant, document)
            if held is not None and held.state == QUARANTINED and self.may(principal, held.collection, "delete"):
                # Nobody reads it; who may delete in its collection may throw it away unread.
                found: Document | Held = held
            else:
                found = await self._index.document(document, asked.bundle.plan(principal, (), known))
            if collection is not None and found.collection != collection:
                raise NotFound("no such document", hint="`gateway document list` shows those you may read")
            place = found.collection
            self._admission.permit(asked.bundle, principal, place, "delete")
        except GatewayError as error:
            await self._records.refuse(asked, "document.delete", place, error)
            raise
        await self._remove(asked, place, document, None)

    async def withdraw(
        self, principal: Principal, document: str, *, collection: str, request: str, finish: Finish | None = None
    ) -> None:
        """Delete a document that the caller itself brought in and keeps a list of; the right to read is not asked for.

        `finish` joins the transaction, with the status `gone`. Raises NotPermitted, NotFound; on record.
        """
        asked = self._request(principal, request)
        try:
            self._admission.permit(asked.bundle, principal, collection, "delete")
        except GatewayError as error:
            await self._records.refuse(asked, "document.delete", collection, error)
            raise
        await self._remove(asked, collection, document, finish)

    async def remove_collection(self, principal: Principal, collection: str, *, request: str | None = None) -> int:
        """Delete a collection with every document in it; their number. Raises NotFound, NotPermitted; on record."""
        asked = self._request(principal, request)
        try:
            self._admission.permit(asked.bundle, principal, collection, "delete")
        except GatewayError as error:
            await self._records.refuse(asked, "collection.delete", collection, error)
            raise
        detail: Json = {"collection": collection}
        await self._records.append("intent", asked, "collection.delete", detail)
        async with self._records.recorded(asked, "collection.delete", detail):
            async with self._writer.turn(principal.tenant) as conn:
                gone = await self._writer.forget_collection(principal.tenant, collection, conn)
            detail["documents"] = len(gone)
        return len(gone)

    def _request(self, principal: Principal, request: str | None) -> Request:
        return Request(request or secrets.token_hex(16), principal, self._current.bundle)

    async def _remove(self, asked: Request, collection: str, document: str, finish: Finish | None) -> None:
        tenant = asked.principal.tenant
        detail: Json = {"collection": collection, "document": document}
        await self._records.append("intent", asked, "document.delete", detail)
        async with self._records.recorded(asked, "document.delete", detail), self._writer.turn(tenant) as conn:
            await self._writer.forget(tenant, collection, document, conn)
            if finish is not None:
                await finish(conn, Stored(document, "gone", 0, 0))

    # --- stages ----------------------------------------------------------------------------------------------------

    async def _prepare(self, principal: Principal, one: Delivery, turn: asyncio.Semaphore) -> _Admitted | GatewayError:
        """Everything that leaves no trace: decided, read and redacted; or refused, on record."""
        asked = self._request(principal, one.request)
        try:
            made_by = f"{self._parser.id} {self._embedder.id}{self._terms.mark}"
            admitted = await self._admission.admit(asked, one, made_by)
            held = admitted.held
            if held is not None and (held.digest, held.recipe) == (admitted.digest, admitted.recipe):
                return _Admitted(admitted, None, one.finish)
            await expect_embedder(self._store, self._embedder.id)
            parsed = await self._parser.parse(admitted.data, one.name)
            accept(asked.bundle.privacy, parsed.report)
            async with turn:
                clean = await clean_document(self._redactor, admitted, parsed)
            may_leave(admitted, clean, self._leaving)
        except GatewayError as error:
            await self._records.refuse(asked, "ingest", one.collection, error)
            return error
        except Exception as fault:  # noqa: BLE001 - recorded, and this document's alone
            return await self._records.failed(asked, "ingest", {"collection": one.collection}, fault)
        return _Admitted(admitted, clean, one.finish)

    async def _same_content(self, one: _Admitted) -> Ingested | GatewayError:
        """Nothing to read again: at most the permissions change, and no vector with them."""
        asked, held = one.asked, one.asked.held
        assert held is not None  # noqa: S101 - that is what makes it the same
        if rights_of(held) == asked.rights:
            stored = Stored(held.id, "unchanged", held.version, held.chunks)
            detail: Json = {**facts(asked), **result(stored)}
            if one.finish is not None:
                try:
                    async with self._store.transaction() as conn:
                        await one.finish(conn, stored)
                except Exception as fault:  # noqa: BLE001 - as above
                    return await self._records.failed(asked.request, "ingest", detail, fault)
            await self._records.append("outcome", asked.request, "ingest", detail)
            return ingested(asked, stored, {})
        action = "document.permissions"
        detail = {**facts(asked), "document": held.id, "from": {"label": held.label}}
        await self._records.append("intent", asked.request, action, detail)
        try:
            stored = await self._permissions(asked, held, one.finish)
        except Exception as fault:  # noqa: BLE001 - as above
            return await self._records.failed(asked.request, action, detail, fault)
        await self._records.append("outcome", asked.request, action, {**detail, **result(stored)})
        return ingested(asked, stored, {})

    async def _permissions(self, asked: Asked, held: Held, finish: Finish | None) -> Stored:
        async with self._writer.turn(asked.request.principal.tenant) as conn:
            now = await self._admission.still(asked, conn)
            if now is None or now.version != held.version:
                raise Conflict("the document was changed meanwhile", hint="ingest it again")
            stored = await self._index.permit(
                held, asked.label, asked.allow, asked.deny, conn, expires_at=asked.expires_at
            )
            if finish is not None:
                await finish(conn, stored)
        return stored

    async def _carry_out(self, lines: Sequence[tuple[_Admitted, Clean]]) -> list[Ingested | GatewayError]:
        details: list[Json] = [
            {
                **facts(one.asked),
                "counts": clean.body.counts,
                "characters": len(clean.parsed.text),
                **going(self._leaving, clean),
            }
            for one, clean in lines
        ]
        await asyncio.gather(
            *(
                self._records.append("intent", one.asked.request, "ingest", detail, _content(one.asked, clean))
                for (one, clean), detail in zip(lines, details, strict=True)
            )
        )
        made = await asyncio.gather(*map(self._ready, lines, details))
        written = iter(await self._writer.write([one for one in made if isinstance(one, Ready)]))
        stored = [next(written) if isinstance(one, Ready) else one for one in made]
        return list(await asyncio.gather(*map(self._conclude, lines, details, stored)))

    async def _ready(self, line: tuple[_Admitted, Clean], detail: Json) -> Ready | Exception:
        """Everything built that the transaction writes; an error here is this document's alone."""
        (one, clean), asked = line, line[0].asked
        ledger: Ledger = []
        tenant, by = asked.request.principal.tenant, asked.request.principal.name
        try:
            intake = await self._quarantine.intake(asked, clean.parsed.report)
            detail.update(intake.facts())
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
                expires_at=asked.expires_at,
                original=clean.parsed.text,
                pages=len(clean.parsed.pages),
                counts=clean.body.counts,
                chunks=await make_chunks(self._embedder, clean, self._terms, ledger),
                embedder=self._embedder.id,
                parents=await asyncio.to_thread(parents_of, clean.parsed, clean.body),
                by=by,
                state=intake.state,
            )
            if not asked.exists:
                await self._index.create_collection(tenant, asked.collection, label=asked.label, mode=asked.mode, by=by)
        except Exception as fault:  # noqa: BLE001 - recorded as its outcome
            return fault
        finally:
            if ledger:
                detail["sent"] = [sent.fact() for sent in ledger]
        return Ready(
            new=new,
            originals=clean.originals,
            adds=asked.held is None,
            check=lambda conn: self._admission.still(asked, conn),
            finish=self._quarantine.finish(intake, one.finish),
        )

    async def _conclude(
        self, line: tuple[_Admitted, Clean], detail: Json, stored: Stored | Exception
    ) -> Ingested | GatewayError:
        (one, clean), request = line, line[0].asked.request
        if isinstance(stored, Exception):
            return await self._records.failed(request, "ingest", detail, stored)
        await self._records.append("outcome", request, "ingest", {**detail, **result(stored)})
        intake = Intake.of(detail)
        return ingested(one.asked, stored, clean.body.counts, intake.state, intake.report)


def _content(asked: Asked, clean: Clean) -> Json:
    """What the record quotes. A plain collection's file names are in the clear, and a record is never changed."""
    return {} if asked.mode == PLAIN else {"source": clean.source.text}
