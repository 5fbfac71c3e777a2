"""Patterns that begin with one of few words, run only where such a word stands. Pure.

Which words those are is read off the pattern, so that no list of them has to be kept beside it. A regular expression
with a hundred labels in front is otherwise tried at every character of a text, and most texts hold none of them.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final

from gateway.redaction.facts import Facts

_MOST: Final = 20_000
"""Words that a pattern may begin with."""
_ROUNDS: Final = 4
"""Repeats followed of what is repeated without such a limit."""
_RANGE: Final = 8
"""Characters of a range that are each written out."""
_LETTERS: Final = frozenset(("CATEGORY_NOT_WORD", "CATEGORY_DIGIT"))

Words = set[str]


class Led:
    """A pattern for `re` whose every match begins a word, and with one of `words`.

    Raises ValueError at first use where the words cannot be told; `tests/redaction/test_led.py` uses every one.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern: Final = re.compile(pattern)

    @cached_property
    def words(self) -> frozenset[str]:
        """In small letters: letters and digits that begin a match, up to the first digit that is any digit."""
        return first_words(self.pattern.pattern)

    def matches(self, text: str, words: Iterable[str] | None) -> Iterator[re.Match[str]]:
        """What `finditer` yields. words: those of `words` that stand in the text, None where that is not known."""
        lowered = text.lower()
        if words is None or len(lowered) != len(text):
            yield from self.pattern.finditer(text)
            return
        match, end = self.pattern.match, 0
        for at in sorted({at for word in words for at in _beginnings(lowered, word)}):
            if at >= end and (found := match(text, at)):
                yield found
                end = found.end()

    def among(self, facts: Facts) -> frozenset[str] | None:
        """Which of its words stand in a text; None where odd letters hide that."""
        return None if facts.odd else self.words & facts.beginnings


def _beginnings(lowered: str, word: str) -> Iterator[int]:
    at = lowered.find(word)
    while at >= 0:
        if at == 0 or not lowered[at - 1].isalnum():
            yield at
        at = lowered.find(word, at + 1)


def first_words(pattern: str) -> frozenset[str]:
    """Letters and digits that any match of a pattern may begin with, in small letters. Raises ValueError."""
    tree = importlib.import_module("re._parser").parse(pattern)
    done, going = _walk(tree, {""})
    words = done | going
    if "" in words:
        raise ValueError(f"a match of {pattern[:60]!r} may begin with no word")
    return frozenset(words)


def _walk(tokens: Iterable[tuple[Any, Any]], going: Words) -> tuple[Words, Words]:
    """(words that have ended, words that go on) behind these tokens."""
    done: Words = set()
    for name, value in tokens:
        if not going:
            break
        ended, going = _step(str(name), value, going)
        done |= ended
        if len(done) + len(going) > _MOST:
            raise ValueError("too many words may begin a match")
    return done, going


def _step(name: str, value: Any, going: Words) -> tuple[Words, Words]:
    behind: tuple[Words, Words]
    match name:
        case "LITERAL":
            behind = _either(chr(value).lower(), going)
        case "IN":
            behind = _one_of(value, going)
        case "BRANCH":
            behind = _union(_walk(branch, going) for branch in value[1])
        case "SUBPATTERN":
            behind = _walk(value[3], going)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            behind = _repeated(value[0], value[1], value[2], going)
        case "AT":
            behind = _at(str(value), going)
        case "ASSERT_NOT" if value[0] > 0 and _is_letters(value[1]):
            behind = going - {""}, going & {""}
        case "ASSERT" | "ASSERT_NOT":
            behind = set(), going
        case _:
            raise ValueError(f"a match may begin with any character ({name})")
    return behind


def _either(character: str, going: Words) -> tuple[Words, Words]:
    if character.isalnum():
        return set(), {word + character for word in going}
    return going, set()


def _one_of(items: Any, going: Words) -> tuple[Words, Words]:
    parts = []
    for name, value in items:
        match str(name), value:
            case "LITERAL", code:
                parts.append(_either(chr(code).lower(), going))
            case "RANGE", (first, last) if chr(first).isdigit() and chr(last).isdigit():
                parts.append((going, set()))
            case "RANGE", (first, last) if last - first < _RANGE:
                parts += [_either(chr(code).lower(), going) for code in range(first, last + 1)]
            case "CATEGORY", category if str(category) in ("CATEGORY_DIGIT", "CATEGORY_SPACE"):
                parts.append((going, set()))
            case _:
                raise ValueError(f"a match may begin with any character ({name})")
    return _union(parts)


def _repeated(least: int, most: int, tokens: Any, going: Words) -> tuple[Words, Words]:
    done: Words = set()
    kept = set(going) if least == 0 else set()
    for number in range(1, min(int(most), _ROUNDS + least) + 1):
        ended, going = _walk(tokens, going)
        done |= ended
        if number >= least:
            kept |= going
        if not going:
            break
    else:
        if int(most) > _ROUNDS + least:
            raise ValueError("a match may begin with a word of any length")
    return done, kept


def _at(where: str, going: Words) -> tuple[Words, Words]:
    """A word's edge ends what has begun."""
    return (going - {""}, going & {""}) if where in ("AT_BOUNDARY", "AT_END", "AT_END_STRING") else (set(), going)


def _is_letters(tokens: Any) -> bool:
    """Whether this is a class of all letters, with or without digits, perhaps behind one: no letter follows."""
    if len(tokens) == 2 and str(tokens[0][0]) == "ASSERT" and tokens[0][1][0] < 0 and _is_letters(tokens[0][1][1]):
        tokens = tokens[1:]
    if len(tokens) != 1 or str(tokens[0][0]) != "IN":
        return False
    named = [(str(name), value) for name, value in tokens[0][1]]
    categories = {str(value) for name, value in named if name == "CATEGORY"}
    others = [value for name, value in named if name not in ("CATEGORY", "NEGATE")]
    return ("NEGATE", None) in named and "CATEGORY_NOT_WORD" in categories <= _LETTERS and others == [ord("_")]


def _union(parts: Iterable[tuple[Words, Words]]) -> tuple[Words, Words]:
    done: Words = set()
    going: Words = set()
    for ended, more in parts:
        done |= ended
        going |= more
    return done, going
