"""model.conf: the Casbin model the gateway works with, and the static checks of its matcher.

Casbin itself finds an unknown attribute only when the first request arrives, and lets a matcher forget the caller.
"""

from __future__ import annotations

import ast
import contextlib
import re
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from gateway.policy.findings import Findings, shown
from gateway.policy.names import MODEL_FILE, did_you_mean

_SECTIONS: Final = {
    "request_definition": ("r", "sub, obj, act"),
    "policy_definition": ("p", "sub, obj, act, eft"),
    "role_definition": ("g", "_, _"),
    "policy_effect": ("e", "some(where (p.eft == allow)) && !some(where (p.eft == deny))"),
    "matchers": ("m", None),
}
FUNCTIONS: Final = ("g", "glob", "keyMatch", "globMatch")
"""Those that treat a name as text. Casbin's others read it as a regular expression, in which `.` fits anything."""
ATTRIBUTES: Final = ("r.sub", "r.obj", "r.act", "p.sub", "p.obj", "p.act", "p.eft")
_NODES: Final = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.Compare, ast.Eq, ast.NotEq),
    *(ast.Call, ast.Name, ast.Load, ast.Constant, ast.Attribute),
)


_PARSING: Final = threading.Lock()
_T = TypeVar("_T")


def parse_alone(parse: Callable[[], _T]) -> _T:
    """Run something that makes a Python syntax tree, alone.

    CPython 3.11 keeps one counter for all threads that do, and raises SystemError when they interleave; the lock keeps
    ours apart, trying again those of other libraries.
    """
    for _ in range(50):
        with _PARSING, contextlib.suppress(SystemError):
            return parse()
    return parse()


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def read_model(text: str, found: Findings) -> str | None:
    """Check model.conf; returns its text, ready for Casbin, or None when findings forbid using it."""
    before = found.errors
    values: dict[str, tuple[int, str]] = {}
    section, pending, start = "", "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
            if section not in _SECTIONS:
                found.error(
                    "bad-model", MODEL_FILE, number, f"no section {shown(section)}", did_you_mean(section, _SECTIONS)
                )
            continue
        start = start if pending else number
        pending += line.removesuffix("\\")
        if line.endswith("\\"):
            pending += " "
            continue
        _assign(section, start, pending, values, found)
        pending = ""
    for name, (key, wanted) in _SECTIONS.items():
        if name not in values:
            found.error("bad-model", MODEL_FILE, 0, f"section [{name}] with `{key} = ...` is missing")
        elif wanted is not None and _squeeze(values[name][1]) != _squeeze(wanted):
            found.error("bad-model", MODEL_FILE, values[name][0], f"{key} must be `{wanted}`")
    if "matchers" in values:
        _check_matcher(*values["matchers"], found)
    return text if found.errors == before else None


def _assign(section: str, line: int, text: str, values: dict[str, tuple[int, str]], found: Findings) -> None:
    key, equals, value = (part.strip() for part in text.partition("="))
    if section not in _SECTIONS:
        if not section:
            found.error("bad-model", MODEL_FILE, line, "a definition outside every section")
        return
    if not equals or key != _SECTIONS[section][0]:
        found.error("bad-model", MODEL_FILE, line, f"section [{section}] holds only `{_SECTIONS[section][0]} = ...`")
    elif section in values:
        found.error("bad-model", MODEL_FILE, line, f"{key} stands twice")
    else:
        values[section] = (line, value.split("#", 1)[0].strip())


def _check_matcher(line: int, text: str, found: Findings) -> None:
    """Every name known, every function known, nothing but conditions, and none of the six attributes forgotten."""
    python = re.sub(r"!(?!=)", " not ", text.replace("&&", " and ").replace("||", " or ")).strip()
    try:
        tree = parse_alone(lambda: ast.parse(python, mode="eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found.error("bad-model", MODEL_FILE, line, "the matcher is no expression Casbin can read")
        return
    for node in ast.walk(tree):
        _check_node(node, line, found)
    used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for name in ATTRIBUTES[:-1]:
        if name not in used:
            found.error("open-matcher", MODEL_FILE, line, f"the matcher never looks at {name}")


def _check_node(node: ast.AST, line: int, found: Findings) -> None:
    def unknown(name: str, known: tuple[str, ...]) -> None:
        hint = did_you_mean(name, known)
        found.error("unknown-attribute", MODEL_FILE, line, f"the matcher names {shown(name)}", hint)

    match node:
        case ast.Call(func=ast.Name(id=name), args=[_, _], keywords=[]) if name in FUNCTIONS:
            pass
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
            found.error("unknown-attribute", MODEL_FILE, line, f"{name} takes two arguments")
        case ast.Call():
            unknown(ast.unparse(node.func), FUNCTIONS)
        case ast.Attribute():
            if (name := ast.unparse(node)) not in ATTRIBUTES:
                unknown(name, ATTRIBUTES)
        case ast.Name():
            if node.id not in (*FUNCTIONS, "r", "p"):
                unknown(node.id, (*FUNCTIONS, *ATTRIBUTES))
        case ast.Constant():
            if node.value != "*":
                found.error("open-matcher", MODEL_FILE, line, "the matcher compares with a fixed value")
        case _ if not isinstance(node, _NODES):
            found.error("bad-model", MODEL_FILE, line, "the matcher may only compare, call, and combine with && || !")
