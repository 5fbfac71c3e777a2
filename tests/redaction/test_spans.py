"""Overlaps: resolved the same way whatever the order, and nothing found is left uncovered."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Span
from gateway.redaction.spans import joined, resolve

TEXT = "ab cd-ef gh ij kl mn op qr st uv wx"
span = st.builds(
    lambda a, n, t, s: Span(a, min(len(TEXT), a + n), t, s),
    st.integers(0, len(TEXT) - 1),
    st.integers(1, 9),
    st.sampled_from("ABC"),
    st.sampled_from([0.4, 0.9]),
)


@given(st.lists(span, max_size=9), st.randoms(use_true_random=False), st.lists(st.integers(0, 30), max_size=2))
def test_spans_never_overlap_cover_everything_found_and_do_not_depend_on_order(spans, random, starts) -> None:  # type: ignore[no-untyped-def]
    taken = [(a, a + 2) for a in sorted(set(starts)) if a + 1 not in starts]
    got = resolve(TEXT, spans, taken)
    shuffled = list(spans)
    random.shuffle(shuffled)
    assert resolve(TEXT, shuffled, taken) == got
    assert all(a.end <= b.start for a, b in pairwise(got))
    blocked = {i for a, b in taken for i in range(a, b)}
    covered = {i for s in got for i in range(s.start, s.end)}
    assert not covered & blocked
    wanted = {i for s in spans for i in range(s.start, s.end) if TEXT[i].isalnum()} - blocked
    assert wanted <= covered


def test_the_longest_wins_then_the_score_then_the_type() -> None:
    assert resolve(TEXT, [Span(0, 5, "A", 0.4), Span(0, 2, "B", 1.0)]) == [Span(0, 5, "A", 0.4)]
    assert resolve(TEXT, [Span(0, 5, "A", 0.4), Span(0, 5, "B", 0.9)]) == [Span(0, 5, "B", 0.9)]
    assert resolve(TEXT, [Span(0, 5, "B", 0.9), Span(0, 5, "A", 0.9)]) == [Span(0, 5, "A", 0.9)]


def test_what_remains_of_a_loser_stays_personal_data() -> None:
    assert resolve(TEXT, [Span(0, 8, "A", 0.9), Span(6, 11, "B", 0.9)]) == [Span(0, 8, "A", 0.9), Span(9, 11, "B", 0.9)]


def test_many_spans_that_overlap_nothing_cost_little() -> None:
    text = "ab " * 200_000
    spans = [Span(at, at + 2, "A", 0.9) for at in range(0, len(text), 3)]
    began = time.process_time()
    assert resolve(text, [*reversed(spans), Span(0, 5, "B", 0.9)], [(9, 11)]) == [
        Span(0, 5, "B", 0.9),
        *spans[2:3],
        *spans[4:],
    ]
    assert time.process_time() - began < 5


def test_a_bracket_that_is_not_closed_and_a_key_before_an_address_stay_outside() -> None:
    text = "(06 12 55 78 90 and (212) 555 0100, email=jane@example.com"
    found = [
        Span(0, 15, "PHONE_NUMBER", 0.4),
        Span(20, 34, "PHONE_NUMBER", 0.4),
        Span(36, len(text), "EMAIL_ADDRESS", 1.0),
    ]
    kept = [text[span.start : span.end] for span in resolve(text, found)]
    assert kept == ["06 12 55 78 90", "(212) 555 0100", "jane@example.com"]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see http://a.example/x. Then", "http://a.example/x"),
        ('"https://a.example/x"', "https://a.example/x"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
    ],
)
def test_a_url_ends_before_the_stop_of_a_sentence(text: str, url: str) -> None:
    inner = text.removeprefix("see ").split(" ")[0]
    at = text.index(inner)
    (span,) = resolve(text, [Span(at, at + len(inner), "URL", 0.6)])
    assert text[span.start : span.end] == url


@pytest.mark.parametrize(
    ("text", "parts", "whole"),
    [
        (
            "at 8 Mill Rise, Haworth BD22 8QT now",
            ("8 Mill Rise", "Haworth BD22 8QT"),
            ["8 Mill Rise, Haworth BD22 8QT"],
        ),
        ("calle Feria 112, 41002 Sevilla.", ("calle Feria 112", "Sevilla"), ["calle Feria 112, 41002 Sevilla"]),
        ("9 Ada Road and Leeds", ("9 Ada Road", "Leeds"), ["9 Ada Road", "Leeds"]),
    ],
)
def test_parts_of_an_address_are_one(text: str, parts: tuple[str, str], whole: list[str]) -> None:
    first, second = (text.index(part) for part in parts)
    spans = [
        Span(first, first + len(parts[0]), "STREET_ADDRESS", 0.8),
        Span(second, second + len(parts[1]), "LOCATION", 0.8),
    ]
    assert [text[span.start : span.end] for span in joined(text, spans)] == whole
