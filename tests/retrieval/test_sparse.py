"""BM25 as sparse vectors, against the formula computed plainly; pairs and pieces beside it."""

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
    LEARNED,
    MAX_QUERY_TERMS,
    PAIR_WEIGHT,
    PAIRS,
    PART_WEIGHT,
    PIECE_WEIGHT,
    USUAL_LENGTH,
    B,
    document_terms,
    idf,
    is_english,
    is_foreign,
    looked_up,
    pair_id,
    part_id,
    piece_id,
    pieces_of,
    query_terms,
    term_id,
    weigh,
    words,
)

TOKEN = "[PERSON_k3f9a2c17qzx]"
ENGLISH = "the seat of the government is in the old town by the river"
IDS = (541941054, 792712566, 126959729, 850933686)
GERMAN = "die Krankenversicherung zahlt für jeden Versicherten, auch wenn er verreist"


def test_words() -> None:
    assert words("The Employees' travels, TRAVELLING; the Straße!") == ["employe", "travel", "travel", "strass"]


def test_one_word_in_two_encodings_is_one_term() -> None:
    """A PDF often writes accents as characters of their own, and ligatures as one."""
    assert words("fu\u0308r o\ufb03ce \uff21\uff22") == words("für office AB") == ["für", "offic", "ab"]


def test_redaction_tokens_are_terms_as_they_stand() -> None:
    assert words(f"salary of {TOKEN}.") == ["salari", TOKEN]
    assert words(f"salary of {TOKEN[:-1]}_k3f9].") == ["salari", TOKEN]
    assert term_id(TOKEN) in query_terms(f"who is {TOKEN}")
    assert TOKEN not in words(TOKEN.upper())


def test_inner_product_is_bm25() -> None:
    documents = ["budget of the canteen budget", "garden budget", "holiday plan for the canteen team"]
    stemmed = [words(text) for text in documents]
    query = "budget by the canteen"
    counts = {term_id(term): sum(term in other for other in stemmed) for term in words(query)}
    weights = {term: weight for term, weight in weigh(query_terms(query), counts, 3).items() if term < PAIRS}
    assert weights.keys() == counts.keys()
    for text, stems in zip(documents, stemmed, strict=True):
        found = sum(document_terms([text]).get(term, 0.0) * weight for term, weight in weights.items())
        expected = 0.0
        for term in words(query):
            holding = sum(term in other for other in stemmed)
            tf = stems.count(term)
            norm = K1 * (1 - B + B * len(stems) / USUAL_LENGTH)
            expected += math.log(1 + (3 - holding + 0.5) / (holding + 0.5)) * tf * (K1 + 1) / (tf + norm)
        assert found == pytest.approx(expected)


def test_neighbouring_words_count_as_a_pair() -> None:
    together, apart = document_terms(["heat flux sensor"]), document_terms(["flux sensor heat"])
    pair = pair_id("heat", "flux")
    assert pair in together
    assert pair not in apart
    assert query_terms("heat flux")[pair] == PAIR_WEIGHT
    assert pair_id("heat", "flux") != pair_id("flux", "heat")


def test_a_pair_reaches_over_no_function_word_s_gap_into_another_text() -> None:
    """The title is a text of its own."""
    assert pair_id("sensor", "handbook") not in document_terms(["heat sensor", "handbook"])
    assert pair_id("seat", "govern") in document_terms([ENGLISH])


def test_pairs_find_nothing_by_themselves() -> None:
    terms = query_terms("heat flux")
    assert weigh(terms, {}, 10) == {}
    found = weigh(terms, {term_id("heat"): 2}, 10)
    assert found[pair_id("heat", "flux")] == PAIR_WEIGHT
    assert term_id("flux") not in found
    assert not any(PAIRS <= term < LEARNED for term in looked_up(document_terms(["heat flux"])))
    assert looked_up([3, PAIRS, LEARNED, 1]) == [1, 3, LEARNED]


def test_learned_terms_keep_their_weight() -> None:
    assert weigh({LEARNED: 0.7, 5: 2.0, 6: 1.0}, {5: 1}, 4) == {LEARNED: 0.7, 5: 2 * idf(4, 1)}


def test_compounds_share_pieces() -> None:
    """Whatever stands before and behind six equal letters."""
    whole, part = set(pieces_of("Krankenversicherung")), set(pieces_of("Versicherungen"))
    assert whole & part
    assert not whole & set(pieces_of("Garten"))
    assert len(pieces_of("Krankenversicherung")) < len("Krankenversicherung") - 4
    shared = document_terms([GERMAN]).keys() & query_terms("Versicherung").keys()
    assert shared
    assert {query_terms("Versicherung")[term] for term in shared} == {PIECE_WEIGHT}
    assert shared <= set(looked_up(shared))


@given(st.text("abc", min_size=6, max_size=9), st.text("xyz", max_size=4), st.text("uvw", max_size=4))
def test_six_equal_letters_always_share_a_piece(middle: str, before: str, behind: str) -> None:
    assert set(pieces_of(before + middle)) & set(pieces_of(middle + behind))


def test_what_is_plainly_english_and_what_is_not() -> None:
    assert is_english(ENGLISH)
    assert not is_foreign([ENGLISH])
    for text in (GERMAN, "Quels sont les droits pour une absence ?", "El paciente no tiene fiebre", "\u4f60\u597d"):
        assert is_foreign([text])
        assert not is_english(text)
    assert not is_english("Was war in Berlin so an Wahlen?")
    # Nothing tells: no pieces are stored, but a question has them, for documents that have.
    assert not is_english("Kündigungsfrist Probezeit")
    assert not is_foreign(["heat conduction in composite slabs"])
    assert not is_foreign([])


def test_english_has_no_pieces() -> None:
    pieces = {piece_id(piece) for piece in pieces_of(ENGLISH)}
    assert not pieces & document_terms([ENGLISH]).keys()
    assert not pieces & query_terms(ENGLISH).keys()


def test_redacted_values_have_no_pieces() -> None:
    assert pieces_of(TOKEN) == []


def test_name_parts_are_terms_of_their_own() -> None:
    terms = document_terms([f"paid to {TOKEN}"], ["digest-of-roe"])
    assert part_id("digest-of-roe") in terms
    assert query_terms("Roe", ["digest-of-roe"]).keys() & terms.keys() == {part_id("digest-of-roe")}
    assert part_id("x") != term_id("x")


def test_a_part_of_a_name_weighs_twice_in_a_query() -> None:
    terms = query_terms("Roe", ["digest-of-roe", "digest-of-roe"])
    assert terms[part_id("digest-of-roe")] == PART_WEIGHT == 2 * terms[term_id("roe")]


def test_idf_is_positive_and_falls() -> None:
    values = [idf(100, holding) for holding in range(1, 101)]
    assert all(a > b > 0 for a, b in pairwise(values))


def test_long_queries_are_cut() -> None:
    assert len(query_terms(" ".join(f"word{n}" for n in range(2000)), ["part"])) == MAX_QUERY_TERMS


def test_ids_never_change() -> None:
    """Stored weights name terms by these numbers: another number would make every index unfindable."""
    assert (term_id("travel"), part_id("travel"), piece_id("trave"), pair_id("travel", "cost")) == IDS


def test_several_threads() -> None:
    texts = [f"travelling {n} employees planning holidays" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(words, texts)) == [words(text) for text in texts]


@given(st.text())
def test_any_text(text: str) -> None:
    weights = document_terms([text])
    assert all(1 <= term < LEARNED < DIMENSION and weight > 0 for term, weight in weights.items())
    pieces = {piece_id(piece) for piece in pieces_of(text)}
    assert set(query_terms(text)) <= weights.keys() | pieces
