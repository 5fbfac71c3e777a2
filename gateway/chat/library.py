"""What documents there are, as one caller may know of them: search's own filter, titles restored by the same right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime

from gateway.audit import AuditLog
from gateway.chat.find import redact_plain
from gateway.chat.opening import show_passage
from gateway.chat.sight import look
from gateway.errors import NotFound
from gateway.model import Filter, Json, Principal, Record
from gateway.policy import Bundle, Current
from gateway.redaction import Redactor, Vault, VaultEntry, find_tokens
from gateway.retrieval import PLAIN, Document, Index, Lineage, Quarantine

PAGE = 1000
OPENED = "passages.read"
HIDDEN = {"tenant", "created_by"}
"""Facts about a document that its readers need not know."""


class Library:
    """Lists of collections and documents."""

    def __init__(
        self,
        current: Current,
        index: Index,
        vault: Vault,
        redactor: Redactor,
        audit: AuditLog,
        now: Callable[[], datetime],
        quarantine: Quarantine | None = None,
        lineage: Lineage | None = None,
    ) -> None:
        self._current = current
        self._index = index
        self._vault = vault
        self._redactor = redactor
        self._audit = audit
        self._now = now
        self._quarantine = quarantine
        self._lineage = lineage

    async def collections(self, principal: Principal) -> list[Json]:
        """Collections this caller may read, with counts of what he may read in them."""
        _, scope = await self._scope(principal, None)
        return [asdict(one) for one in await self._index.collections(scope)]

    async def collection(self, principal: Principal, name: str) -> Json:
        """One of them. Raises NotFound, whether it does not exist or is not for this caller."""
        _, scope = await self._scope(principal, name)
        for one in await self._index.collections(scope):
            return asdict(one)
        raise NotFound("no such collection for this caller", hint="`gateway collection list` shows those you may read")

    async def documents(
        self, request: str, principal: Principal, collection: str, *, after: str = "", limit: int = PAGE
    ) -> Json:
        """Documents of a collection, oldest first: {"documents": [..], "next": id to go on after, or None}."""
        await self.collection(principal, collection)
        bundle, scope = await self._scope(principal, collection)
        limit = max(1, min(limit, PAGE))
        found = await self._index.documents(scope, after=after, limit=limit)
        shown = await self._show(request, bundle, principal, found)
        return {"documents": shown, "next": found[-1].id if len(found) == limit else None}

    async def document(self, request: str, principal: Principal, collection: str | None, document: str) -> Json:
        """One document, of this collection if one is named. Raises NotFound as `collection` does."""
        bundle, scope = await self._scope(principal, collection)
        shown = (await self._show(request, bundle, principal, [await self._index.document(document, scope)]))[0]
        reports = await self._quarantine.reports([document]) if self._quarantine is not None else {}
        if (found := reports.get(document)) is not None:
            shown |= {"report": found.report.shape(), "released_by": found.released_by}
        return shown

    async def passage(
        self,
        request: str,
        principal: Principal,
        collection: str | None,
        document: str,
        name: str,
        *,
        version: int | None = None,
        highlight: tuple[int, int] | None = None,
    ) -> Json:
        """One passage as this caller may see it, decided anew. `name`: its ordinal, or `p` and a longer one's number.

        version: of the document when it was cited; `replaced` says whether it is another one now. highlight: first and
        last sentence, from 0; `highlights` holds their places in `text`, none where the document was replaced.
        Raises NotFound as `collection` does; that is on record too.
        """
        bundle, scope = await self._scope(principal, collection)
        try:
            found = await self._index.passage(document, name, scope)
        except NotFound as error:
            refused: Json = {**principal.who, "code": error.code, "reason": error.message}
            await self._audit.append(
                Record("refusal", request, self._now(), principal.id, OPENED, bundle.digest, refused)
            )
            raise
        clean, fresh = await redact_plain(self._redactor, bundle, [found], principal.tenant)
        texts = f"{clean[0].text}\n{clean[0].title}\n{clean[0].source}\n{clean[0].heading}"
        entries = await self._vault.look_up(principal.tenant, sorted(set(find_tokens(texts))))
        here = frozenset({found.collection})
        entries = {token: replace(entry, collections=entry.collections & here) for token, entry in entries.items()}
        entries |= {token: VaultEntry(one.value, one.type, here) for token, one in fresh.items()}
        sight = look(bundle, principal, {}, entries)
        replaced = version is not None and version != found.version
        shown = show_passage(clean[0], sight, None if replaced else highlight)
        if self._lineage is not None and found.label != bundle.routing.default_label:
            await self._lineage.remember(principal.tenant, [clean[0].text, shown["text"]], frozenset({found.label}))
        detail: Json = {
            **principal.who,
            "passages": [found.id],
            "version": found.version,
            "asked_version": version,
            "revealed": [decision.object for decision in sight.decisions if decision],
            "withheld": dict(sight.withheld),
        }
        await self._audit.append(Record("event", request, self._now(), principal.id, OPENED, bundle.digest, detail))
        return {**shown, "replaced": replaced, "withheld": dict(sight.withheld)}

    async def _scope(self, principal: Principal, collection: str | None) -> tuple[Bundle, Filter]:
        bundle = self._current.bundle
        known = await self._index.known_collections(principal.tenant)
        if collection is not None:
            known = [name for name in known if name == collection]
        return bundle, bundle.plan(principal, (), known)

    async def _show(self, request: str, bundle: Bundle, principal: Principal, documents: list[Document]) -> list[Json]:
        documents, fresh = await self._clean(bundle, principal, documents)
        tokens = {token for one in documents for token in find_tokens(f"{one.title}\n{one.source}")}
        entries = {**await self._vault.look_up(principal.tenant, sorted(tokens)), **fresh}
        sight = look(bundle, principal, {}, entries)
        detail: Json = {
            **principal.who,
            "documents": [one.id for one in documents],
            "revealed": [decision.object for decision in sight.decisions if decision],
            "withheld": dict(sight.withheld),
        }
        await self._audit.append(
            Record("event", request, self._now(), principal.id, "documents.read", bundle.digest, detail)
        )
        shown = [{**asdict(one), "title": sight.show(one.title), "source": sight.show(one.source)} for one in documents]
        return [{key: value for key, value in one.items() if key not in HIDDEN} for one in shown]

    async def _clean(
        self, bundle: Bundle, principal: Principal, documents: list[Document]
    ) -> tuple[list[Document], dict[str, VaultEntry]]:
        """Titles and sources of plain collections redacted, as those of the others are, and what their tokens hide."""
        modes: dict[str, str] = {}
        fresh: dict[str, VaultEntry] = {}
        clean: list[Document] = []
        for one in documents:
            if one.collection not in modes:
                found = await self._index.collection(principal.tenant, one.collection)
                modes[one.collection] = found.mode if found else PLAIN
            if modes[one.collection] == PLAIN:
                done = await self._redactor.redact([one.title, one.source], bundle.privacy, principal.tenant)
                for redaction in done:
                    for token, original in redaction.originals.items():
                        fresh[token] = VaultEntry(original.value, original.type, frozenset({one.collection}))
                title, source = (redaction.redacted.text for redaction in done)
                one = replace(one, title=title, source=source)  # noqa: PLW2901
            clean.append(one)
        return clean, fresh
