"""SPLADE: log(1 + relu) of the logits, the highest over a text's own tokens, pruned, and placed apart from BM25."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway.errors import BadSettings
from gateway.retrieval.methods.learned import TermIds
from gateway.retrieval.methods.splade import Splade
from gateway.retrieval.sparse import DIMENSION, LEARNED, document_terms
from tests.retrieval.methods.folders import VOCABULARY, encoder, hidden, masked_model, number

TEXTS = ["red apple", "cold water . warm fire", "blue pear , green pear , red pear !"]


def by_hand(text: str) -> dict[int, float]:
    ids = [number(word) for word in ["[CLS]", *text.split(), "[SEP]"]]
    highest = (hidden(ids) @ VOCABULARY).max(axis=0)
    return {at: float(np.log1p(value)) for at, value in enumerate(highest) if value > 0}


def entries(weights: dict[int, float], encoder_: Splade) -> dict[int, float]:
    """Back to vocabulary entries."""
    first = encoder_._ids.of(0)
    return {at - first: weight for at, weight in weights.items()}


async def test_weights_as_by_hand_and_the_same_in_any_batch(tmp_path: Path) -> None:
    splade = Splade(masked_model(tmp_path / "m"))
    await splade.start()
    together = await splade.encode_documents(TEXTS)
    alone = [await splade.encode_query(text) for text in TEXTS]
    splade.close()
    for text, one, other in zip(TEXTS, together, alone, strict=True):
        assert entries(one, splade) == pytest.approx(by_hand(text), abs=1e-5)
        assert one == pytest.approx(other, abs=1e-6)
        assert all(LEARNED <= at < DIMENSION for at in one)


async def test_only_the_heaviest_terms_are_kept(tmp_path: Path) -> None:
    splade = Splade(masked_model(tmp_path / "m"), document_terms=5, query_terms=2)
    (document,) = await splade.encode_documents(TEXTS[:1])
    query = await splade.encode_query(TEXTS[0])
    splade.close()
    heaviest = sorted(by_hand(TEXTS[0]).items(), key=lambda item: -item[1])
    assert entries(document, splade) == pytest.approx(dict(heaviest[:5]), abs=1e-5)
    assert entries(query, splade) == pytest.approx(dict(heaviest[:2]), abs=1e-5)


async def test_questions_may_have_a_model_of_their_own_in_the_documents_vocabulary(tmp_path: Path) -> None:
    splade = Splade(masked_model(tmp_path / "documents"), masked_model(tmp_path / "queries", pooled=True))
    await splade.start()
    (document,) = await splade.encode_documents(TEXTS[:1])
    query = await splade.encode_query(TEXTS[0])
    splade.close()
    assert document.keys() == query.keys()
    # Already pooled ones are taken as they are, without a second logarithm.
    assert query == pytest.approx({at: np.expm1(weight) for at, weight in document.items()}, rel=1e-4)


async def test_a_model_without_logits_is_refused(tmp_path: Path) -> None:
    splade = Splade(encoder(tmp_path / "m"))
    with pytest.raises(BadSettings, match="gives no logits"):
        await splade.start()
    splade.close()


def test_encoders_share_no_term_with_each_other_nor_with_words() -> None:
    one, other = TermIds("splade/a"), TermIds("splade/b")
    assert {one.of(at) for at in range(30_000)}.isdisjoint(other.of(at) for at in range(30_000))
    assert one.of(262_143) < DIMENSION
    words = document_terms([" ".join(f"word{at}" for at in range(5_000))])
    assert max(words) < LEARNED <= one.of(0)
    weights = one.of_words({f"t{at}": 1.0 for at in range(300)})
    assert len(weights) >= 298
    assert all(one.of(0) <= at <= one.of(262_143) for at in weights)
