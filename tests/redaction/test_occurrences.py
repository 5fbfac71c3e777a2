"""Where values stand: strong ones anywhere, weak ones as whole words, tiny ones nowhere."""

from __future__ import annotations

import pytest

from gateway.redaction.occurrences import lower, needle, standing


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
