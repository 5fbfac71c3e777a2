"""The automaton reads what the expression reads."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy import automaton as automata
from gateway.policy.automaton import EDGE, FLAGS, Automaton, TooComplexError, build, parse


def accepts(automaton: Automaton, text: str) -> bool:
    """Whether the automaton reads the whole text, looking at no cost."""
    known = {character: at for at, character in enumerate(automaton.characters) if at != EDGE}
    codes = [known[character] for character in text]
    after = [*codes[1:], EDGE]
    if not codes:
        return any(condition.after[EDGE] >> EDGE & 1 for condition in automaton.whole.empty)
    at = {
        to
        for to, condition in automaton.whole.first
        if condition.after[EDGE] >> codes[0] & 1 and automaton.reads[to] >> codes[0] & 1
    }
    for before, code in pairwise(codes):
        at = {
            to
            for one in at
            for to, condition in automaton.follow[one]
            if condition.after[before] >> code & 1 and automaton.reads[to] >> code & 1
        }
    return any(one in at and condition.after[codes[-1]] >> after[-1] & 1 for one, condition in automaton.whole.last)


patterns = st.recursive(
    st.sampled_from(
        [
            "a",
            "b",
            "[ab]",
            "[^a]",
            ".",
            r"\w",
            r"\W",
            r"\d",
            "1",
            " ",
            r"\b",
            "^",
            "$",
            "(?=a)",
            "(?!b)",
            "(?<=1)",
            "(?<!\\s)",
        ]
    ),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{2,}"])).map(
            lambda p: f"(?:{p[0]}){p[1]}"
        )
        | st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map("|".join).map("(?:{})".format)
    ),
    max_leaves=6,
)


def plainly(pattern: str) -> Automaton:
    """The automaton over these characters and no others, none of them taken for another."""
    tree = parse(pattern)
    builder = automata._Builder("\uffffab1 \n", int(tree.state.flags), automata.MAX_COPIES)
    whole = builder.build(list(tree), int(tree.state.flags))
    return Automaton(builder.characters, builder.reads, builder.follow, whole)


@settings(max_examples=200, deadline=None)
@given(patterns, st.text("ab1 \n", max_size=5))
def test_it_reads_what_the_expression_reads(pattern: str, text: str) -> None:
    matched = re.fullmatch(pattern, text, FLAGS) is not None
    if "{2,}" not in pattern:
        assert accepts(plainly(pattern), text) is matched
    elif matched:
        assert accepts(plainly(pattern), text)


@pytest.mark.parametrize("pattern", ["a{3000}", "(?:a?b?c?d?){0,140}" * 9])
def test_what_is_too_large_is_said(pattern: str) -> None:
    if pattern == "a{3000}":
        assert len(build(parse(pattern)).reads) == 1  # counted as endless
    else:
        with pytest.raises(TooComplexError):
            build(parse(pattern))


def test_counted_repeats_are_written_out_and_long_ones_are_endless() -> None:
    assert len(build(parse("a{5}b{0,3}")).reads) == 8
    loose = build(parse("a{5}b{0,3}"), copies=3)
    assert (len(loose.reads), len(loose.follow[0])) == (4, 2)
