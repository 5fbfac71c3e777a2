"""Whether an administrator's regular expression is safe to run on text that strangers wrote.

A static check, deliberately strict: it refuses what can backtrack exponentially (a repeat inside a repeat, or a
repeated choice whose branches begin alike), and may refuse a pattern that a cleverer proof would let pass.
"""

from __future__ import annotations

import importlib
import re
from typing import Any, Final

MAX_PATTERN: Final = 1000
_MANY: Final = 10
"""A repeat with a spread of this many or more counts as unbounded."""

Tokens = list[tuple[Any, Any]]


def problem(pattern: str) -> tuple[str, str] | None:
    """(check code, what is wrong), or None when the pattern may be used."""
    if len(pattern) > MAX_PATTERN:
        return "bad-pattern", f"longer than {MAX_PATTERN} characters"
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
        tree = importlib.import_module("re._parser").parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return "bad-pattern", "does not compile"
    if compiled.match("") is not None:
        return "bad-pattern", "matches the empty text, so it would match everywhere"
    return _walk(list(tree), inside=False)


def _walk(tokens: Tokens, *, inside: bool) -> tuple[str, str] | None:
    for op, value in tokens:
        name = str(op)
        if name in {"MAX_REPEAT", "MIN_REPEAT"}:
            low, high, body = value
            wide = int(high) - int(low) >= _MANY
            if wide and inside:
                return "slow-pattern", "a repeat inside a repeat, as in (a+)+"
            if wide and _branches_overlap(list(body)):
                return "slow-pattern", "a repeated choice whose branches begin alike, as in (a|ab)+"
            worse = _walk(list(body), inside=inside or wide)
        elif name == "BRANCH":
            worse = _first(_walk(list(branch), inside=inside) for branch in value[1])
        elif name == "SUBPATTERN":
            worse = _walk(list(value[3]), inside=inside)
        elif name == "ATOMIC_GROUP":
            worse = _walk(list(value), inside=False)
        elif name == "POSSESSIVE_REPEAT":
            worse = _walk(list(value[2]), inside=False)
        elif name in {"ASSERT", "ASSERT_NOT"}:
            worse = _walk(list(value[1]), inside=inside)
        elif name == "GROUPREF_EXISTS":
            worse = _first(_walk(list(part), inside=inside) for part in value[1:] if part is not None)
        else:
            worse = None
        if worse is not None:
            return worse
    return None


def _first(found: Any) -> tuple[str, str] | None:
    return next((each for each in found if each is not None), None)


def _branches_overlap(body: Tokens) -> bool:
    """Whether a choice in a repeat's body has two branches that can begin with the same character."""
    for op, value in body:
        name = str(op)
        if name == "SUBPATTERN" and _branches_overlap(list(value[3])):
            return True
        if name == "BRANCH":
            starts = [_start(list(branch)) for branch in value[1]]
            if any(one is None or two is None or one & two for i, one in enumerate(starts) for two in starts[:i]):
                return True
    return False


def _start(branch: Tokens) -> frozenset[int] | None:
    """The characters (below 128) a branch can begin with; None when that cannot be told simply."""
    if not branch:
        return None
    op, value = branch[0]
    name = str(op)
    if name == "LITERAL":
        char = chr(value)
        return frozenset({ord(char.lower()[0]), ord(char.upper()[0])})
    if name == "IN":
        return _set_of(value)
    if name == "SUBPATTERN":
        return _start(list(value[3]))
    if name in {"MAX_REPEAT", "MIN_REPEAT"} and int(value[0]) > 0:
        return _start(list(value[2]))
    return None


def _set_of(items: Tokens) -> frozenset[int] | None:
    found: set[int] = set()
    for op, value in items:
        name = str(op)
        if name == "LITERAL":
            found.add(value)
        elif name == "RANGE":
            found.update(range(value[0], min(value[1], 0x2FF) + 1))
        elif name == "CATEGORY" and str(value) == "CATEGORY_DIGIT":
            found.update(range(ord("0"), ord("9") + 1))
        elif name == "CATEGORY" and str(value) == "CATEGORY_SPACE":
            found.update(map(ord, " \t\n\r\f\v"))
        else:
            return None
    letters = {ord(char) for code in found for char in (chr(code).lower()[0], chr(code).upper()[0])}
    return frozenset(found | letters)
