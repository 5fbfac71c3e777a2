"""Marks told word by word are those that stand in the text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.facts import Facts
from gateway.redaction.marks import Marks, MarkSet

SETS = (
    MarkSet(("phone", "tel", "mobil")),
    MarkSet(("n\u00e9", "e")),
    MarkSet(("private key", "sk-", ".")),
    MarkSet(words=frozenset(("account", "tel"))),
    MarkSet(("strasse", "stra\u00dfe", "a/c")),
)
MARKS = Marks(SETS)
words = st.lists(
    st.sampled_from(
        ("phone", "Telephone", "TEL", "n\u00c9e", "accounts", "account", "private", "key", "sk", "-", ".", "/")
    )
    | st.text("aceflnorstx\u00df\u0130 _-.", max_size=8)
)


def test_marks_across_words_are_left_to_the_caller() -> None:
    assert [one.across for one in SETS] == [(), ("e",), ("private key", "sk-", "."), (), ("a/c",)]


@settings(max_examples=300, deadline=None)
@given(words)
def test_a_bit_for_each_set_that_has_a_mark(parts: list[str]) -> None:
    facts = Facts(" ".join(parts))
    found = MARKS.of(facts)
    for number, marks in enumerate(SETS):
        in_words = [mark for mark in marks.anywhere if mark not in marks.across]
        there = any(mark in facts.lowered for mark in in_words) or not marks.words.isdisjoint(facts.beginnings)
        there = there or (facts.odd and bool(marks.words))
        assert bool(found >> number & 1) == there


def test_what_is_remembered_is_bounded() -> None:
    marks = Marks(SETS)
    marks.of(Facts(" ".join(f"w{number}" for number in range(50_000))))
    assert len(marks._seen) <= 20_000
    marks.of(Facts("x" * 500))
    assert "x" * 500 not in marks._seen
