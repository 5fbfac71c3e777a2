"""Patterns that may be used, patterns that may not, and the proof that what passes is fast."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.policy.patterns import MAX_PATTERN, problem, runnable
from gateway.policy.syntax import compiled


@pytest.mark.parametrize(
    "pattern",
    [
        r"\bEMP-\d{5}\b",
        r"[A-Z]{2}\d{6,8}",
        r"(?:\d{3}-){1,9}\d{4}",
        r"(?:[a-f]|\d)+z",
        r"\d+\s*EUR",
        r"\b\d+\s*EUR",
        r"(?i:kunde)\s+\d{4,9}",
        r"kunde\s+(?i)\d{4,9}",
        r"(?>a+)+b",
        r"(?:(?=x)y)+",
        r"(a)(?(1)b|c)",
        r"(?<!\d)\d+(?!\d)",
        r"\d+(?:,\d+)*",
        r"(?:\d[ -]?){13,19}",
        r"(?:\d{1,3}[ -]?){3,5}",
        r"\b\d{1,12}\s{0,10}\d{1,12}\s{0,10}x",
        r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?\b",
        r"^[^\n]*total",
        r"\b\w{1,64}@[\w.]{1,200}\.com\b",
        r"\b[0-9A-F]{2}([:-])(?:[0-9A-F]{2}\1){4}[0-9A-F]{2}\b",
        r"\p{Lu}\p{Ll}{2,20}-\d+",
        r"(?-i:[A-Z]{2,3})-\d{4}",
        r"(?<=\bID )\w{6}",
        r"[{}]\d{2}\{\d",
    ],
)
def test_ordinary_patterns_pass(pattern: str) -> None:
    assert problem(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a+)+$", "exponential"),
        (r"(a*)*b", "exponential"),
        (r"((?:a{2,40})x?){3,}", "exponential"),
        (r"(?:[a-z]-?|\w)+1", "exponential"),
        (r"([A-Za-z]+\s?)+:", "exponential"),
        (r"(?:\w|\d,?){20,}-", "exponential"),
        (r"(a)?(?(1)(b+)+|c)d", "exponential"),
        (r"(?:ab|a|b)+c", "exponential"),
        (r"(a|b|ab)*c", "exponential"),
        (r"(?=(a+)+b)", "looks around"),
        (r"(?<=a+)b", "looks around"),
        (r"x(?!\w*y)z", "looks around"),
        (r"\bx\d+\w*y", "quadratic"),
        (r"\b\s*\d*\s*\d*;", "quadratic"),
        (r"a.*b", "quadratic"),
        (r"Name:.*;", "quadratic"),
        (r"(?:\d{3}-)+\d{4}", "quadratic"),
        (r"(?:foo|bar)+x", "quadratic"),
        (r"\d(?:\d+y)?", "quadratic"),
        (r"\b[\w.+-]+@[\w.-]+\.\w{2,}\b", "quadratic"),
        (r"^.*total", "quadratic"),
        (r"(\w{1,99})-\1", "refers back"),
        (r"(?:a?){30}a{30}", "takes too long"),
        (r"a(?:\d{1,9}-?){1,9}y", "takes too long"),
        (r"x(?:ab|a|b){1,40}c", "takes too long"),
        (r"(?:a{1,9}){1,9}b", "takes too long"),
        (r"(?:\d{1,400}[ab]?){1,400}x", "exponential"),
    ],
)
def test_patterns_that_can_be_slow_are_refused(pattern: str, why: str) -> None:
    found = problem(pattern)
    assert found is not None
    assert (found[0], why in found[1]) == ("slow-pattern", True), found


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(",
            "[a",
            "a{2,1}",
            "(?P<n>a)(?P<n>b)",
            "x*",
            "",
            "a?b?",
            r"\b",
            "(?=a)",
            "a" * (MAX_PATTERN + 1),
            "(" * 500,
        ),
        *(r"(?:foo){e<=3}", r"[[:alpha:]]+x", r"(?V1)[a--b]", r"\X"),
    ],
)
def test_patterns_that_do_not_compile_or_match_nothing_or_cannot_be_read(pattern: str) -> None:
    assert (problem(pattern) or ("",))[0] == "bad-pattern"


@pytest.mark.parametrize("pattern", [".", r"\w+", r"\S+", "[A-Z][a-z]+", r"[^\n]+", r".{1,40}", "[aeioustrnlcd ]+"])
def test_patterns_that_match_nearly_everything_are_refused(pattern: str) -> None:
    assert (problem(pattern) or ("",))[0] == "broad-pattern"


def test_what_is_refused_is_slow() -> None:
    def cost(pattern: str, text: str) -> float:
        start = time.thread_time()
        assert compiled(pattern).search(text) is None
        return time.thread_time() - start

    # A hyphen in the text: without one the engine would not begin.
    twice = r"(?:\w|\d,?){4,}-$"
    assert cost(twice, "1" * 18 + "-1") > 20 * cost(twice, "1" * 9 + "-1")
    assert cost(r"\bx\d+\w*y$", "x" + "1" * 16000) > 8 * cost(r"\bx\d+\w*y$", "x" + "1" * 2000)


# ------------------------------------------------------------------ generated patterns

atoms = st.sampled_from(["a", "b", "[ab]", r"\d", r"\w", ".", r"\s", "1", "-", "[^a]", "ab", "(?>a+)"])
repeats = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "{0,12}", "{1,40}", "+?", "*?", "*+"])
looks = st.sampled_from(["", "", "", r"\b", "^", "$", "(?!a)", "(?<!1)", "(?=b)"])


def _joined(parts: list[tuple[str, str, str]]) -> str:
    return "".join(f"{look}(?:{atom}){repeat}" for atom, repeat, look in parts)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(st.tuples(inner, repeats, looks), min_size=1, max_size=3).map(_joined) | st.lists(
        inner, min_size=2, max_size=3
    ).map(lambda branches: "(?:" + "|".join(branches) + ")")


simple = atoms | _grown(atoms)
patterns = simple | _grown(simple)


def costs(pattern: str, pump: str, tail: str) -> list[float]:
    engine = compiled(runnable(pattern))
    found = []
    for length in (1000, 4000, 8000):
        text = pump * (length // len(pump)) + tail
        best = 9.0
        for _ in range(2):
            start = time.thread_time()
            for _match in engine.finditer(text, timeout=5):
                pass
            best = min(best, time.thread_time() - start)
        found.append(best)
    return found


@example(r"(?:(?:a?){0,12}){0,12}(?:b){2}", "aaaaaaaaaaa-", "")
@example(r"(?:\d){1,40}(?:\w){1,40}(?:-){2}", "1", "\x00")
@settings(max_examples=30, deadline=None)
@given(patterns, st.text("ab1- \n", min_size=1, max_size=14), st.sampled_from(["", "\x00", "-", "\x00ab1-ab"]))
def test_what_passes_is_fast_on_texts_it_was_not_tried_on(pattern: str, pump: str, tail: str) -> None:
    if problem(pattern) is not None:
        return
    short, middle, long = costs(pattern, pump, tail)
    assert long < 0.25
    assert long < 0.02 or long < 24 * short or long < 5 * middle


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(
        [r"\d+x", r"(\d+)x", "a*b", "(?:a|b)+?1", "[ab]+1|[ab]+x", "(?:[ab]+1)+x", "a++b", r"\w*-", "(?i)a+b"]
    ),
    st.text("ab1x- ", max_size=30),
)
def test_a_pattern_as_run_finds_what_was_written(pattern: str, text: str) -> None:
    plain = [match.span() for match in compiled(pattern).finditer(text)]
    assert [match.span() for match in compiled(runnable(pattern)).finditer(text)] == plain


def test_only_a_pattern_that_begins_with_an_endless_run_is_run_otherwise() -> None:
    assert runnable(r"(\d+)x") == r"(?:\G|(?<![\d]))(?:(\d+)x)"
    assert runnable("(?i)[a-c_]+-") == r"(?i)(?:\G|(?<![\U00000061-\U00000063\U0000005f]))(?:[a-c_]+-)"
    for same in (r"\b\d+x", r"\d{1,9}x", r"(?-i:a+)b", r"a+|b", r"(a+)-\1", "(", ""):
        assert runnable(same) == same


def test_the_engine_is_loaded_only_when_a_pattern_is_checked() -> None:
    script = "import sys, gateway.policy; assert 'regex' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
