"""Retrieval inside the walls: the redacted question in, rechecked passages and what their tokens stand for out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.chat.vectors import Asking, Vectors
from gateway.model import Filter, Passage
from gateway.policy import Bundle
from gateway.redaction import Original, Redactor, Vault, VaultEntry, find_tokens
from gateway.retrieval import Index, Merging, Ranking, dense_weight

MORE: Final = 3
"""Times as many passages are asked for where several may become one."""


@dataclass(frozen=True, slots=True)
class Found:
    """Passages a caller may read, redacted, and the vault's entries for the tokens in them."""

    passages: tuple[Passage, ...] = ()
    entries: Mapping[str, VaultEntry] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()
    """What was left out of the search, in one word each: see docs/retrieval.md."""


class Finder:
    """Searches the index for one redacted question.

    merging: where passages were cut so that several are one (sentence windows, a hierarchy); ranking: the reranker.
    """

    def __init__(
        self,
        redactor: Redactor,
        vault: Vault,
        index: Index,
        vectors: Vectors,
        *,
        merging: Merging | None = None,
        ranking: Ranking | None = None,
    ) -> None:
        self._redactor = redactor
        self._vault = vault
        self._index = index
        self._vectors = vectors
        self._merging = merging
        self._ranking = ranking
        self.notes: dict[str, int] = {}
        """How often what was left out, for the metrics."""

    async def find(self, asking: Asking, scope: Filter, top_k: int) -> Found:
        """Return at most `top_k` passages, best first.

        Passages of collections kept in plain text are redacted here, before anything else sees them.
        """
        if not scope.collections or not scope.labels or not asking.redacted.strip():
            return Found()
        parts = self._redactor.part_tokens(asking.question, scope.tenant)
        vector, terms, notes = await self._vectors.of(asking, scope, parts)
        wanted = top_k * (MORE if self._merging else 1)
        wanted = max(wanted, self._ranking.top_n if self._ranking else 0)
        passages = await self._index.search(
            vector, terms, scope, wanted, embedder=self._vectors.id, weight=dense_weight(asking.redacted)
        )
        admitted = [passage for passage in passages if scope.admits(passage)]
        if self._merging is not None:
            admitted = await self._merging.of(admitted, scope)
        if self._ranking is not None:
            admitted, note = await self._ranking.order(asking.redacted, admitted)
            notes = (*notes, note) if note else notes
        for note in notes:
            self.notes[note] = self.notes.get(note, 0) + 1
        return await self._with_entries(asking.bundle, admitted[:top_k], scope.tenant, notes)

    async def _with_entries(
        self, bundle: Bundle, passages: Sequence[Passage], tenant: str, notes: tuple[str, ...]
    ) -> Found:
        clean, fresh = await redact_plain(self._redactor, bundle, passages, tenant)
        # A token counts as entered only from the collections whose passages brought it here.
        brought = _collections_by_token(clean)
        entries = await self._vault.look_up(tenant, sorted(brought))
        kept = {
            token: replace(entry, collections=entry.collections & brought[token]) for token, entry in entries.items()
        }
        kept.update({token: VaultEntry(o.value, o.type, brought[token]) for token, o in fresh.items()})
        return Found(tuple(clean), kept, notes)


async def redact_plain(
    redactor: Redactor, bundle: Bundle, passages: Sequence[Passage], tenant: str
) -> tuple[list[Passage], dict[str, Original]]:
    """Passages of plain collections redacted as the others are, and what their tokens stand for."""
    fresh: dict[str, Original] = {}
    clean: list[Passage] = []
    for passage in passages:
        if not passage.plain:
            clean.append(passage)
            continue
        texts = [passage.text, passage.title, passage.source, passage.heading]
        done = await redactor.redact(texts, bundle.privacy, tenant)
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
