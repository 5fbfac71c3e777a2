"""Every way a text may be read: as it is seen, decoded, and laid out as its writer may have meant it. Pure.

The first view is the whole text. Each other one holds only what is disguised, with a little around it, so a text
without disguises costs a few searches. Decoding goes on in what was decoded, `_ROUNDS` times at most; what is still
encoded then, and what unpacks to more than `Budget` allows, is refused.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from gateway.errors import ContentRefused
from gateway.redaction.blobs import Budget, blob_edits
from gateway.redaction.encodings import SIGNS, character_edits, tag_edits, undone, without_joints
from gateway.redaction.facts import Facts
from gateway.redaction.layout import layout_edits, reversed_edits
from gateway.redaction.normalise import Folded, fold
from gateway.redaction.rewrite import Edit, ordered, rewritten

_ROUNDS: Final = 3
"""Whole texts inside encoded texts are looked into this deep."""
_CHARACTER_ROUNDS: Final = 8
"""Characters written in code inside such characters are undone this often."""

_SURE: Final = 0.6
_UNMISTAKABLE: Final = frozenset({"EMAIL_ADDRESS", "IBAN_CODE", "CREDIT_CARD", "PERSON", "DATE_OF_BIRTH"})
"""What no row of digits is by chance."""
_SAYS_SO: Final = re.compile(
    r"(?i)\b(?:tel|telefon|telephone|phone|mobile?|cell|call|fax|number|nummer|nr|ssn|social|security|passport|account"
    r"|card|karte|iban|bank|nhs|tax|steuer|id|konto|numéro|número|numero|rufen?|ring|reach|text|whatsapp)\b"
)
_CONTEXT: Final = 80

# Values that mean what they are, character by character: they are never decoded.
_AS_WRITTEN: Final = frozenset({"API_KEY", "PRIVATE_KEY", "JWT", "CONNECTION_STRING", "PASSWORD", "URL"})
_ADDRESS: Final = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+\.[^\s@<>\".]+\Z")
_NUMBER: Final = re.compile(r"[+(]?\d(?:[ ().+/-]{0,3}\d){3,18}\Z")
_PACKED: Final = re.compile(r"[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){10,30}\Z", re.IGNORECASE)
_SHAPES: Final = {
    "EMAIL_ADDRESS": _ADDRESS,
    "PHONE_NUMBER": _NUMBER,
    "CREDIT_CARD": _NUMBER,
    "US_SSN": _NUMBER,
    "UK_NHS": _NUMBER,
    "IP_ADDRESS": _NUMBER,
    "IBAN_CODE": _PACKED,
}


def views(text: str) -> Iterator[Folded]:
    """Every way the text may be read, the text as it is seen first.

    Raises ContentRefused where something is encoded too deep or unpacks to too much.
    """
    seen = fold(text)
    facts = Facts(seen.text)
    plain = seen.starts is None
    yield Folded(text, facts=facts) if plain else seen
    for view in _others(text, seen, facts):
        plain = False
        yield view
    if plain:
        if len(_PLAIN) >= _REMEMBERED:
            _PLAIN.clear()
        _PLAIN.add(hash(text))


def other_views(text: str) -> list[Folded]:
    """The ways in which a text may be read that differ from what is written."""
    return [] if hash(text) in _PLAIN else [view for view in views(text) if view.starts is not None]


_REMEMBERED: Final = 4096
_PLAIN: Final[set[int]] = set()
"""Hashes (64 bits, keyed anew in every process) of texts that were found to have no other reading."""


def _others(text: str, seen: Folded, facts: Facts) -> Iterator[Folded]:
    yield from _laid_out(seen, facts)
    for edits in () if text.isascii() else (tag_edits(text), reversed_edits(text)):
        if (reading := rewritten(Folded(text), edits)) is not None:
            yield from _decoded(_folded(reading), Budget(len(text)), read=False)
    yield from _decoded(seen, Budget(len(text)), read=True, facts=facts)


def _decoded(base: Folded, budget: Budget, *, read: bool, facts: Facts | None = None) -> Iterator[Folded]:
    """The readings of `base` with its encodings undone; `base` itself too, unless it has been `read`."""
    if not read:
        yield base
        yield from _laid_out(base)
    deep = 0
    for _ in range(_CHARACTER_ROUNDS):
        known = facts or Facts(base.text)
        blobs = blob_edits(base.text, budget, known)
        deep += bool(blobs)
        if deep > _ROUNDS:
            raise ContentRefused(
                "the text holds an encoded text inside an encoded text, too deep to look into",
                hint="send it as plain text",
            )
        characters = character_edits(base.text) if known.has(SIGNS) else ()
        reading = rewritten(base, [*blobs, *characters])
        if reading is None:
            return
        base, facts = _folded(reading), None
        yield base
        yield from _laid_out(base)


def _folded(reading: Folded) -> Folded:
    """The same reading as it is seen."""
    plain = fold(reading.text)
    if plain.starts is None:
        return reading
    if isinstance(plain.starts, range):
        return replace(reading, text=plain.text)
    if reading.hot is None:
        return reading.through(plain)
    hot = tuple((bisect_left(plain.starts, start), bisect_left(plain.starts, end)) for start, end in reading.hot)
    return replace(reading.through(plain), hot=hot)


def _laid_out(base: Folded, facts: Facts | None = None) -> Iterator[Folded]:
    if (reading := rewritten(base, layout_edits(base.text, facts), loose=True)) is not None:
        yield reading


def believed(view: Folded, start: int, end: int, type_: str, score: float) -> bool:
    """Whether a finding in `view` counts: it holds something disguised, and in a loose reading it is sure of itself."""
    if not view.touched(start, end):
        return False
    if not view.loose or (type_ in _UNMISTAKABLE and score >= _SURE) or view.text[start] == "+":
        return True
    return _SAYS_SO.search(view.text, max(0, start - _CONTEXT), start) is not None


def plainly(value: str, type_: str = "") -> str:
    """A found value as it means: without marks between parts, decoded where it is encoded."""
    value = without_joints(value)
    if type_ in _AS_WRITTEN:
        return value
    shape = _SHAPES.get(type_)
    if value.isascii() and SIGNS.isdisjoint(value) and (shape is None or shape.match(value)):
        return value
    if shape is not None and tag_edits(value) and shape.match(fold(value).text):
        return value  # Tag characters among others only hide; alone they are the value.
    if shape is not None and not shape.match(value):
        budget = Budget(len(value))
        inner = value
        for _ in range(_ROUNDS):
            blobs = blob_edits(inner, budget)
            edits = ordered([*blobs, *character_edits(inner)])
            if not edits or not all(edit.exact for edit in edits):
                break
            inner = fold(undone(inner, edits).text).text.strip()
            if blobs and shape.match(inner):
                return inner
    plain = _characters_undone(value)
    return plain if shape is None or shape.match(plain) else value


def _characters_undone(text: str) -> str:
    """The text with characters written in code undone, folded; the text itself when it has none."""
    changed = False
    if tags := tag_edits(text):
        text, changed = undone(text, tags).text, True
    for _ in range(_CHARACTER_ROUNDS):
        edits: list[Edit] = ordered(character_edits(text))
        if not edits:
            break
        text, changed = undone(text, edits).text, True
    return fold(text).text if changed else text
