from __future__ import annotations

import re
import time

import pytest

from gateway.policy.patterns import MAX_PATTERN, problem


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bEMP-\d{5}\b",
        r"[A-Z]{2}\d{6,8}",
        r"(?:\d{3}-)+\d{4}",
        r"(?:foo|bar)+x",
        r"(?:[a-f]|\d)+z",
        r"\d+\s*EUR",
        r"(?i:kunde)\s+\d{4,9}",
        r"(?>a+)+b",
        r"(?:(?=x)y)+",
        r"(a)(?(1)b|c)",
    ],
)
def test_ordinary_patterns_pass(pattern: str) -> None:
    assert problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a*)*b",
        r"((?:a{2,40})x?){3,}",
        r"(?:a|a)+b",
        r"(?:a|ab)*c",
        r"(?:[a-z]-?|\w)+1",
        r"([A-Za-z]+\s?)+:",
        r"(?:(?:xa|X)y?)+z",
        r"(?:\w|\d,?){20,}-",
        r"(?=(a+)+b)",
        r"(a)?(?(1)(b+)+|c)d",
    ],
)
def test_patterns_that_can_explode_are_refused(pattern: str) -> None:
    assert (problem(pattern) or ("",))[0] == "slow-pattern"


def test_what_is_refused_does_explode() -> None:
    start = time.perf_counter()
    re.match(r"(a+)+$", "a" * 12 + "b")
    short = time.perf_counter() - start
    start = time.perf_counter()
    re.match(r"(a+)+$", "a" * 21 + "b")
    assert time.perf_counter() - start > 20 * short


@pytest.mark.parametrize(
    "pattern", ["(", "[a", "a{2,1}", "(?P<n>a)(?P<n>b)", "x*", "", "a" * (MAX_PATTERN + 1), "(" * 500]
)
def test_patterns_that_do_not_compile_or_match_nothing(pattern: str) -> None:
    assert (problem(pattern) or ("",))[0] == "bad-pattern"
