"""Retrieval inside the walls: the redacted question in, rechecked passages and what their tokens stand for out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gateway.model import Filter, Passage
from gateway.policy import Bundle
from gateway.redaction import Original, Redactor, Vault, VaultEntry, find_tokens
from gateway.retrieval import Embedder, Index, query_terms, render_for_embedding


@dataclass(frozen=True, slots=True)
class Found:
    """Passages a caller may read, redacted, and the vault's entries for the tokens in them."""

    passages: tuple[Passage, ...] = ()
    entries: Mapping[str, VaultEntry] = field(default_factory=dict, repr=False)


class Finder:
    """Searches the index for one redacted question."""

    def __init__(self, redactor: Redactor, vault: Vault, index: Index, embedder: Embedder) -> None:
        self._redactor = redactor
        self._vault = vault
        self._index = index
        self._embedder = embedder

    async def find(self, bundle: Bundle, question: str, redacted: str, scope: Filter, top_k: int) -> Found:
        """Return at most `top_k` passages, best first.

        question: the original text, only for keyed digests of possible name parts; redacted: what is embedded and
        matched. Passages of collections kept in plain text are redacted here, before anything else sees them.
        """
        if not scope.collections or not scope.labels or not redacted.strip():
            return Found()
        vector = (await self._embedder.embed([render_for_embedding(redacted)]))[0]
        terms = query_terms(redacted, parts=self._redactor.part_tokens(question, scope.tenant))
        passages = await self._index.search(vector, terms, scope, top_k)
        admitted = [passage for passage in passages if scope.admits(passage)]
        clean, fresh = await self._redact_plain(bundle, admitted, scope.tenant)
        # A token counts as entered only from the collections whose passages brought it here.
        brought = _collections_by_token(clean)
        entries = await self._vault.look_up(scope.tenant, sorted(brought))
        kept = {
            token: replace(entry, collections=entry.collections & brought[token]) for token, entry in entries.items()
        }
        kept.update({token: VaultEntry(o.value, o.type, brought[token]) for token, o in fresh.items()})
        return Found(tuple(clean), kept)

    async def _redact_plain(
        self, bundle: Bundle, passages: list[Passage], tenant: str
    ) -> tuple[list[Passage], dict[str, Original]]:
        fresh: dict[str, Original] = {}
        clean: list[Passage] = []
        for passage in passages:
            if not passage.plain:
                clean.append(passage)
                continue
            texts = [passage.text, passage.title, passage.source, passage.heading]
            done = await self._redactor.redact(texts, bundle.privacy, tenant)
            for redaction in done:
                fresh.update(redaction.originals)
            text, title, source, heading = (redaction.redacted.text for redaction in done)
            clean.append(replace(passage, text=text, title=title, source=source, heading=heading))
        return clean, fresh


def _collections_by_token(passages: list[Passage]) -> dict[str, frozenset[str]]:
    brought: dict[str, frozenset[str]] = {}
    for passage in passages:
        for token in find_tokens(f"{passage.text}\n{passage.title}\n{passage.source}\n{passage.heading}"):
            brought[token] = brought.get(token, frozenset()) | {passage.collection}
    return brought
