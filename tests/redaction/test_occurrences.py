"""Where values stand: strong ones anywhere, weak ones as whole words, tiny ones nowhere."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.occurrences import Needles, lower, needle, standing


def places(value: str, text: str) -> list[str]:
    one = needle(value)
    return [] if one is None else [text[a:b] for _, a, b in standing(text, [one])]


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        ("Jane Roe", "JANE ROE, xjane roex, Jane\n Roe", ["JANE ROE", "jane roe", "Jane\n Roe"]),
        ("jane@acme.example", "?to=jane%40acme.example", ["jane%40acme.example"]),
        ("Roe", "Roe's, Roebuck, roe, _Roe_, Roe", ["Roe", "Roe", "Roe"]),
        ("Washington", "Washington's washington", ["Washington"]),
        ("1.2.1990", "on 1.2.1990; 11.2.19901", ["1.2.1990"]),
        ("12", "12 12", []),
        ("Will", "Will Will", []),
        ("Roe, Jane", "Roe, Jane; J. Roe, JANE ROE; heroe, Jane", ["Roe, Jane"]),
        ("İstanbul Bey", "istanbul bey İSTANBUL BEY", ["İSTANBUL BEY"]),
    ],
)
def test_standing(value: str, text: str, expected: list[str]) -> None:
    assert places(value, text) == expected


def test_lower_keeps_offsets() -> None:
    for text in ("İSTANBUL Straße", "ΑΣ Σ", "plain"):
        assert len(lower(text)) == len(text)


def test_a_needle_does_not_print_its_value() -> None:
    assert "Jane" not in repr(needle("Jane Roe-Smith"))


words = st.sampled_from(
    (
        *("Jane Roe", "JANE  roe", "jane\n roe", "Roe", "roe", "_Roe_", "Roebuck", "jane@acme.example"),
        *("jane%40acme.example", "aa aa aa aa", "aaaaaaaa", "12.3.90", "İstanbul Bey", "0327", "x", " ", "  ", "\t\n"),
        *("%", "+", "Jane+Roe", "é"),
    )
)
values = st.sampled_from(
    ["Jane Roe", "Roe", "jane@acme.example", "aa aa aa", "aaaa aaaa", "12.3.90", "İstanbul Bey", "0327", "%Roe", "Jane"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(values, min_size=1, max_size=8), st.lists(words, max_size=12))
def test_many_values_are_found_where_each_is_found_alone(looked_for: list[str], text: list[str]) -> None:
    known = [one for value in looked_for if (one := needle(value))]
    for hay in ("".join(text), " ".join(text)):
        assert set(Needles(known, few=0).find(hay)) == set(Needles(known, few=100).find(hay))


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from("ab Zé+%/~._-(@\t0"), min_size=3, max_size=12),
    st.text(st.sampled_from("a (:+%?=&0\n"), max_size=4),
    st.text(st.sampled_from("a )+%&0\n"), max_size=4),
)
def test_a_value_in_percent_code_is_found_beside_anything(value: str, before: str, behind: str) -> None:
    one = needle(value)
    for spelled in sorted(one.encoded()) if one else ():
        text = f"{before}{spelled.upper()}{behind}"
        for found in (Needles([one], few=few).find(text) for few in (0, 9)):  # type: ignore[list-item]
            inside = any(start <= len(before) + 1 and end >= len(before) + len(spelled) - 1 for _, start, end in found)
            # Of occurrences that overlap one another the first counts.
            assert inside or spelled in text[: len(before) + len(spelled) - 1].lower()


@pytest.mark.timeout(60)
def test_many_values_in_a_long_text_cost_no_more_than_its_length() -> None:
    known = Needles(one for number in range(5000) if (one := needle(f"jane{number}@acme.example")))
    text = " ".join(f"mail jane{number}@acme.example soon" for number in range(0, 10_000, 2))
    began = time.process_time()
    assert len(list(known.find(text))) >= 2500
    assert time.process_time() - began < 3
