"""Every string of a chat request that can hold content, and the same request with those strings replaced. Pure.

Closed by default: a field that is not known here is scanned. Only values that cannot be content are passed over: the
fields of `_STRUCTURE` while they look like plain identifiers. JSON inside a string (tool arguments, tool results) is
scanned string by string, numbers and keys too, and stays JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from gateway.errors import Broken
from gateway.model import Json

Path: TypeAlias = tuple[str | int, ...]
Visit: TypeAlias = Callable[[Path, str], str]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SKIPPED_AT_TOP: Final = frozenset({"model", "gateway"})
_STRUCTURE: Final = _names("""
    role type id tool_call_id call_id item_id status object format detail strict finish_reason service_tier
    tool_choice reasoning_effort effort verbosity modalities truncation include response_format syntax voice
    media_type model prompt_cache_key previous_response_id $schema $ref
""")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/#$+-]{1,128}\Z")
_MANY_DIGITS: Final = re.compile(r"\d(?:[._:/+-]?\d){6}")
_KEY: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$-]{0,63}\Z")
_CARRIES_JSON: Final = frozenset({"arguments", "output", "partial_json", "input"})
_TOOL_ROLES: Final = frozenset({"tool", "function"})
_LIMITS: Final = _names("""
    created seed minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems
    max_tokens budget_tokens max_completion_tokens max_output_tokens
""")
_PARTS: Final = {
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "file": "file",
    "input_file": "file",
    "document": "file",
    "video_url": "video",
    "video": "video",
}
_DATA: Final = frozenset({"data", "file_data"})
_NESTED: Final = 4
_LITERAL: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?')


@dataclass(frozen=True, slots=True)
class Leaf:
    """One string that can hold content, and where it stands: keys, indexes, and `$` for JSON inside a string."""

    path: Path
    text: str = field(repr=False)


def leaves(body: Json) -> list[Leaf]:
    """Every string to scan, in a fixed order. The body is not changed."""
    found: list[Leaf] = []

    def visit(path: Path, text: str) -> str:
        found.append(Leaf(path, text))
        return text

    _top(body, visit)
    return found


def replace_leaves(body: Json, found: Sequence[Leaf], texts: Sequence[str]) -> Json:
    """A copy of the body with each of its leaves replaced by the text at the same place of `texts`."""
    if len(found) != len(texts):
        raise Broken("as many texts as leaves are needed")
    pairs: Iterator[tuple[Leaf, str]] = iter(zip(found, texts, strict=True))

    def visit(path: Path, text: str) -> str:
        leaf, new = next(pairs, (None, ""))
        if leaf is None or leaf.path != path or leaf.text != text:
            raise Broken("the leaves are not those of this request")
        return new

    return _top(body, visit)


def unscannable(body: Json) -> frozenset[str]:
    """Kinds of content in the request that no text scanner can read: `image`, `audio`, `file`, `video`."""
    return frozenset(_kinds(body.get("messages"))) | frozenset(_kinds(body.get("input")))


def _kinds(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _kinds(item)
    elif isinstance(value, dict):
        kind = _PARTS.get(value["type"]) if isinstance(value.get("type"), str) else None
        if kind is not None:
            yield kind
        for item in value.values():
            yield from _kinds(item)


def _top(body: Json, visit: Visit) -> Json:
    return {
        key: value if key in _SKIPPED_AT_TOP else _value(value, (key,), visit, opaque=False)
        for key, value in body.items()
    }


def _value(value: Any, path: Path, visit: Visit, *, opaque: bool) -> Any:
    """`opaque`: inside a part whose data no scanner reads."""
    if isinstance(value, str):
        return _string(value, path, visit, opaque=opaque)
    if isinstance(value, list):
        return [_value(item, (*path, index), visit, opaque=opaque) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return _object(value, path, visit, opaque=opaque)
    if isinstance(value, int) and not isinstance(value, bool) and len(path) > 1 and _name(path) not in _LIMITS:
        return _number(value, path, visit)
    return value


def _object(value: Json, path: Path, visit: Visit, *, opaque: bool) -> Json:
    opaque = opaque or (isinstance(value.get("type"), str) and value["type"] in _PARTS)
    from_tool = value.get("role") in _TOOL_ROLES if isinstance(value.get("role"), str) else False
    new: Json = {}
    for key, item in value.items():
        place = (*path, key)
        name = key if _KEY.match(key) and not _MANY_DIGITS.search(key) else visit((*place, "key"), key)
        while name in new:
            name += " "  # Two keys that mean the same value: neither may swallow the other.
        if from_tool and key == "content" and isinstance(item, str):
            new[name] = _json_or_text(item, place, visit, _NESTED)
        else:
            new[name] = _value(item, place, visit, opaque=opaque)
    return new


def _string(text: str, path: Path, visit: Visit, *, opaque: bool) -> str:
    name = _name(path)
    if not text:
        return text
    if name in _STRUCTURE and _PLAIN.match(text) and not _MANY_DIGITS.search(text):
        return text
    if opaque and (name in _DATA or text[:5].lower() == "data:"):
        return text
    if name in _CARRIES_JSON:
        return _json_or_text(text, path, visit, _NESTED)
    return visit(path, text)


def _number(value: int, path: Path, visit: Visit) -> Any:
    text = str(value)
    if not _MANY_DIGITS.search(text):
        return value
    new = visit(path, text)
    return value if new == text else new


def _json_or_text(text: str, path: Path, visit: Visit, depth: int) -> str:
    """JSON source with each string and long number visited, everything between them untouched; or one text."""
    if not depth or text.lstrip()[:1] not in ("{", "["):
        return visit(path, text)
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return visit(path, text)
    counter = iter(range(len(text)))

    def literal(match: re.Match[str]) -> str:
        source = match[0]
        place = (*path, "$", next(counter))
        if source[0] != '"':
            if not _MANY_DIGITS.search(source):
                return source
            new = visit(place, source)
            return source if new == source else json.dumps(new, ensure_ascii=False)
        value = json.loads(source)
        if not value:
            return source
        new = _json_or_text(value, place, visit, depth - 1)
        return source if new == value else json.dumps(new, ensure_ascii=False)

    return _LITERAL.sub(literal, text)


def _name(path: Path) -> str:
    """The nearest key above: an item of a list goes by the list's."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")
