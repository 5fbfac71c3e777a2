"""Patterns run only where one of their first words stands find what they find everywhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction import asked, case_numbers, ids, kin, shapes
from gateway.redaction.facts import Facts
from gateway.redaction.led import Led, first_words

ALL = {
    f"{module.__name__.rpartition('.')[2]}.{name}": one
    for module in (asked, case_numbers, ids, kin, shapes)
    for name, one in vars(module).items()
    if isinstance(one, Led)
}
AROUND = st.sampled_from(["", " ", "_", "x", "7", ", ", "\n", "(", "-", ".", "\u0130", "\u017f", "\u00e9", "#"])
VALUES = st.sampled_from(["A1234567", "12/3456", "555 010 7788", "jroe_7", "Jane Roe", "1 BvR 12/03", "7", "Roe"])
JOINS = st.sampled_from([" ", ": ", " is ", " no. ", "", " number ", "\n", " at ", " and ", " son ", " 12 "])


def spans(matches: object) -> list[tuple[int, int]]:
    return [match.span() for match in matches]  # type: ignore[attr-defined]


def assert_same(led: Led, text: str) -> None:
    assert spans(led.matches(text, led.among(Facts(text)))) == spans(led.pattern.finditer(text))


@pytest.mark.parametrize("name", ALL)
def test_its_words_can_be_told(name: str) -> None:
    words = ALL[name].words
    assert words
    assert all(word.isalnum() and word == word.lower() for word in words)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=30)
@given(data=st.data())
def test_nothing_is_missed_in_what_it_matches(name: str, data: st.DataObject) -> None:
    led = ALL[name]
    matching = st.from_regex(led.pattern, alphabet=st.characters(max_codepoint=0x17F))
    text = "".join(data.draw(one) for one in (AROUND, matching, AROUND, matching, AROUND))
    assert_same(led, text)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=30)
@given(data=st.data())
def test_nothing_is_missed_among_its_words(name: str, data: st.DataObject) -> None:
    led = ALL[name]
    words = st.sampled_from(sorted(led.words))
    cased = st.tuples(words, st.sampled_from([str.lower, str.upper, str.title])).map(lambda pair: pair[1](pair[0]))
    parts = st.lists(st.tuples(AROUND, cased, JOINS, VALUES).map("".join), max_size=4)
    assert_same(led, "".join(data.draw(parts)))


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\b(?:case|files?)[ ]\d", {"case", "file", "files"}),
        (r"(?i)(?<![^\W_])tax[ _-]?(?:id|no\.?)(?![^\W_])\w", {"tax", "taxid", "taxno"}),
        (r"\bNo\d+", {"no"}),
        (r"\bn[o\u00ba\u00b0]\. ", {"n", "no", "n\u00ba"}),
        (r"\b(?:ab){1,2}c?(?!(?<=[^\W\d_])[^\W\d_])[A-Z]", {"ab", "abab", "abc", "ababc"}),
    ],
)
def test_words_that_a_match_may_begin_with(pattern: str, words: set[str]) -> None:
    assert first_words(pattern) == words


@pytest.mark.parametrize(
    "pattern", [r"\w+", r"\ba*b", r"(?:x)?[ ]y", r"[A-Z]\d", r".", r"\bnot[^a]", r"(?:[a-e]{9}){3}"]
)
def test_a_pattern_that_may_begin_with_anything_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="begin"):
        first_words(pattern)


def test_words_in_odd_letters_are_found_all_the_same() -> None:
    led = Led(r"(?i)\bstaff id\b")
    assert spans(led.matches("\u017ftaff \u0131d", led.among(Facts("\u017ftaff \u0131d")))) == [(0, 8)]
    assert re.search(r"(?i)staff", "\u017ftaff")
