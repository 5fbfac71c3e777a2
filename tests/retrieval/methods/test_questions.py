"""Questions made of a passage's own words."""

from __future__ import annotations

import random

from gateway.retrieval.methods.questions import frequencies, questions

TEXTS = [
    "The pump of the northern well was repaired in spring. It lifts water to the upper reservoir.",
    "The upper reservoir is cleaned in spring, after the pump was stopped.",
    "Invoices are paid within thirty days of their arrival.",
    "Invoices of the northern office arrive in spring.",
]


def test_they_are_headings_rare_words_and_half_a_sentence() -> None:
    counts = frequencies(TEXTS)
    assert counts["spring"] == 3
    made = questions("Care of pumps and wells", TEXTS[0], counts, len(TEXTS), random.Random(1))
    assert made[0] == "Care of pumps and wells"
    # Known elsewhere, but not everywhere; in the order of the text.
    assert made[1] == "pump northern was upper reservoir"
    words = TEXTS[0].replace(".", "").split()
    assert [word for word in made[2].split() if word not in words] == []
    assert len(made) == 3


def test_tokens_are_never_among_the_words() -> None:
    text = "The case of [PERSON_0123456789ab] was closed in spring by [PERSON_ba9876543210] of the northern office."
    counts = frequencies([text, text, "other words"])
    assert "person" not in counts
    made = questions("[PERSON_0123456789ab] and the case of spring", text, counts, 12, random.Random(2))
    assert made
    assert "PERSON" not in " ".join(made)
    assert "0123" not in " ".join(made)


def test_where_there_is_too_little_there_is_none() -> None:
    assert questions("", "ab 12", frequencies(["ab 12"]), 1, random.Random(0)) == []
