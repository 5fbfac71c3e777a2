from __future__ import annotations

import pytest

from gateway.policy.ambiguity import EXPONENTIAL, POLYNOMIAL, QUADRATIC, ambiguity, loops
from gateway.policy.automaton import build, parse


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"\b(?:a+)+b", EXPONENTIAL),
        (r"\b(?:a|ab|b)+c", EXPONENTIAL),
        (r"\bx\d*\w*y", POLYNOMIAL),
        (r"\bx\d*-?\d*y", POLYNOMIAL),
        (r"\d+x", QUADRATIC),
        (r"x.*y", QUADRATIC),
        (r"\bx\d*-\d*y", None),
        (r"\b\d+x", None),
        (r"(?<!\d)\d+(?!\d)", None),
        (r"\d+", None),
        (r"\d+(?:-\d+)*", None),
        (r"\d++x", QUADRATIC),
        (r"\b\d++\w*x", None),
        (r"^[^\n]*x", None),
        (r"(?-m:^).*x", None),
    ],
)
def test_what_makes_a_pattern_slow(pattern: str, found: str | None) -> None:
    assert ambiguity(build(parse(pattern))) == found


def test_a_lead_takes_the_search_out_of_a_run() -> None:
    tree = parse(r"\d+x")
    assert ambiguity(build(tree, ("IN", [("CATEGORY", "CATEGORY_DIGIT")]))) is None


def test_loops_are_numbered_together() -> None:
    numbers = loops(build(parse("a(?:bc)+d*e")))
    assert numbers[0] == numbers[4] == -1
    assert numbers[1] == numbers[2] != numbers[3] != -1
