"""A message of a word or two, with nothing around it that says what it is."""

from __future__ import annotations

import pytest

from gateway.redaction.ner.alone import says_nobody
from gateway.redaction.ner.finder import NameFinder

NAMES = NameFinder()


@pytest.mark.parametrize(
    "text",
    [
        *(
            "hi",
            "Hallo",
            "ja",
            "Ja!",
            "Nein",
            "danke",
            "Danke!",
            "bitte",
            "warum?",
            "Warum",
            "Hilfe",
            "merci",
            "Merci !",
        ),
        *("oui", "gracias", "Grazie", "ciao", "dank", "bogus", "price?", "math", "brb", "Delete", "Poem", "Joke"),
        *("Ja bitte", "nein danke", "ok merci", "Grazie mille", "good morning", "warum nicht?", "no gracias"),
        *("d'accord", "case"),
    ],
)
def test_no_name_is_seen_in_a_word_that_answers(text: str) -> None:
    assert says_nobody(text)
    assert NAMES.find(text) == []


@pytest.mark.parametrize(
    "text", ["Anna", "jörn", "Priya", "mohammed", "Smith", "Giulia Conti", "ja, Anna", "danke Jörn!"]
)
def test_a_name_alone_is_one(text: str) -> None:
    assert not says_nobody(text)
    assert any(span.type == "PERSON" for span in NAMES.find(text))


@pytest.mark.parametrize("text", ["Price", "Case", "Grace", "Ella", "Mai", "", "42", "ja " * 20])
def test_a_word_that_may_be_a_name_or_is_none_at_all_is_left_to_the_model(text: str) -> None:
    assert not says_nobody(text)
