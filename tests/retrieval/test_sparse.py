"""BM25 as sparse vectors, against the formula computed plainly."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.retrieval.sparse import (
    DIMENSION,
    K1,
    MAX_QUERY_TERMS,
    USUAL_LENGTH,
    B,
    document_terms,
    idf,
    part_id,
    query_terms,
    term_id,
    words,
)

TOKEN = "[PERSON_k3f9a2c17qzx]"


def test_words() -> None:
    assert words("The Employees' travels, TRAVELLING; the Straße!") == ["employe", "travel", "travel", "strass"]


def test_redaction_tokens_are_terms_as_they_stand() -> None:
    assert words(f"salary of {TOKEN}.") == ["salari", TOKEN]
    assert words(f"salary of {TOKEN[:-1]}_k3f9].") == ["salari", TOKEN]
    assert set(query_terms(f"who is {TOKEN}")) == {term_id(TOKEN)}
    assert TOKEN not in words(TOKEN.upper())


def test_inner_product_is_bm25() -> None:
    documents = ["budget of the canteen budget", "garden budget", "holiday plan for the canteen team"]
    stemmed = [words(text) for text in documents]
    query = "canteen budget"
    weights = {t: n * idf(3, sum(t in document_terms([d]) for d in documents)) for t, n in query_terms(query).items()}
    for text, stems in zip(documents, stemmed, strict=True):
        found = sum(document_terms([text]).get(term, 0.0) * weight for term, weight in weights.items())
        expected = 0.0
        for term in words(query):
            holding = sum(term in other for other in stemmed)
            tf = stems.count(term)
            norm = K1 * (1 - B + B * len(stems) / USUAL_LENGTH)
            expected += math.log(1 + (3 - holding + 0.5) / (holding + 0.5)) * tf * (K1 + 1) / (tf + norm)
        assert found == pytest.approx(expected)


def test_name_parts_are_terms_of_their_own() -> None:
    terms = document_terms([f"paid to {TOKEN}"], ["digest-of-roe"])
    assert part_id("digest-of-roe") in terms
    assert query_terms("Roe", ["digest-of-roe"]).keys() & terms.keys() == {part_id("digest-of-roe")}
    assert part_id("x") != term_id("x")


def test_idf_is_positive_and_falls() -> None:
    values = [idf(100, holding) for holding in range(1, 101)]
    assert all(a > b > 0 for a, b in pairwise(values))


def test_long_queries_are_cut() -> None:
    assert len(query_terms(" ".join(f"word{n}" for n in range(2000)), ["part"])) == MAX_QUERY_TERMS


def test_ids_never_change() -> None:
    """Stored weights name terms by these numbers: another number would make every index unfindable."""
    assert (term_id("travel"), part_id("travel")) == (262342389, 123256390)


def test_several_threads() -> None:
    texts = [f"travelling {n} employees planning holidays" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(words, texts)) == [words(text) for text in texts]


@given(st.text())
def test_any_text(text: str) -> None:
    assert all(1 <= term < DIMENSION and weight > 0 for term, weight in document_terms([text]).items())
    assert set(query_terms(text)) <= set(document_terms([text]))
