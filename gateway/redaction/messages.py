"""Every string of a chat request that can hold content, and the same request with those strings replaced. Pure.

Closed by default: every string, every key and every number of seven digits or more is scanned, wherever it stands.
Passed over are only fixed words of the wire format (`user`, `text`, `properties`), which can be nobody's data, and the
data of images, audio and files inside the content of a message, which no text scanner reads. JSON inside a string
(tool arguments, tool results) is scanned string by string and stays JSON. The text parts of one message are scanned
joined too.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from gateway.errors import Broken, ContentRefused
from gateway.model import Json
from gateway.redaction.encodings import joint
from gateway.redaction.parts import opaque_data

Path: TypeAlias = tuple[str | int, ...]
Visit: TypeAlias = Callable[[Path, str], str]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SKIPPED_AT_TOP: Final = frozenset({"model", "gateway"})
_KEYS: Final = _names("""
    role type id content text name arguments function parameters properties required description items enum format title
    default tools tool_calls tool_call_id messages model temperature stream metadata user stop input output url detail
    image_url input_audio file file_data filename data strict schema json_schema response_format additionalProperties
    anyOf allOf oneOf $ref $defs const minimum maximum minLength maxLength minItems maxItems refusal cache_control
    max_tokens max_completion_tokens top_p seed tool_choice parallel_tool_calls stream_options include_usage prediction
""")
_WORDS: Final = {
    "role": _names("system developer user assistant tool function"),
    "type": _names("""
        text image_url input_audio file function json_schema json_object object string number integer boolean array null
        content input_text output_text input_image input_file refusal tool_use tool_result ephemeral custom message
    """),
    "detail": _names("auto low high"),
    "format": _names("wav mp3 date date-time time email uri uuid"),
    "tool_choice": _names("none auto required"),
    "reasoning_effort": _names("none minimal low medium high"),
    "service_tier": _names("auto default flex priority"),
    "modalities": _names("text audio"),
}
"""By field, the words of the wire format. A fixed word is nobody's data; any other value of these fields is scanned."""
_WIRE: Final = re.compile(
    r"(?:messages|input)/#/(?:role|type|content/#/(?:type|image_url/detail|input_audio/format|cache_control/type)"
    r"|tool_calls/#/type)|(?:tools/#|tool_choice|response_format|prediction)/type|prediction/content/#/type"
    r"|tool_choice|reasoning_effort|service_tier|modalities/#"
    r"|(?:tools/#/(?:function/)?(?:parameters|input_schema)|functions/#/parameters|response_format/json_schema/schema)"
    r"(?:/.+)?/(?:type(?:/#)?|format)"
)
_SCHEMA: Final = re.compile(
    r"(?:tools/#/(?:function/)?(?:parameters|input_schema)|functions/#/parameters|response_format/json_schema/schema)/.+"
)
_LIMITS_AT_TOP: Final = _names("""
    seed n max_tokens max_completion_tokens max_output_tokens temperature top_p top_k top_logprobs logprobs
    presence_penalty frequency_penalty created timeout
""")
_SCHEMA_LIMITS: Final = _names("""
    minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems minProperties
    maxProperties
""")
_BOUNDS: Final = frozenset(2**n + d for n in (31, 32, 53, 63, 64) for d in (-1, 0)) | {10**n for n in range(7, 20)}
"""Limits that programs write by habit; they are nobody's number."""
_SEVEN_DIGITS: Final = 10**6
_MANY_DIGITS: Final = re.compile(r"\d(?:[._:/+-]?\d){6}")
_CARRIES_JSON: Final = frozenset({"arguments", "output", "partial_json", "input"})
_TOOL_ROLES: Final = frozenset({"tool", "function"})
_TEXT_PART: Final = frozenset({"type", "text", "cache_control", "annotations"})
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
    """A copy of the body with each of its leaves replaced by the text at the same place of `texts`.

    Raises ContentRefused for a number that is personal data where only a number may stand.
    """
    if len(found) != len(texts):
        raise Broken("as many texts as leaves are needed")
    pairs: Iterator[tuple[Leaf, str]] = iter(zip(found, texts, strict=True))

    def visit(path: Path, text: str) -> str:
        leaf, new = next(pairs, (None, ""))
        if leaf is None or leaf.path != path or leaf.text != text:
            raise Broken("the leaves are not those of this request")
        return new

    return _top(body, visit)


def _top(body: Json, visit: Visit) -> Json:
    return _object(body, (), visit)


def _value(value: Any, path: Path, visit: Visit) -> Any:
    if isinstance(value, str):
        return _string(value, path, visit)
    if isinstance(value, list):
        new = [_value(item, (*path, index), visit) for index, item in enumerate(value)]
        return _joined(value, new, path, visit)
    if isinstance(value, dict):
        return _object(value, path, visit)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, path, visit)
    return value


def _object(value: Json, path: Path, visit: Visit) -> Json:
    from_tool = value.get("role") in _TOOL_ROLES if isinstance(value.get("role"), str) else False
    opaque = opaque_data(value, path)
    new: Json = {}
    names: dict[str, str] = {}
    for key, item in value.items():
        place = (*path, key)
        name = key if key in _KEYS or not key else visit((*place, "key"), key)
        while name in new:
            name += " "  # Two keys that mean the same value: neither may swallow the other.
        names[key] = name
        if not path and key in _SKIPPED_AT_TOP:
            new[name] = item
        elif opaque and (key in opaque or (isinstance(item, dict) and opaque & item.keys())):
            new[name] = item if key in opaque else _but(item, opaque, place, visit)
        elif from_tool and key == "content" and isinstance(item, str):
            new[name] = _json_or_text(item, place, visit, _NESTED)
        else:
            new[name] = _value(item, place, visit)
    _keep_required(value, new, names)
    return new


def _but(value: Json, opaque: frozenset[str], path: Path, visit: Visit) -> Json:
    """An object scanned but for the data in it that no scanner reads."""
    rest = iter(_object({key: item for key, item in value.items() if key not in opaque}, path, visit).items())
    return dict((key, item) if key in opaque else next(rest) for key, item in value.items())


def _keep_required(value: Json, new: Json, names: dict[str, str]) -> None:
    """The names of a schema's required properties are those its properties have now."""
    before, required = value.get("properties"), value.get("required")
    if isinstance(before, dict) and isinstance(required, list):
        now = dict(zip(before, new[names["properties"]], strict=True))
        kept = new[names["required"]]
        new[names["required"]] = [
            now.get(old, item) if isinstance(old, str) else item for old, item in zip(required, kept, strict=True)
        ]


def _joined(value: list[Any], new: list[Any], path: Path, visit: Visit) -> list[Any]:
    """The parts of one message, scanned as one text too; where a finding spans several, they become one part."""
    if path[0] not in ("messages", "input", "system", "prediction"):
        return new
    at = [index for index, part in enumerate(value) if isinstance(part, dict) and isinstance(part.get("text"), str)]
    if len(at) < 2 or any(not isinstance(new[index].get("text"), str) for index in at):
        return new
    marks = [joint(number) for number in range(1, len(at))]
    texts = [value[index]["text"].replace("\u2063", "") for index in at]
    whole = texts[0] + "".join(mark + text for mark, text in zip(marks, texts[1:], strict=True))
    done = visit((*path, "joined"), whole)
    gone: set[int] = set()
    group = [at[0]]
    for mark, index in zip([*marks, None], [*at[1:], None], strict=True):
        if mark is not None and index is not None and mark not in done:
            group.append(index)
            continue
        piece, done = (done, "") if mark is None else (done[: done.index(mark)], done[done.index(mark) + len(mark) :])
        if len(group) > 1:
            new[group[0]] = {**new[group[0]], "text": piece}
            for other in group[1:]:
                new[other] = {**new[other], "text": ""}
                if new[other].keys() <= _TEXT_PART:
                    gone.add(other)
        group = [index] if index is not None else []
    return [part for index, part in enumerate(new) if index not in gone]


def _string(text: str, path: Path, visit: Visit) -> str:
    name = _name(path)
    if not text:
        return text
    if text in _WORDS.get(name, ()) and _WIRE.fullmatch(_place(path)):
        return text
    if name in _CARRIES_JSON:
        return _json_or_text(text, path, visit, _NESTED)
    return visit(path, text)


def _number(value: float, path: Path, visit: Visit) -> Any:
    text = _digits(value)
    if text is None:
        return value
    only_number = (len(path) == 1 and path[0] in _LIMITS_AT_TOP) or (
        path[-1] in _SCHEMA_LIMITS and _SCHEMA.fullmatch(_place(path)) is not None
    )
    if only_number and value in _BOUNDS:
        return value
    new = visit(path, text)
    if new == text:
        return value
    if only_number:
        raise ContentRefused(
            f"personal data where only a number may stand: {path[-1]}", param=str(path[0]), hint="use another number"
        )
    return new


def _digits(value: float) -> str | None:
    """A number as it would be written by hand; None when its whole part has fewer than seven digits."""
    if not math.isfinite(value) or abs(value) < _SEVEN_DIGITS:
        return None
    return str(int(value)) if value == int(value) else repr(value)


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
            digits = source if _MANY_DIGITS.search(source) else None
            if "." in source or "e" in source.lower():
                digits = _digits(float(source)) or digits
            if digits is None:
                return source
            new = visit(place, digits)
            return source if new == digits else json.dumps(new, ensure_ascii=False)
        value = json.loads(source)
        if not value:
            return source
        new = _json_or_text(value, place, visit, depth - 1)
        return source if new == value else json.dumps(new, ensure_ascii=False)

    return _LITERAL.sub(literal, text)


def _place(path: Path) -> str:
    """The path as `messages/#/role`; a key with a slash of its own reads as no place at all."""
    return "/".join("#" if isinstance(part, int) else part.replace("/", "\0").replace("#", "\0") for part in path)


def _name(path: Path) -> str:
    """The nearest key above: an item of a list goes by the list's."""
    return next((part for part in reversed(path) if isinstance(part, str)), "")
