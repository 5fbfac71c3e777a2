"""Patterns over windows find what Presidio's own `analyze` finds over the whole text."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redaction.entities import ENTITIES, Entity
from gateway.redaction.matching import quick
from gateway.redaction.packs import OWN
from gateway.redaction.recognizers import built
from gateway.redaction.scene import Scene

STOCK = [entity for entity in ENTITIES if entity.recognizer != OWN and entity.type != "PHONE_NUMBER"]
PIECES = [
    *(
        "AB",
        "12",
        "345",
        "6789",
        "0",
        " ",
        "-",
        ".",
        "/",
        "\n",
        "x",
        "passport ",
        "DE136695976",
        "T22000129",
        "C01X00T41",
    ),
    *("8001015009087", "S2740116C", "53125226D", "KA53ME3456", "131052-308T", "RSSMRA85T10A562S", "1EG4-TE5-MK73"),
    *("AB12 CDE", "B-AB 1234", "960121-1234567", "20240102", "HRB 123456", "29ABCDE1234F1Z5", "é", "_", "1234567890"),
]


@pytest.mark.parametrize("entity", STOCK, ids=lambda entity: entity.type)
def test_windows_lose_nothing(entity: Entity) -> None:
    gated = built(entity)[0]

    @settings(max_examples=12, deadline=None)
    @given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(0, 90))
    def compare(text: str, blanks: int) -> None:
        text = f"{text}{' ' * blanks}{text[::-1]}"
        scene = Scene(text)
        theirs = {(r.start, r.end, round(r.score, 6)) for r in gated.recognizer.analyze(text, [entity.type], None)}
        ours = (
            {(a, b, round(s, 6)) for a, b, s in gated.find(scene, 0.0, ())} if gated.gate(text, scene.digits) else set()
        )
        assert best(theirs) == best(ours)

    compare()


@pytest.mark.parametrize("entity", STOCK, ids=lambda entity: entity.type)
def test_a_quick_look_and_the_pattern_agree(entity: Entity) -> None:
    patterns = [one.patterns for one in built(entity) if one.patterns is not None]

    @settings(max_examples=15, deadline=None)
    @given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=10).map("".join), st.integers(0, 20))
    def compare(text: str, first: int) -> None:
        if not Scene(text).is_plain:
            return
        for one in patterns:
            for pattern, look, _ in one._patterns:
                if look is not None:
                    assert (look.search(text, first) is None) == (pattern.search(text, first) is None)

    compare()


def test_numbers_that_are_no_digits_are_told() -> None:
    others = [
        chr(point)
        for point in range(sys.maxunicode + 1)
        if chr(point).isnumeric() and not chr(point).isalpha() and not chr(point).isdecimal()
    ]
    assert not any(Scene(other).is_plain for other in others)
    assert all(
        Scene(text).is_plain for text in ("Größe: 12 € \u2013 \u201cnaïve\u201d \u03a9\u043c", "\u05e9\u05dc 12", "abc")
    )


@pytest.mark.parametrize(
    ("pattern", "bounded"),
    [
        (r"\b\d{3}-\d{2}\b", True),
        (r"[*+]\+{1,3}", True),
        (r"[]*]x", True),
        (r"[^]+]x\]", True),
        (r"a+", False),
        (r"[a-z]*1", False),
        (r"\\+", False),
        (r"\d{2,}", False),
        (r"(?-i:[A-Z])\p{L}", False),
    ],
)
def test_only_bounded_patterns_are_looked_at_quickly(pattern: str, bounded: bool) -> None:
    assert (quick(pattern, 0) is not None) is bounded


def best(found: set[tuple[int, int, float]]) -> set[tuple[int, int, float]]:
    """Without findings inside others, and of several at one place the best."""
    spans = {(a, b) for a, b, _ in found}
    outer = {s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)}
    return {(a, b, max(s for x, y, s in found if (x, y) == (a, b))) for a, b in outer}
