"""Whether a value stands in bytes, judged without the gateway's own code."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

_WORD = re.compile(r"\w")


def views(body: bytes) -> list[str]:
    """The bytes as text, every string in them with JSON's escapes undone, and all of that decoded once more."""
    raw = body.decode("utf-8", "replace")
    parsed: list[Any] = []
    for line in raw.split("\n"):
        try:
            parsed.append(json.loads(line))
        except ValueError:
            continue
    # Second, what people wrote alone: a name may be a key of the wire.
    texts = [raw, *("\n\0\n".join(_strings(parsed, keys=keys)) for keys in (False, True))]
    more = [view for text in texts for view in (unquote_plus(text), html.unescape(text)) if view != text]
    return [*texts, *more]


def _strings(value: Any, depth: int = 4, *, keys: bool) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if depth and value[:1] in "{[":
            try:
                yield from _strings(json.loads(value), depth - 1, keys=keys)
            except ValueError:
                return
    elif isinstance(value, dict):
        for key, item in value.items():
            if keys:
                yield key
            yield from _strings(item, depth, keys=keys)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, depth, keys=keys)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def strong(value: str) -> bool:
    """Whether a value says something in any case: an address, a number, a name of several words."""
    return "@" in value or sum(c.isdigit() for c in value) > 4 or len(value.split()) > 1


def stands(value: str, texts: list[str]) -> bool:
    """Whether the value stands in any of the texts as it is: strong ones in any case, others as whole words.

    A value of fewer than three letters or digits proves nothing.
    """
    if sum(c.isalnum() for c in value) < 3:
        return False
    forms = {value, json.dumps(value)[1:-1]}
    if not strong(value):
        pattern = re.compile("|".join(rf"(?<!\w){re.escape(form)}(?!\w)" for form in forms))
        return any(pattern.search(text) for text in texts[1:2])
    forms = {form.casefold() for form in forms}
    return any(_apart(form, text.casefold()) for text in texts for form in forms)


def _apart(form: str, text: str) -> bool:
    at = text.find(form)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(form) : at + len(form) + 1]
        if not (_WORD.match(before) and _WORD.match(form[0])) and not (_WORD.match(after) and _WORD.match(form[-1])):
            return True
        at = text.find(form, at + 1)
    return False
