"""Access decisions of one bundle: decide, plan and explain, with a bounded cache in front of Casbin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from gateway.model import EVERYONE, Decision, Filter, Principal
from gateway.policy.access_file import AccessFile, Rule
from gateway.policy.enforcer import Enforcement
from gateway.policy.names import well_formed

_K = TypeVar("_K")
_V = TypeVar("_V")

CACHE_SIZE: Final = 16_384
"""Decisions and callers remembered per bundle; callers choose what they ask for, so memory must not follow them."""

_PHRASES: Final = {
    ("model", "use"): "use the model {name}",
    ("collection", "read"): "read the collection {name}",
    ("collection", "write"): "add documents to the collection {name}",
    ("collection", "delete"): "delete from the collection {name}",
    ("label", "read"): "read documents labelled {name}",
    ("entity", "reveal"): "see {name}",
}


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """One rule that spoke about a question."""

    where: str
    """`access.csv:12`."""
    text: str
    effect: str
    decided: bool
    """Whether this is the rule the decision names."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, the names the caller answered to, and every rule that matched, in the order of the file."""

    decision: Decision
    names: tuple[str, ...]
    matched: tuple[MatchedRule, ...]


class Access:
    """The access rules of one bundle. Immutable but for its caches; safe to ask from several threads."""

    def __init__(self, file: AccessFile, model_text: str, digest: str) -> None:
        self._file, self._digest = file, digest
        self._model_text = model_text
        self._enforcement = Enforcement(model_text, file.rules)
        self._subjects = frozenset(rule.subject for rule in file.rules)
        self._callers: dict[tuple[str, frozenset[str], frozenset[str]], tuple[tuple[str, ...], frozenset[str]]] = {}
        self._decisions: dict[tuple[frozenset[str], str, str], Decision] = {}

    def _caller(self, principal: Principal) -> tuple[tuple[str, ...], frozenset[str]]:
        """All names a caller answers to, and those of them that any rule mentions."""
        key = (principal.name, principal.roles, principal.groups)
        known = self._callers.get(key)
        if known is None:
            names = self._file.names(principal.marks)
            ordered = (EVERYONE, *sorted(names - {EVERYONE}))
            known = ordered, names & self._subjects
            _remember(self._callers, key, known)
        return known

    def names(self, principal: Principal) -> tuple[str, ...]:
        """The caller's marks with everything inherited through `g` lines, `*` first."""
        return self._caller(principal)[0]

    def decide(self, principal: Principal, obj: str, action: str) -> Decision:
        """Whether the caller may; never raises. About 1 microsecond when asked before."""
        key = (self._caller(principal)[1], obj, action)
        known = self._decisions.get(key)
        if known is None:
            known, lasting = self._judge(*key)
            if lasting:
                _remember(self._decisions, key, known)
        return known

    def _judge(self, names: frozenset[str], obj: str, action: str) -> tuple[Decision, bool]:
        """A decision without the cache, and whether it may be remembered."""
        if not well_formed(obj):
            return Decision(False, obj, action, "there is no such thing to ask for", None, self._digest), False
        try:
            allowed, rule = self._enforcement.ask(names, obj, action)
        except Exception:  # noqa: BLE001 - whatever goes wrong in the engine, the answer is no
            reason = "the access policy could not be evaluated, so the answer is no"
            return Decision(False, obj, action, reason, None, self._digest), False
        what = phrase(obj, action)
        if rule is None:
            return Decision(False, obj, action, f"no rule allows you to {what}", None, self._digest), True
        reason = f"{holder(rule)} may {what}" if allowed else f"a rule forbids you to {what}"
        return Decision(allowed, obj, action, reason, rule.where, self._digest), True

    def plan(
        self, principal: Principal, collections: Sequence[str], known: Sequence[str], labels: Sequence[str]
    ) -> Filter:
        """The filter for one search.

        `collections` are those asked for by name (empty: every one of `known` that the caller may read); one that is
        refused stands in `refused`. `labels` is every label of the routing policy.
        """
        asked = dict.fromkeys(collections) if collections else dict.fromkeys(known)
        verdicts = [(name, self.decide(principal, f"collection:{name}", "read")) for name in asked]
        return Filter(
            tenant=principal.tenant,
            collections=tuple(name for name, verdict in verdicts if verdict),
            labels=tuple(label for label in labels if self.decide(principal, f"label:{label}", "read")),
            marks=self.names(principal),
            digest=self._digest,
            refused=tuple(verdict for _, verdict in verdicts if not verdict) if collections else (),
        )

    def explain(self, principal: Principal, obj: str, action: str) -> Explanation:
        """The same decision, with every rule that matched: each is asked alone, of the same engine."""
        decision = self.decide(principal, obj, action)
        names = self._caller(principal)[1]
        matched = [rule for rule in self._file.rules if self._matches(rule, names, obj, action)]
        shown = tuple(MatchedRule(rule.where, rule.text, rule.effect, rule.where == decision.rule) for rule in matched)
        return Explanation(decision, self.names(principal), shown)

    def _matches(self, rule: Rule, names: frozenset[str], obj: str, action: str) -> bool:
        if not well_formed(obj):
            return False
        try:
            return Enforcement(self._model_text, [rule]).ask(names, obj, action)[1] is not None
        except Exception:  # noqa: BLE001 - as in a decision
            return False


def _remember(cache: dict[_K, _V], key: _K, value: _V) -> None:
    """Keep a value; when the cache is full the oldest goes."""
    if len(cache) >= CACHE_SIZE:
        cache.pop(next(iter(cache)), None)
    cache[key] = value


def phrase(obj: str, action: str) -> str:
    """What was asked, in words."""
    kind, _, name = obj.partition(":")
    if kind == "entity":
        name = name.replace("@/v1/redact", " that others had redacted").replace("@", " of the collection ")
    if kind == "admin":
        return f"{action} {name} as an administrator"
    known = _PHRASES.get((kind, action))
    return known.format(name=name) if known else f"{action} the {kind} {name}"


def holder(rule: Rule) -> str:
    """Whom a rule speaks about, in words."""
    return "everyone" if rule.subject == EVERYONE else rule.subject.replace(":", " ", 1)
