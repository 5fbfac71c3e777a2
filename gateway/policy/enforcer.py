"""The keeper of Casbin: one immutable enforcer per bundle, built fresh, never reloaded, never logging a value."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

from gateway.policy.access_file import Rule
from gateway.policy.matcher import parse_alone
from gateway.policy.names import glob

_SILENT: Final = logging.Logger("gateway.policy.silent", level=logging.CRITICAL + 1)  # noqa: LOG001 - nobody can switch it on


class _Roles:
    """Casbin's role manager over callers whose inheritance is already resolved.

    The stock manager keeps an entry for every name it was ever asked about, and answers for one name at a time; deny
    must override over all of a caller's names at once.
    """

    def has_link(self, names: frozenset[str], name: str, *_domain: str) -> bool:
        return name in names

    def clear(self) -> None:
        """Nothing is held."""

    def print_roles(self) -> None:
        """Nothing is printed."""


class Enforcement:
    """`model.conf` over a fixed set of rules. Not empty: Casbin grants an empty request under an empty policy."""

    def __init__(self, model_text: str, rules: Iterable[Rule]) -> None:
        self._rules: dict[tuple[str, ...], Rule] = {}
        for rule in rules:
            self._rules.setdefault((rule.subject, rule.object, rule.action, rule.effect), rule)
        if not self._rules:
            raise ValueError("no rules")
        self._lock = threading.Lock()
        self._enforce = _build(model_text, [list(key) for key in self._rules])

    def ask(self, names: frozenset[str], obj: str, action: str) -> tuple[bool, Rule | None]:
        """Whether a caller with these names may, and the rule that settled it (None: nothing matched)."""
        # An evaluation writes into the enforcer, and another may be reading.
        with self._lock:
            allowed, values = self._enforce(names, obj, action)
        return bool(allowed), self._rules[tuple(values)] if values else None


def _build(model_text: str, values: list[list[str]]) -> Callable[[frozenset[str], str, str], tuple[bool, list[str]]]:
    import casbin  # noqa: PLC0415 - a quarter of a second

    model = casbin.Model()
    model.load_model_from_text(model_text)
    model["p"]["p"].policy = values
    enforcer: Any = casbin.Enforcer(model)
    enforcer.logger = _SILENT
    enforcer.add_function("glob", glob)
    enforcer.set_role_manager(_Roles())
    model["g"]["g"].rm = enforcer.get_role_manager()
    # Parsed once and not for every question: faster, and parsing is not safe in threads (see `parse_alone`).
    matcher = model["m"]["m"].value
    expression = parse_alone(lambda: enforcer._get_expression(matcher, enforcer.fm.get_functions()))  # noqa: SLF001
    enforcer._get_expression = lambda *_: expression  # noqa: SLF001
    ask: Callable[[frozenset[str], str, str], tuple[bool, list[str]]] = enforcer.enforce_ex
    return ask
