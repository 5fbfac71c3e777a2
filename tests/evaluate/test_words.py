"""Where words begin and end, and which of them do not count."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evaluate.words import is_small, words


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call Jane Roe.", ["Call", "Jane", "Roe", "."]),
        ("jane.roe@example.com, www.example.org/a", ["jane.roe@example.com", ",", "www.example.org/a"]),
        ("at 10:30 for 1,250.50", ["at", "10:30", "for", "1,250.50"]),
        ("Dr. A. B. Roe-Smith", ["Dr.", "A.", "B.", "Roe", "-", "Smith"]),
        ("123-45-6789", ["123", "-", "45", "-", "6789"]),
        ("end.Next", ["end", ".", "Next"]),
        ("", []),
    ],
)
def test_a_text_is_cut_into_words_and_marks(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize("word", [".", "(", "of", "The", "St.", "mr", "'"])
def test_marks_and_function_words_are_small(word: str) -> None:
    assert is_small(word)


@pytest.mark.parametrize("word", ["Roe", "4", "Prague", "J.", "jane@example.com"])
def test_names_and_numbers_are_not_small(word: str) -> None:
    assert not is_small(word)


@given(st.text(max_size=80))
def test_words_cover_everything_but_blanks_once(text: str) -> None:
    places = list(words(text))
    assert all(a[1] <= b[0] for a, b in pairwise(places))
    covered = {at for start, end in places for at in range(start, end)}
    assert all(at in covered or character.isspace() for at, character in enumerate(text))
