"""The last look at bytes about to leave: none of this request's original values may stand in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from gateway.redaction.entities import BY_TYPE
from gateway.redaction.nouns import Original
from gateway.redaction.occurrences import needle, standing
from gateway.redaction.tokens import TOKEN

_DEPTH = 4
"""JSON inside strings of JSON is opened this often."""
_VEIL = "\ufffc"
_RENDERED = re.compile(r"\[([A-Z][A-Z0-9_]*)\]|\b([A-Z][A-Z0-9_]*)-[0-9a-f]{12}\b")


def find_originals(body: bytes, originals: Mapping[str, Original]) -> list[str]:
    """Entity types of the originals that stand in `body`, sorted, one for each value found.

    Looked through are the bytes as text, every string and key of JSON in them (escapes undone, JSON in strings opened
    too), and all of that with percent-encoding undone. What counts as standing there is the rule of `occurrences`:
    values of fewer than three letters or digits prove nothing and are passed over. A token's own words are no value:
    where `IBAN` was found, `[IBAN_CODE_...]` does not hold it.
    """
    known = [(original.type, one) for original in originals.values() if (one := needle(original.value))]
    if not known:
        return []
    types = frozenset((*BY_TYPE, *(kind for kind, _ in known)))
    raw = body.decode("utf-8", "replace")
    try:
        texts = list(_strings(json.loads(raw), _DEPTH))
    except (ValueError, RecursionError):
        texts = []
    raw = _veiled(raw, types)
    # A character no value holds, so that none is found across two strings.
    hay = _veiled("\n\0\n".join(texts), types)
    views = [hay] if texts else [raw]
    views += [unquote_plus(view) for view in list(views) if "%" in view or "+" in view]
    needles = [one for _, one in known]
    found = {index for view in views for index, _, _ in standing(view, needles)}
    if texts:
        # The bytes themselves, for what no decoder above opened; whole words mean nothing among escapes.
        strong = [index for index, one in enumerate(needles) if one.strong and index not in found]
        found.update(strong[index] for index, _, _ in standing(raw, [needles[i] for i in strong]))
    return sorted(known[index][0] for index in found)


def _veiled(text: str, types: frozenset[str]) -> str:
    """The text with tokens of these types covered, and the masks and digests that stand for them in some zones."""

    def cover(match: re.Match[str]) -> str:
        kind = match[1] or match[2]  # TOKEN has an id second, only where it has a type first.
        return _VEIL * len(match[0]) if kind in types else match[0]

    text = TOKEN.sub(cover, text)
    return _RENDERED.sub(cover, text)


def _strings(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if depth and value[:1] in '{["' and len(value) > 1:
            try:
                inner = json.loads(value)
            except (ValueError, RecursionError):
                return
            yield from _strings(inner, depth - 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(key, depth)
            yield from _strings(item, depth)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, depth)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
