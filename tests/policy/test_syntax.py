from __future__ import annotations

import re

import pytest

from gateway.policy.syntax import leading, outside, parsed, written


@pytest.mark.parametrize(
    ("pattern", "run"),
    [
        (r"\d+x", r"[\d]"),
        (r"(?:(\d+)-)+x", r"[\d]"),
        (r"(?>[^a-c\W]+?)x", r"[^\U00000061-\U00000063\W]"),
        (r"-{2,}", r"[\U0000002d]"),
        (r"[^-]*x", r"[^\U0000002d]"),
        (r".*x", "."),
        (r"a++b", r"[\U00000061]"),
        (r"\d{1,9}x", None),
        (r"\b\d+x", None),
        (r"(?:\d+x)?y", None),
        (r"a+|b+", None),
        (r"(?-i:a+)b", None),
        (r"(a+)-\1", None),
        (r"x\d+", None),
    ],
)
def test_the_run_that_a_pattern_begins_with(pattern: str, run: str | None) -> None:
    token = leading(parsed(pattern))
    assert (None if token is None else written(token)) == run


def test_syntax_of_the_engine_alone_is_none_and_nonsense_an_error() -> None:
    assert parsed(r"(?:a){e<=1}") is None
    assert parsed(r"[[:digit:]]") is None
    assert parsed(r"\p{Lu}[{}]\{(?i)") is not None
    with pytest.raises(re.error):
        parsed("(")


def test_what_lies_outside_the_theory() -> None:
    for pattern in (r"(?=a*)b", r"(?:x|(?<!a+)b)c", r"(.+)x\1", r"(?>(?!.*a)b)", r"(a)?(?(1)(?=b+)c|d)"):
        tree = parsed(pattern)
        assert outside(list(tree), tree) is not None, pattern
    for pattern in (r"(?=a{1,9})b", r"([-:])\d\1", r"(a)?(?(1)b|c)"):
        tree = parsed(pattern)
        assert outside(list(tree), tree) is None, pattern
