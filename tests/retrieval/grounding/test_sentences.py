"""Where sentences end, and that it does not matter in what pieces they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.retrieval.grounding.sentences import LONGEST, Sentences, sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One thing. Another one! A third?", ["One thing.", "Another one!", "A third?"]),
        ("It costs 1.5 EUR. Ask Dr. Marsh or J. Roe.", ["It costs 1.5 EUR.", "Ask Dr. Marsh or J. Roe."]),
        ("Founded on 12. März 1987. It grew.", ["Founded on 12. März 1987.", "It grew."]),
        ("So it is [1]. And so [2] it was. [3] Then more.", ["So it is [1].", "And so [2] it was. [3]", "Then more."]),
        ("First:\n- one item\n- another item\n\nThe end", ["First:", "- one item", "- another item", "The end"]),
        ("a wrapped\nline stays one.", ["a wrapped\nline stays one."]),
        ("Ask [PERSON_k3f9a2c17qzx]. [PERSON_k3f9a2c17qzx] knows.",
         ["Ask [PERSON_k3f9a2c17qzx].", "[PERSON_k3f9a2c17qzx] knows."]),
        ("好。很好！", ["好。", "很好！"]),  # noqa: RUF001
        ("", []),
        (" \n\n ", []),
    ],
)  # fmt: skip
def test_cuts(text: str, parts: list[str]) -> None:
    assert cut(text) == parts


def test_a_text_without_an_end_is_cut_at_a_word() -> None:
    parts = cut("word " * 1000)
    assert max(map(len, parts)) <= LONGEST
    assert " ".join(parts) == ("word " * 1000).strip()


PIECES = st.lists(
    st.sampled_from(
        ["a", "B", ". ", ".", " ", "\n", "\n\n", "- ", "[1]", "1", "12. ", "März ", "Dr. ", "? ", "。", "x" * 300]
    ),
    max_size=40,
)  # fmt: skip


@given(PIECES, st.randoms())
def test_pieces_give_the_same_cuts_as_the_whole(pieces: list[str], random: object) -> None:
    text = "".join(pieces)
    stream, found, at = Sentences(), [], 0
    while at < len(text):
        step = random.randint(1, 7)  # type: ignore[attr-defined]
        found += stream.feed(text[at : at + step])
        at += step
    found += stream.flush()
    assert [(start, end) for start, end, _ in found] == sentences(text)
    assert all(text[start:end] == part for start, end, part in found)
