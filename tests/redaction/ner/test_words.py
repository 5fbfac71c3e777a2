"""How the name model reads a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction.ner.words import (
    BLANK_LINE,
    CELL,
    CONTINUED,
    GLUED,
    LETTER,
    LINE,
    LOWER,
    MIXED,
    SHAPES,
    SPACED,
    TITLE,
    UPPER,
    Reader,
    fold_word,
    hashed,
    shape_of,
    split_pieces,
)

VOCABULARY = {
    piece: number for number, piece in enumerate(("[UNK]", "jane", "ro", "##e", "##ja", "a", "1", "##2", "."))
}


def test_a_word_is_letters_or_digits_or_one_mark() -> None:
    read = Reader(VOCABULARY, {}).read("Jane,\n12ab\tRoe's")
    words = ["Jane,\n12ab\tRoe's"[start:end] for start, end in zip(read.starts, read.ends, strict=True)]
    assert words == ["Jane", ",", "12", "ab", "Roe", "'", "s"]


def test_pieces_are_the_longest_known_ones() -> None:
    assert split_pieces("roe", VOCABULARY) == (2, 3)
    assert split_pieces("janeja", VOCABULARY) == (1, 4)
    assert split_pieces("roxe", VOCABULARY) == (0,)
    assert split_pieces("a" * 61, VOCABULARY) == (0,)


@pytest.mark.parametrize(
    ("word", "shape"),
    [("jane", LOWER), ("J", LETTER), ("Jane", TITLE), ("JANE", UPPER), ("McRoe", MIXED), ("iPhone", MIXED)],
)
def test_shapes_tell_how_a_word_is_written(word: str, shape: int) -> None:
    assert shape_of(word) == shape


def test_numbers_and_marks_have_shapes_of_their_own() -> None:
    assert shape_of("1") != shape_of("12")
    assert shape_of("123456") == shape_of("1234567")
    assert len({shape_of(mark) for mark in ".,-@:"}) == 5
    assert max(shape_of(mark) for mark in "\u2603.") < SHAPES


def test_gaps_tell_what_stood_before() -> None:
    read = Reader(VOCABULARY, {}).read("a a\na\n\na\ta.")
    assert read.gaps.tolist() == [BLANK_LINE, SPACED, LINE, BLANK_LINE, CELL, GLUED]


def test_continued_pieces_keep_the_word_s_shape_and_flags() -> None:
    read = Reader(VOCABULARY, {hashed("roe"): 3}).read("Roe")
    assert read.shapes.tolist() == [TITLE, TITLE + CONTINUED]
    assert read.known.tolist() == [3, 3]
    assert read.firsts.tolist() == [0]


def test_accents_and_case_do_not_matter_to_the_lists() -> None:
    assert fold_word("Müller") == fold_word("MULLER") == "muller"


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    read = Reader(VOCABULARY, {}).read(text)
    rows = len(read.pieces)
    assert rows == len(read.shapes) == len(read.known) == len(read.gaps)
    assert len(read.firsts) == len(read.starts) == len(read.ends)
    assert all(start < end for start, end in zip(read.starts, read.ends, strict=True))
    assert list(read.starts) == sorted(read.starts)
    assert not rows or int(read.shapes.max()) < 2 * SHAPES
