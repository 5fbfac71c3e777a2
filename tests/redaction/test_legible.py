"""Texts made legible: every character keeps its place, and what the end cuts is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.redaction.legible import PAD, UNSEEN, legible


@pytest.mark.parametrize(
    ("text", "view"),
    [
        ("a\\u005bb", f"a{PAD * 5}[b"),
        ("&#91;&lowbar;&#x5D;", f"{PAD * 4}[{PAD * 7}_{PAD * 5}]"),
        ("%5Bx%5f", f"{PAD * 2}[x{PAD * 2}_"),
        ("\\\\[ \\n \\/", f"{PAD}\\[ {PAD}  {PAD}/"),
        ("<b>x</b><br/>", f"{UNSEEN * 3}x{UNSEEN * 9}"),
        ("\u200b\u00ad\u0301\ufeff", UNSEEN * 4),
        ("\u2011\u2013\u2212\uff3f\u00a0\u2009", "---_  "),
        ("\uff3b\u3010\u27e6\uff41\uff10", "[[[a0"),
        ("100 % of R&D <x> \\d é", "100 % of R&D <x> \\d é"),
        ("\\u0041&#66;%43", "\\u0041&#66;%43"),
    ],
)
def test_each_character_stands_in_its_own_place(text: str, view: str) -> None:
    assert legible(text, final=True) == (view, len(text))


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a\\", 1),
        ("a\\u00", 1),
        ("a\\\\", 3),
        ("a\\\\\\", 3),
        ("50%", 2),
        ("50%5", 2),
        ("R&", 1),
        ("R&lbra", 1),
        ("R&D", 3),
        ("R&#9", 1),
        ("a <", 2),
        ("a <str", 2),
        ("a <div", 6),
        ("a <b ", 2),
        ("plain", 5),
    ],
)
def test_what_the_end_cuts_may_go_on(text: str, end: int) -> None:
    assert legible(text, final=False)[1] == end
    assert legible(text, final=True)[1] == len(text)


@given(st.text() | st.lists(st.sampled_from("\\u005b%&#91;<b>lbrack /"), max_size=30).map("".join))
def test_the_view_has_the_text_s_length(text: str) -> None:
    for final in (True, False):
        view, end = legible(text, final=final)
        assert len(view) == len(text)
        assert end <= len(text)
