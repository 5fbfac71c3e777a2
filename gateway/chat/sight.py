"""What one caller gets to see of the tokens in one answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from gateway.model import Decision, Principal
from gateway.policy import Bundle
from gateway.redaction import Original, Rendering, VaultEntry, find_tokens, mask_of, restore

FEW = 8
"""Values that a request may name and get back out of documents whose values its caller may not see."""
MANY = 64
"""Values in a request beyond which it counts as a list of guesses."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Token -> value for what returns, token -> mask for what does not. Tokens in neither stay as they are."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    masks: Mapping[str, str] = field(default_factory=dict)
    originals: Mapping[str, Original] = field(default_factory=dict, repr=False)
    """Everything that must not be in outgoing bytes."""
    withheld: Mapping[str, int] = field(default_factory=dict)
    """Masked tokens by type."""
    decisions: tuple[Decision, ...] = ()
    tools: tuple[str, ...] = ("*",)
    """Names of tools whose arguments values may stand in, `*` for any characters."""

    def towards(self, tool: str) -> Sight:
        """The same for the arguments of a tool: where policy does not name it, types instead of values."""
        if any(fnmatchcase(tool, name) for name in self.tools):
            return self
        return replace(self, values={}, masks={**self.masks, **{token: mask_of(token) for token in self.values}})

    def show(self, text: str) -> str:
        """A whole text restored as far as this caller may see."""
        here = set(find_tokens(text))
        if not here:
            return text
        values = {token: self.values[token] for token in here if token in self.values}
        masks = {token: self.masks[token] for token in here if token in self.masks}
        return restore(text, values, masks)


def look(bundle: Bundle, principal: Principal, typed: Mapping[str, Original], found: Mapping[str, VaultEntry]) -> Sight:
    """Decide token by token.

    `typed`: what this request brought; it returns to whoever typed it. `found`: what entered with rechecked passages; a
    value returns when the caller may reveal its type in one of the collections it entered from. What is both, and may
    not be revealed, returns as typed only while there are few of it: a list of guesses would be answered by the one
    that is right.
    """
    masks: dict[str, str] = {}
    withheld: dict[str, int] = {}
    decisions: dict[tuple[str, str], Decision] = {}
    values = {token: original.value for token, original in typed.items()}
    hidden = {
        token
        for token, entry in found.items()
        if not any(_decide(bundle, principal, entry.type, where, decisions) for where in sorted(entry.collections))
    }
    guessed = hidden & typed.keys()
    returned = guessed if len(guessed) <= FEW and len(typed) <= MANY else set()
    for token, entry in found.items():
        if token not in hidden:
            values.setdefault(token, entry.value)
        elif token not in returned:
            values.pop(token, None)
            masks[token] = mask_of(token)
            withheld[entry.type] = withheld.get(entry.type, 0) + 1
    originals = {**{token: Original(entry.value, entry.type) for token, entry in found.items()}, **typed}
    return Sight(values, masks, originals, withheld, tuple(decisions.values()), bundle.privacy.tools)


def with_parts(sight: Sight, rendering: Rendering | None) -> Sight:
    """The same for the words of names that come back alone: a word is seen where every name it is of is seen."""
    if rendering is None or not rendering.parts:
        return sight
    values, masks = dict(sight.values), dict(sight.masks)
    for token, part in rendering.parts.items():
        if token in values or token in masks:
            continue
        if part.tokens & sight.masks.keys():
            masks[token] = mask_of(token)
        elif part.tokens & sight.values.keys():
            values[token] = part.value
    return replace(sight, values=values, masks=masks)


def _decide(
    bundle: Bundle, principal: Principal, kind: str, collection: str, seen: dict[tuple[str, str], Decision]
) -> bool:
    key = (kind, collection)
    if key not in seen:
        seen[key] = bundle.decide(principal, f"entity:{kind}@{collection}", "reveal")
    return bool(seen[key])


def count_types(originals: Iterable[Original]) -> dict[str, int]:
    """Distinct values by type."""
    counts: dict[str, int] = {}
    for original in originals:
        counts[original.type] = counts.get(original.type, 0) + 1
    return counts
