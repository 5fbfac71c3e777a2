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
from gateway.redaction.encodings import character_edits, tag_edits, undone, without_joints
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
    yield seen
    yield from _laid_out(seen)
    for edits in (tag_edits(text), reversed_edits(text)):
        if (reading := rewritten(Folded(text), edits)) is not None:
            yield from _decoded(_folded(reading), Budget(len(text)), read=False)
    yield from _decoded(seen, Budget(len(text)), read=True)


def _decoded(base: Folded, budget: Budget, *, read: bool) -> Iterator[Folded]:
    """The readings of `base` with its encodings undone; `base` itself too, unless it has been `read`."""
    if not read:
        yield base
        yield from _laid_out(base)
    deep = 0
    for _ in range(_CHARACTER_ROUNDS):
        blobs = blob_edits(base.text, budget)
        deep += bool(blobs)
        if deep > _ROUNDS:
            raise ContentRefused(
                "the text holds an encoded text inside an encoded text, too deep to look into",
                hint="send it as plain text",
            )
        reading = rewritten(base, [*blobs, *character_edits(base.text)])
        if reading is None:
            return
        base = _folded(reading)
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


def _laid_out(base: Folded) -> Iterator[Folded]:
    if (reading := rewritten(base, layout_edits(base.text), loose=True)) is not None:
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
