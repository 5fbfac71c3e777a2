"""How the name model reads a text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction.ner import words
from gateway.redaction.ner.words import (
    BETWEEN,
    BLANK_LINE,
    CELL,
    CONTINUED,
    GLUED,
    JOINT,
    LETTER,
    LINE,
    LOWER,
    MIXED,
    SHAPES,
    SPACED,
    TITLE,
    UPPER,
    WORD,
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
    cut = ["Jane,\n12ab\tRoe's"[start:end] for start, end in zip(read.starts, read.ends, strict=True)]
    assert cut == ["Jane", ",", "12", "ab", "Roe", "'", "s"]


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


def test_nothing_else_than_blanks_stands_between_words_and_each_has_its_gap() -> None:
    text = " a\ra\r\ra\t\ta \ta\n\t\na\u3000a"
    gaps = [SPACED, LINE, SPACED, CELL, CELL, BLANK_LINE, SPACED]
    assert Reader(VOCABULARY, {}).read(text).gaps.tolist() == gaps


def test_texts_read_together_are_those_read_one_by_one_with_a_gap_between() -> None:
    reader = Reader(VOCABULARY, {hashed("roe"): 3})
    texts = ["Jane Roe", "", " a", "roe\n", "1"]
    both = reader.read_all(texts)
    joined = JOINT.join(texts)
    assert [joined[start:end] for start, end in zip(both.starts, both.ends, strict=True)] == [
        *("Jane", "Roe", JOINT, JOINT, "a", JOINT, "roe", JOINT, "1")
    ]
    at = 0
    for text in texts:
        alone = reader.read(text)
        rows = slice(at, at + len(alone.pieces))
        for name in ("pieces", "shapes", "known", "gaps", "within"):
            assert getattr(both, name)[rows].tolist() == getattr(alone, name).tolist()
        at = rows.stop + BETWEEN
        assert not both.within[rows.stop : at].any()


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=200))
def test_ascii_is_cut_as_any_text(text: str) -> None:
    read = Reader(VOCABULARY, {}).read(text)
    assert list(zip(read.starts, read.ends, strict=True)) == [match.span() for match in WORD.finditer(text)]


def test_more_words_than_are_kept_are_read_rightly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_CACHE", 5)
    monkeypatch.setattr(words, "_FEW", 4)
    reader = Reader(VOCABULARY, {})
    for text in ("jane roe a 1 12 . roja", "jane", "roja ja", "12 roe jane"):
        fresh = Reader(VOCABULARY, {}).read(text)
        assert reader.read(text).pieces.tolist() == fresh.pieces.tolist()
        assert reader.read(text).shapes.tolist() == fresh.shapes.tolist()


def test_several_threads_read_the_same() -> None:
    texts = [
        " ".join(f"{['jane', 'roe', 'a'][i % 3]}{'roja'[: i % 4]}{i}" for i in range(n, n + 400)) for n in range(8)
    ]
    alone = [Reader(VOCABULARY, {}).read(text).pieces.tolist() for text in texts]
    reader = Reader(VOCABULARY, {})
    with ThreadPoolExecutor(4) as pool:
        assert [read.pieces.tolist() for read in pool.map(reader.read, texts)] == alone


def test_words_are_not_kept() -> None:
    reader = Reader(VOCABULARY, {})
    reader.read("Janeja Roeroe")
    kept = repr([vars(each) for each in (reader, vars(reader)["_seen"])]).lower()
    assert "janeja" not in kept
    assert "roeroe" not in kept


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    read = Reader(VOCABULARY, {}).read(text)
    rows = len(read.pieces)
    assert rows == len(read.shapes) == len(read.known) == len(read.gaps)
    assert len(read.firsts) == len(read.starts) == len(read.ends)
    assert all(start < end for start, end in zip(read.starts, read.ends, strict=True))
    assert list(read.starts) == sorted(read.starts)
    assert not rows or int(read.shapes.max()) < 2 * SHAPES
