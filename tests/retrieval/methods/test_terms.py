"""Words, learned terms or both; names are found in each case."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model import Zone
from gateway.retrieval.methods.base import Ledger
from gateway.retrieval.methods.terms import Terms
from gateway.retrieval.sparse import document_terms, query_terms, term_id

NAME = "[PERSON_k3f9a2c17qzx]"


class Lengths:
    """A SparseEncoder: one learned term, weighing as much as the text is long."""

    id = "lengths/1"
    zone = Zone.LOCAL
    endpoint = ""

    async def start(self) -> None:
        pass

    async def encode_documents(self, texts: Sequence[str], ledger: Ledger | None = None) -> list[dict[int, float]]:
        return [{900_000_001: float(len(text))} for text in texts]

    async def encode_query(self, text: str, ledger: Ledger | None = None) -> dict[int, float]:
        return {900_000_001: 1.0}

    def close(self) -> None:
        pass


async def test_bm25_alone_is_unchanged() -> None:
    terms = Terms()
    weights = document_terms(["harbour storm"])
    assert await terms.documents([weights], ["harbour storm"]) == [weights]
    assert await terms.query({1: 1.0}, "storm") == {1: 1.0}
    assert terms.mark == ""


async def test_both_lie_side_by_side() -> None:
    terms = Terms(Lengths())
    weights = document_terms([terms.lexical("harbour storm")])
    (found,) = await terms.documents([weights], ["harbour storm"])
    assert found == {**weights, 900_000_001: 13.0}
    assert terms.mark == " words+lengths/1"


async def test_without_words_names_are_still_found() -> None:
    terms = Terms(Lengths(), words=False)
    (found,) = await terms.documents([document_terms([terms.lexical(f"a storm hit {NAME}")], ["part"])], ["text"])
    wanted = await terms.query(query_terms(terms.lexical(f"where is {NAME}"), ["part"]), "text")
    assert set(wanted) <= set(found)
    assert term_id("storm") not in found
    assert len(found) == 3
    assert terms.mark == " lengths/1"
