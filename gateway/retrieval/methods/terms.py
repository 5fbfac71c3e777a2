"""Which term weights the index holds: BM25's of words, learned ones, or both added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.retrieval.embed import TOKEN
from gateway.retrieval.methods.base import Ledger, SparseEncoder


class Terms:
    """BM25 alone, as long as no encoder is given.

    words: whether a text's words count. Without them the tokens of redaction and the words of names still do: no
    learned vocabulary holds those, and a person must be found by name.
    """

    def __init__(self, learned: SparseEncoder | None = None, *, words: bool = True) -> None:
        self.learned = learned
        self._words = words

    @property
    def mark(self) -> str:
        """What a document's recipe says of it: empty, or a word with a space before."""
        if self.learned is None:
            return ""
        return f" {'words+' if self._words else ''}{self.learned.id}"

    def lexical(self, text: str) -> str:
        """What of a text is weighed by BM25."""
        return text if self._words else " ".join(match[0] for match in TOKEN.finditer(text))

    async def documents(
        self, weights: Sequence[Mapping[int, float]], texts: Sequence[str], ledger: Ledger | None = None
    ) -> list[dict[int, float]]:
        """The given weights of each text with its learned ones beside them (their ids lie apart).

        texts: as an embedder reads them. Raises as SparseEncoder.
        """
        if self.learned is None:
            return [dict(one) for one in weights]
        found = await self.learned.encode_documents(texts, ledger)
        return [{**one, **other} for one, other in zip(weights, found, strict=True)]

    async def query(self, weights: Mapping[int, float], text: str, ledger: Ledger | None = None) -> dict[int, float]:
        """The same for a question."""
        return dict(weights) if self.learned is None else {**weights, **await self.learned.encode_query(text, ledger)}
