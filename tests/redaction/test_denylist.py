"""Deny lists: as Presidio finds them and more, at a cost that does not grow with the list."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.denylist import DenyList


def found(text: str, *values: str) -> list[str]:
    return [text[start:end] for start, end in DenyList(values).find(text)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("met ADA BYRON today", "Ada Byron"),
        ("met Ada\n  Byron today", "Ada Byron"),
        ("M\u00fcller", "Mu\u0308ller"),
        ("Mu\u0308ller rief an", "M\u00fcller"),
        ("Muller rief an", "M\u00fcller"),
        ("Frau MUELLER rief an", "M\u00fcller"),
        ("Sr. Jose Nunez", "Jos\u00e9 N\u00fa\u00f1ez"),
        ("s\u00f8ren holm", "Soren Holm"),
        ("O\u2019Neil (Jr) left", "O'Neil (Jr)"),
        ("Strasse 5", "Stra\u00dfe 5"),
        ("call Mr. Smith", "Mr."),
        ("\u6628\u65e5\u5c71\u7530\u592a\u90ce\u3055\u3093\u3068", "\u5c71\u7530\u592a\u90ce"),
        ("\uae40\ucca0\uc218\ub294 \uac14\ub2e4", "\uae40\ucca0\uc218"),
        ("see B-204.", "B-204"),
    ],
)
def test_a_value_is_found_as_people_write_it(text: str, value: str) -> None:
    assert len(found(text, value)) == 1
    assert len(found(f"x {text}, {text}", value)) == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Ada Byrons", "Ada Byron"),
        ("McAda Byron", "Ada Byron"),
        ("Ada, Byron", "Ada Byron"),
        ("AdaByron", "Ada Byron"),
        ("Ada_Byron", "Ada"),
        ("B - 204", "B-204"),
        ("B-2045", "B-204"),
        ("Mr.Smith", "Mr."),
        ("x(Jr) left", "(Jr)"),
        ("Mueller", "Muller"),
        ("", "Ada"),
    ],
)
def test_what_only_looks_alike_is_left(text: str, value: str) -> None:
    assert found(text, value) == []


def test_of_two_that_begin_together_the_longer_is_taken() -> None:
    assert found("ada byron king, Ada Byron", "Ada Byron", "Ada", "Ada Byron King") == ["ada byron king", "Ada Byron"]
    assert found("Mr.Smith", "Mr.", "Mr") == ["Mr"]


words = st.sampled_from(["ada", "Byron", "king", "O'Neil", "(Jr)", "Mr.", "B-204", "x", "x y", "-"])
values = st.lists(words, min_size=1, max_size=3).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(st.lists(values, min_size=1, max_size=6), st.lists(words | st.sampled_from([" ", ".", "a", "_"]), max_size=12))
def test_plain_text_holds_what_presidios_one_big_choice_finds(listed: list[str], parts: list[str]) -> None:
    text = "".join(parts)
    ordered = sorted(set(listed), key=lambda value: (-len(value), value))
    choice = r"(?:^|(?<=\W))(" + "|".join(map(re.escape, ordered)) + r")(?:(?=\W)|$)"
    theirs = [match.span() for match in re.finditer(choice, text, re.IGNORECASE | re.MULTILINE)]
    assert list(DenyList(listed).find(text)) == theirs


def test_ten_thousand_values_cost_no_more_than_ten() -> None:
    text = "The quarterly report was sent to the board, and nobody of the list was in it. " * 100
    few, many = (DenyList(f"Given{n} Family{n * 7919 % 10007}" for n in range(count)) for count in (10, 20_000))

    def cost(listed: DenyList) -> float:
        least = 1.0
        for _ in range(7):
            start = time.thread_time()
            assert list(listed.find(text)) == []
            least = min(least, time.thread_time() - start)
        return least

    assert cost(many) < 3 * cost(few)
    assert len(list(many.find(f"{text} GIVEN77 family{77 * 7919 % 10007}"))) == 1
