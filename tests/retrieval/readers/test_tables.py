"""Tables as paragraphs."""

from __future__ import annotations

import pytest

from gateway.errors import TooLarge
from gateway.retrieval.readers.tables import paragraphs, unfold


@pytest.mark.parametrize(
    ("rows", "header", "made"),
    [
        ([["Name", "City", "Year"], ["Ada", "", "1"], ["", "", ""]], None, ["Name: Ada\nYear: 1"]),
        ([["1", "2", "3"], ["4", "5", "6"]], None, ["1 | 2 | 3", "4 | 5 | 6"]),
        ([["Colour", "red"], ["Size", "big"]], None, ["Colour: red", "Size: big"]),
        ([["A", "B"], ["1", "2", "3"]], True, ["A: 1\nB: 2\ncolumn 3: 3"]),
        ([["only"]], True, ["only"]),
        ([["", ""]], True, []),
    ],
)
def test_rows(rows: list[list[str]], header: bool | None, made: list[str]) -> None:
    assert list(paragraphs(rows, header=header)) == made


def test_column_names_said_again_are_bounded() -> None:
    with pytest.raises(TooLarge):
        list(paragraphs([["x" * 1000, "y"], *[["1", "2"]] * 100], header=True, room=10_000))


def test_markdown_tables() -> None:
    text = "a\n\n| A | B |\n|:--|--:|\n| 1 | x\\|y |\n| 2 | z |\n\n```\n| c | d |\n|---|---|\n```\nend | here\n"
    assert unfold(text) == "a\n\nA: 1\nB: x|y\n\nA: 2\nB: z\n\n```\n| c | d |\n|---|---|\n```\nend | here\n"
    assert unfold("| | |\n|---|---|\n| k | v |\n").strip() == "k: v"
