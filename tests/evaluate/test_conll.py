"""Columns joined to sentences."""

from __future__ import annotations

import pytest

from gateway.evaluate.conll import joined, sentences


def pairs(text: str) -> list[tuple[str, str]]:
    return [(word, tag) for word, _, tag in (item.rpartition("/") for item in text.split())]


@pytest.mark.parametrize(
    ("columns", "text", "found"),
    [
        ("Jane/B-PER Roe/I-PER 's/O car/O", "Jane Roe's car", ["Jane Roe"]),
        ("Jane/B-PER Roe/B-PER", "Jane Roe", ["Jane", "Roe"]),
        ("Jane/PER Roe/PER left/O", "Jane Roe left", ["Jane Roe"]),
        ("Jane/I-PER Leeds/I-LOC", "Jane Leeds", ["Jane", "Leeds"]),
        ('(/O Leeds/S-LOC )/O ,/O said/O "/O yes/O "/O', '(Leeds), said "yes"', ["Leeds"]),
        ("@/B-PER jane/B-PER hi/O", "@jane hi", ["@jane"]),
        ("Jane/B-PER and/O Roe/I-PER", "Jane and Roe", ["Jane", "Roe"]),
    ],
)
def test_words_are_joined_as_they_would_have_been_written(columns: str, text: str, found: list[str]) -> None:
    made, spans = joined(pairs(columns))
    assert made == text
    assert [made[start:end] for start, end, _ in spans] == found


def test_blank_lines_and_document_marks_end_a_sentence() -> None:
    text = "-DOCSTART- -X- O O\n\nJane NN - B-PER\r\n\nleft VB - O\n-DOCSTART- O\nRoe NN - B-PER"
    assert [(line, found and found[0]) for line, found in sentences(text)] == [(4, "Jane"), (6, "left"), (7, "Roe")]


def test_a_line_without_tag_ends_the_reading() -> None:
    assert list(sentences("Jane\nRoe O\n")) == [(1, None)]
