"""Telephone numbers: exactly those that the library finds region by region, and how sure each is."""

from __future__ import annotations

import importlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.redaction.phones import PHONE_DIGITS, REGIONS, digits_in, known_regions, matches, phones, sureness

digits = st.text("0123456789", min_size=5, max_size=14)
written = st.lists(
    digits
    | st.sampled_from(["+49", "+1", "0", "00", "011", "(415)", "+", "49", "44", "0055"])
    | st.text("0123456789 -./()+x#", max_size=9),
    min_size=1,
    max_size=4,
).flatmap(lambda parts: st.sampled_from([" ", "", "-", "/", ", ", " - ", "."]).map(lambda mark: mark.join(parts)))


@example("1113272520405")
@example("4400710624778 5")
@example("1200000000 01000 00000")
@settings(max_examples=120, deadline=None)
@given(written)
def test_the_spans_are_those_of_the_library_s_matcher(text: str) -> None:
    phonenumbers = importlib.import_module("phonenumbers")
    theirs = {
        (match.start, match.end)
        for region in REGIONS
        for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=1)
        if digits_in(text[match.start : match.end]) >= PHONE_DIGITS
    }
    ours = {(a, b) for a, b in matches(text) if digits_in(text[a:b]) >= PHONE_DIGITS}
    assert outermost(theirs) == outermost(ours)


def outermost(spans: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)}


@pytest.mark.parametrize("value", ["+44 20 7946 0327", "(415) 555-2671", "415.555.2671", "030 23125417", "07700900123"])
def test_what_is_written_as_a_number_to_dial_is_sure(value: str) -> None:
    assert sureness(value) >= 0.4
    assert [(a, b, s) for a, b, s in phones(f"x {value} y")] == [(2, 2 + len(value), 0.4)]


@pytest.mark.parametrize("value", ["1716294807", "0.529992", "96.00.74.00.01", "0997988", "4155552671"])
def test_what_any_number_may_look_like_needs_a_word(value: str) -> None:
    assert sureness(value) < 0.4


def test_regions_of_a_policy_are_added() -> None:
    assert known_regions(frozenset(("uk", "nl", "us"))) == (*REGIONS, "NL")
    assert not list(phones("call 020 123 4567 89 or 06 12345678", regions=("US",)))
    assert [(a, b) for a, b, _ in phones("bel 06 12345678", regions=("NL",))] == [(4, 15)]
