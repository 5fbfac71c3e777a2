"""What can be told from a regular expression's syntax tree alone."""

from __future__ import annotations

import importlib
import re
from typing import Any, Final

from gateway.policy.automaton import ENDLESS, parse

MAX_REFERRED: Final = 64
"""Characters of a group that a back reference may repeat."""
_ESCAPED: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_ODD_BRACE: Final = re.compile(r"\{(?!\d*,?\d*\})")
_PROPERTY: Final = re.compile(r"\\p\{(?:L|Lu|Ll|Lt|Lm|Lo|N|Nd|Alpha|Alphabetic|Letter|Number)\}")
_POSIX: Final = re.compile(r"\[:\^?[A-Za-z]+:\]")
_NEEDLESS: Final = re.compile(r"(?<!\\)\(\?[ims]+\)")
"""Flags that are set anyway; the engine takes them anywhere, the standard library only in front."""
_SINGLE: Final = ("LITERAL", "NOT_LITERAL", "ANY", "IN")
_INNER: Final = {
    "SUBPATTERN": 3,
    "MAX_REPEAT": 2,
    "MIN_REPEAT": 2,
    "POSSESSIVE_REPEAT": 2,
    "ASSERT": 1,
    "ASSERT_NOT": 1,
}


def compiled(pattern: str) -> Any:
    """As the detector runs it. Raises re.error without the engine's words."""
    regex = importlib.import_module("regex")
    try:
        return regex.compile(pattern, regex.DOTALL | regex.MULTILINE | regex.IGNORECASE)
    except regex.error:
        raise re.error("does not compile") from None


def parsed(pattern: str) -> Any:
    """The syntax tree; None for syntax that only the engine knows. Raises re.error where it does not compile."""
    compiled(pattern)
    plain = _NEEDLESS.sub("", _PROPERTY.sub(r"\\w", pattern))
    if _ODD_BRACE.search(_ESCAPED.sub("", plain)) or _POSIX.search(pattern):
        return None
    try:
        return parse(plain)
    except re.error:
        return None


def outside(tokens: Any, tree: Any) -> str | None:
    """What lies outside the theory and is refused: endless repeats in a look around, references to long groups."""
    for op, value in tokens:
        name = str(op)
        if name in {"ASSERT", "ASSERT_NOT"} and value[1].getwidth()[1] >= ENDLESS:
            return "looks around without end, as in (?=.*x)"
        if name == "GROUPREF" and tree.state.groupwidths[value][1] > MAX_REFERRED:
            return f"refers back to a group of more than {MAX_REFERRED} characters"
        for part in _parts(name, value):
            if (wrong := outside(list(part), tree)) is not None:
                return wrong
    return None


def _parts(name: str, value: Any) -> list[Any]:
    """The parts of a token that are sequences of tokens."""
    if name in {"BRANCH", "GROUPREF_EXISTS"}:
        return [part for part in (value[1] if name == "BRANCH" else value[1:]) if part is not None]
    if name == "ATOMIC_GROUP":
        return [value]
    at = _INNER.get(name)
    return [] if at is None else [value[at]]


def leading(tree: Any) -> tuple[Any, Any] | None:
    """The token that an endless run at the very beginning repeats."""
    if _refers(list(tree)):
        return None
    tokens = list(tree)
    while tokens:
        op, value = str(tokens[0][0]), tokens[0][1]
        if op == "SUBPATTERN" and not value[1] and not value[2]:
            tokens = list(value[3])
        elif op == "ATOMIC_GROUP":
            tokens = list(value)
        elif op in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            low, high, body = value[0], value[1], list(value[2])
            if len(body) == 1 and str(body[0][0]) in _SINGLE:
                return (str(body[0][0]), body[0][1]) if high == ENDLESS else None
            tokens = body if low else []
        else:
            return None
    return None


def _refers(tokens: Any) -> bool:
    return any(
        str(op).startswith("GROUPREF") or any(_refers(list(part)) for part in _parts(str(op), value))
        for op, value in tokens
    )


def written(token: tuple[Any, Any]) -> str:
    """A set of one character in the engine's syntax."""
    op, value = token
    if op == "ANY":
        return "."
    if op in {"LITERAL", "NOT_LITERAL"}:
        return f"[{'^' if op == 'NOT_LITERAL' else ''}\\U{value:08x}]"
    out = []
    for kind, part in value:
        name = str(kind)
        if name == "NEGATE":
            out.append("^")
        elif name == "LITERAL":
            out.append(f"\\U{part:08x}")
        elif name == "RANGE":
            out.append(f"\\U{part[0]:08x}-\\U{part[1]:08x}")
        else:
            letter = str(part).rpartition("_")[2][0]
            out.append("\\" + (letter if "_NOT_" in str(part) else letter.lower()))
    return f"[{''.join(out)}]"
