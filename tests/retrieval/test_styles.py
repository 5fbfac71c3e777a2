"""The little of CSS that is followed."""

from __future__ import annotations

import pytest

from gateway.retrieval.styles import alike, colour, declarations, hides, merged, rules


def test_rules() -> None:
    sheet = "@import 'x.css'; P.n, #a { opacity: 0; margin: 1px } .b .c { display: none } * {color:red}"
    assert rules(sheet) == {"p.n": {"opacity": "0"}, "#a": {"opacity": "0"}, "*": {"color": "red"}}
    assert rules("@media print { .n { display: none } } .m { display: none }") == {".m": {"display": "none"}}
    assert rules("} .n { display: none") == {}


def test_more_exact_and_important_rules_win() -> None:
    sheet = rules("p { display: none } .n { display: block } .m { display: none !important }")
    assert merged(sheet, "p", [".n"], {}) == {"display": "block"}
    assert merged(sheet, "p", [".m"], declarations("display: block")) == {"display": "none"}


@pytest.mark.parametrize(
    ("value", "paint"),
    [
        ("#fff", (255, 255, 255)),
        ("#0a0B0c80", (10, 11, 12)),
        ("rgb(1 2 3 / 50%)", (1, 2, 3)),
        ("rgb(100%, 0%, 0%)", (255, 0, 0)),
        ("hsl(120, 100%, 50%)", (0, 255, 0)),
        ("White", (255, 255, 255)),
        ("tomato", "tomato"),
        ("var(--x)", None),
        ("#ggg", None),
    ],
)
def test_colour(value: str, paint: object) -> None:
    assert colour(value) == paint


def test_alike() -> None:
    assert alike((255, 255, 255), (250, 250, 250))
    assert not alike((255, 255, 255), (200, 255, 255))
    assert alike("tomato", "tomato")
    assert not alike(None, None)


@pytest.mark.parametrize(
    "style", ["opacity:1", "font-size:12px", "left:-20px", "overflow:hidden;width:9px", "clip:auto"]
)
def test_ordinary_styles_hide_nothing(style: str) -> None:
    assert not hides(declarations(style))
