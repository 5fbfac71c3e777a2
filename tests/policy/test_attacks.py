from __future__ import annotations

import re

import pytest

from gateway.policy.attacks import LENGTH, attacks, is_slow, written
from gateway.policy.automaton import build, parse
from gateway.redaction.detect import OVERLAP, PIECE


def test_the_longest_text_is_what_the_detector_hands_over_at_once() -> None:
    assert LENGTH >= PIECE + 2 * OVERLAP


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [(r"(a+)+$", True), (r"a.*b.*c\d", True), (r"(?:a{1,9}){1,9}b", True), (r"\b\d+-x", False), (r"abc", False)],
)
def test_measuring_tells_slow_patterns_from_others(pattern: str, slow: bool) -> None:
    tree = parse(pattern)
    assert is_slow(pattern, build(tree), build(tree, copies=3)) is slow


def test_attacks_begin_to_match() -> None:
    made = set(attacks(build(parse(r"id=[ab]{2,}-\d;"))))
    assert any(re.search(r"id=[ab]{9,}", written(attack, 200), re.IGNORECASE) for attack in made)
    assert all(len(written(attack, 500)) < 1500 for attack in made)
    assert written(("<", "ab", ">"), 9) == "<abababab>"
