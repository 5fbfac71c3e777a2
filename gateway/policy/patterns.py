"""Whether an administrator's regular expression is safe to run on text that strangers wrote.

It must find something, not everything, and take time in proportion to the text whatever the text is. The last is shown
twice: from the expression (`ambiguity`), and by running it on texts made to be hard for it (`attacks`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from gateway.policy.ambiguity import EXPONENTIAL, POLYNOMIAL, ambiguity
from gateway.policy.attacks import is_slow
from gateway.policy.automaton import TooComplexError, build
from gateway.policy.syntax import compiled, leading, outside, parsed, written

MAX_PATTERN: Final = 1000
LOOSE: Final = 3
"""Counted repeats longer than that are tried as if they were endless."""
BROAD: Final = 0.5
"""The share of ordinary text that a pattern may match."""

Problem = tuple[str, str, str]
"""(check code, what is wrong, hint)"""

_HEAD: Final = re.compile(r"(?:\(\?[a-zA-Z]+\))*")
_APART: Final = "let each repeat begin with what the one before cannot read"
_BOUND: Final = "bound the repeat, as in {1,40} for +, or let the pattern begin with what cannot stand inside it"
_ORDINARY: Final = (
    "The delivery was late again, so on Tuesday the team wrote to the supplier and asked for a new date. Nobody had "
    "expected that; the contract says 14 days, and section 4.2 of the annex allows 21 at most. Please send the signed "
    "copy back to us before the end of the month. Die Rechnung wurde am Freitag bezahlt, und das Lager hat die Ware "
    "gestern angenommen. Les documents sont dans le dossier partag\u00e9. GET /api/items?page=3 returned 200 in 35 ms."
)


@lru_cache(maxsize=1024)
def problem(pattern: str) -> Problem | None:
    """What keeps a pattern from being used, or None. Takes some 30 ms of CPU the first time."""
    if len(pattern) > MAX_PATTERN:
        return "bad-pattern", f"is longer than {MAX_PATTERN} characters", "a list of values belongs into deny_list"
    try:
        tree = parsed(pattern)
    except (re.error, RecursionError, OverflowError):
        return "bad-pattern", "does not compile", ""
    if tree is None:
        return "bad-pattern", "uses syntax that cannot be checked", "keep to the syntax of Python's re module"
    try:
        return _by_thought(tree) or _by_running(runnable(pattern), tree)
    except TooComplexError:
        return "slow-pattern", "is too complex to be shown harmless", "make several patterns of it"


def _by_thought(tree: Any) -> Problem | None:
    if (wrong := outside(list(tree), tree)) is not None:
        return "slow-pattern", wrong, _BOUND
    automaton = build(tree, leading(tree))
    if automaton.whole.empty:
        return "bad-pattern", "can match the empty text, so it would match everywhere", ""
    slow = ambiguity(automaton)
    if slow is None:
        return None
    return "slow-pattern", slow, _APART if slow in {EXPONENTIAL, POLYNOMIAL} else _BOUND


def runnable(pattern: str) -> str:
    r"""The pattern as it is to be run: it finds the same, and does not begin again inside a run that has been tried.

    A pattern that begins with a run, as in `\d+x`, and does not match from the run's first place, matches from none of
    the others.
    """
    try:
        tree = parsed(pattern)
    except (re.error, RecursionError, OverflowError):
        return pattern
    lead = leading(tree) if tree is not None else None
    if lead is None:
        return pattern
    head = _HEAD.match(pattern)
    at = head.end() if head else 0
    return f"{pattern[:at]}(?:\\G|(?<!{written(lead)}))(?:{pattern[at:]})"


def _by_running(pattern: str, tree: Any) -> Problem | None:
    lead = leading(tree)
    if is_slow(pattern, build(tree, lead), build(tree, lead, copies=LOOSE)):
        return "slow-pattern", "takes too long on texts made to be hard for it", _BOUND
    matched = sum(len("".join(match[0].split())) for match in compiled(pattern).finditer(_ORDINARY))
    if matched > BROAD * len("".join(_ORDINARY.split())):
        return "broad-pattern", "matches most of any ordinary text", "patterns match in any case; (?-i:[A-Z]) does not"
    return None
