"""What a record can be found by, and the keyed digests that stand for it in the search index. Pure.

A fact (a model's name, an error's code) becomes a term of 63 bits. What says who somebody is becomes a term of 24 bits,
below zero: values share terms there, so that equal terms do not prove equal values. Whatever the index finds is opened
and looked at again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import orjson

from gateway.crypto import KeyRing, SecretBytes, keyed
from gateway.model import Json, Record

PURPOSE: Final = "audit-index/1"
FACTS: Final = (
    *("kind", "action", "policy", "role", "model", "zone", "decision", "entity", "document", "collection", "error"),
    "cost",
)
PERSONAL: Final = {"user": 1, "value": 2}
"""Fields whose terms are short, and where each begins."""
PERSONAL_BITS: Final = 24
MOST: Final = 512
"""Terms of one record; one with more values than that is found by those it names first."""
ALLOW: Final = "allow"
DENY: Final = "deny"
_TYPE: Final = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_REMEMBERED: Final = 50_000
_STEPS: Final = 16
"""Buckets of cost in a power of ten."""
_CHEAPEST, _DEAREST = -128, 96

Fact = tuple[str, str]
Find = Callable[[str], Iterable[str]]
"""The ids of the values that tokens in a text stand for."""


def told_of(record: Record) -> Json:
    """A record in the shape that reading gives it."""
    return {
        "kind": record.kind,
        "principal": record.principal,
        "action": record.action,
        "policy": record.policy,
        "detail": record.detail,
        "content": record.content,
    }


_FIELD_OF: Final = {
    "name": "user",
    "roles": "role",
    "model": "model",
    "model_asked": "model",
    **dict.fromkeys(("detected", "entities", "withheld", "masked", "spans"), "entity"),
    **dict.fromkeys(("document", "documents", "passages"), "document"),
    **dict.fromkeys(("collection", "collections"), "collection"),
    **dict.fromkeys(("code", "error"), "error"),
}
"""Entries of `detail` and the field that each is found by."""
_ONE: Final = frozenset(("name", "model", "model_asked", "code", "error"))
"""Those that count as a text alone, not as a list of them."""


def facts_of(told: Json) -> list[Fact]:
    """Field and value of everything that an opened record can be found by, but for the values in its texts."""
    return [*_common(*_head_of(told)), *_particular(told, _mapping(told.get("detail")))]


def _head_of(told: Json) -> tuple[str, str, str, str]:
    return _text(told.get("kind")), _text(told.get("action")), _text(told.get("policy")), _text(told.get("principal"))


def _common(kind: str, action: str, policy: str, principal: str) -> list[Fact]:
    return [("kind", kind), ("action", action), ("policy", policy), ("user", folded(principal))]


def _particular(told: Json, detail: Json) -> list[Fact]:
    found: list[Fact] = []
    # Each record passes here before it is written, and most have few of the entries there are.
    for name, value in detail.items():
        field = _FIELD_OF.get(name)
        if field is None or not value:
            continue
        for one in (_text(value),) if name in _ONE else _texts(value):
            if field == "user":
                found.append((field, folded(one)))
            elif name == "passages":
                # A passage is named by its document and its place there.
                found.append((field, one.rpartition(".")[0]))
            elif field != "entity" or _TYPE.fullmatch(one):
                found.append((field, one))
    if egress := _mapping(detail.get("egress")):
        found += [("model", _text(egress.get("model"))), ("zone", _text(egress.get("zone")))]
    found += [("decision", said) for said in _decisions(told, detail)]
    return found


def cost_of(told: Json) -> float | None:
    """What a record says a request cost, in US dollars."""
    cost = _mapping(told.get("detail")).get("cost_usd")
    if cost is None or not isinstance(cost, int | float) or isinstance(cost, bool) or not math.isfinite(cost):
        return None
    return float(cost)


def bucket(cost: float) -> int:
    """Which bucket a cost falls into; they grow with it."""
    if cost <= 0:
        return _CHEAPEST - 1
    return max(_CHEAPEST, min(_DEAREST, math.floor(math.log10(cost) * _STEPS)))


def buckets(least: float | None, most: float | None) -> list[str]:
    """The buckets that hold costs from `least` to `most`."""
    first = _CHEAPEST - 1 if least is None else bucket(least)
    last = _DEAREST if most is None else bucket(most)
    return [str(one) for one in range(first, last + 1)]


def values_in(content: object, find: Find) -> Iterator[str]:
    """Ids of the values that tokens anywhere in a record's texts stand for."""
    if isinstance(content, str):
        yield from find(content)
    elif isinstance(content, dict):
        for one in content.values():
            yield from values_in(one, find)
    elif isinstance(content, list | tuple):
        for one in content:
            yield from values_in(one, find)


def folded(text: str) -> str:
    """How people are compared: their ids and names in any case."""
    return text.strip().casefold()


class Terms:
    """Makes terms. `find` gives the ids of the values that tokens in a text stand for; without it none are indexed."""

    def __init__(self, ring: KeyRing, find: Find = lambda _: ()) -> None:
        self._keys: dict[str, SecretBytes] = {
            field: ring.stable(PURPOSE, field.encode()) for field in (*FACTS, *PERSONAL)
        }
        self.find = find
        self.erased = ring.stable(PURPOSE, b"erased values")
        """What the list of erased values is made with."""
        self._known: dict[Fact, int] = {}
        self._heads: dict[tuple[str, str, str, str], tuple[int, ...]] = {}
        """Terms of kind, action, policy and principal, which many records share."""

    def of(self, told: Json, values: Iterable[str] | None = None) -> list[int]:
        """Every term of a record as `told_of` or reading gives it, each once, ascending.

        values: ids of those it is to be found by, in the order of its texts; None for all that stand there.
        """
        head = _head_of(told)
        common = self._heads.get(head)
        if common is None:
            if len(self._heads) >= _REMEMBERED:
                self._heads.clear()
            common = self._heads[head] = tuple(self.term(field, value) for field, value in _common(*head) if value)
        found = set(common)
        found.update(
            [self.term(field, value) for field, value in _particular(told, _mapping(told.get("detail"))) if value]
        )
        cost = cost_of(told)
        if cost is not None:
            found.add(self.term("cost", str(bucket(cost))))
        for value in values_in(told.get("content"), self.find) if values is None else values:
            if len(found) >= MOST:
                break
            found.add(self.term("value", value))
        return sorted(found)

    def term(self, field: str, value: str) -> int:
        """The term for one value of a field."""
        known = self._known.get((field, value))
        if known is not None:
            return known
        digest = keyed(self._keys[field], value.encode("utf-8", "surrogatepass"))
        place = PERSONAL.get(field)
        if place is None:
            made = int.from_bytes(digest[:8], "big") >> 1
        else:
            made = -(place << PERSONAL_BITS | int.from_bytes(digest[:4], "big") >> 32 - PERSONAL_BITS)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[field, value] = made
        return made


def is_personal(term: int) -> bool:
    """Whether a term stands for somebody; such terms go when he is forgotten."""
    return term < 0


def literal(terms: Iterable[int]) -> str:
    """Terms as PostgreSQL reads an array: rows have different numbers of them, which no array of arrays can."""
    return "{" + orjson.dumps(list(terms))[1:-1].decode() + "}"


def _decisions(told: Json, detail: Json) -> list[str]:
    said = [DENY] if told.get("kind") == "refusal" else []
    found = detail.get("decisions")
    if isinstance(found, (list, tuple)):
        said += [ALLOW if one.get("allowed") is True else DENY for one in found if isinstance(one, dict)]
    return said


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    """A text, the texts of a list, or the names in a mapping."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict | list | tuple | set | frozenset):
        return [one for one in value if isinstance(one, str) and one]
    return []
