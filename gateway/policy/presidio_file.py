"""Presidio's own recognizer files (its "no-code" registry YAML), read unchanged.

Custom recognizers become CustomRecognizer nouns; a predefined one switches the type it finds on or off. What has no
effect here is said with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import yaml

from gateway.model import CustomRecognizer
from gateway.policy.findings import Findings, shown
from gateway.policy.names import ENTITY_TYPES, did_you_mean, is_entity_type, is_language
from gateway.policy.presidio_names import CLASSES, ELSEWHERE, NAME_CLASSES
from gateway.policy.reader import Value, read_yaml
from gateway.policy.recognizer_keys import DEFAULT_SCORE, read_context, read_deny_list, read_regex

ROOT_KEYS: Final = ("recognizers", "supported_languages", "global_regex_flags", "supported_countries")
SHARED_KEYS: Final = (
    *("name", "class_name", "type", "enabled", "supported_language", "supported_languages", "supported_entity"),
    *("supported_entities", "country_code"),
)
CUSTOM_KEYS: Final = (*SHARED_KEYS, "patterns", "deny_list", "deny_list_score", "context", "global_regex_flags")
PATTERN_KEYS: Final = ("name", "regex", "score")
IGNORE_CASE, MULTI_LINE, DOT_ALL = 2, 8, 16
FLAGS: Final = IGNORE_CASE | MULTI_LINE | DOT_ALL
"""What Presidio sets when a file says nothing, and what every pattern is run with here."""
_LETTERS: Final = {IGNORE_CASE: "i", MULTI_LINE: "m", DOT_ALL: "s"}
_GLOBAL: Final = re.compile(r"\(\?([aiLmsux]+)\)")


@dataclass(frozen=True, slots=True)
class Registry:
    """What Presidio files say."""

    recognizers: tuple[CustomRecognizer, ...] = ()
    switches: Mapping[str, bool] = field(default_factory=dict)
    """Entity type -> looked for or not."""


@dataclass(frozen=True, slots=True)
class _File:
    languages: tuple[str, ...]
    """Those the file serves; empty for every one."""
    countries: frozenset[str] | None
    flags: int


def read_presidio(name: str, text: str, found: Findings) -> Registry | None:
    """One file; None when it is not YAML. With errors the result is not to be used."""
    root = read_yaml(name, text, found)
    if root is None:
        return None
    parts = _fields(root, name, ROOT_KEYS)
    if "recognizers" not in parts:
        root.error("missing-key", f"{name} needs the key recognizers")
        return None
    flags = parts.get("global_regex_flags")
    countries = parts.get("supported_countries")
    file = _File(
        languages=_languages(parts["supported_languages"]) if "supported_languages" in parts else (),
        countries=frozenset(each.lower() for each in countries.texts("supported_countries"))
        if countries is not None and not countries.is_null
        else None,
        flags=FLAGS if flags is None else _flags(flags),
    )
    recognizers: list[CustomRecognizer] = []
    switches: dict[str, bool] = {}
    for item in parts["recognizers"].items("recognizers"):
        if isinstance(item.node, yaml.ScalarNode):
            switches |= _predefined(item, {"name": item}, file)
            continue
        fields = _fields(item, "a recognizer", None)
        kind = fields["type"].one_of("type", ("custom", "predefined")) if _said(fields, "type") else ""
        if kind == "custom" or (not kind and ("patterns" in fields or "deny_list" in fields)):
            recognizers += _custom(item, fields, file)
        else:
            switches |= _predefined(item, fields, file)
    return Registry(tuple(recognizers), switches)


def _fields(value: Value, what: str, known: tuple[str, ...] | None) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, _, part in value.entries(what):
        if known is not None and name not in known:
            part.warn("not-honoured", f"{shown(name)} has no effect here", did_you_mean(name, known))
        found[name] = part
    return found


def _said(fields: Mapping[str, Value], name: str) -> bool:
    return name in fields and not fields[name].is_null


def _warn_unknown(fields: Mapping[str, Value], known: tuple[str, ...]) -> None:
    for name, part in fields.items():
        if name not in known and not part.is_null:
            part.warn("not-honoured", f"{shown(name)} has no effect here")


def _languages(value: Value) -> tuple[str, ...]:
    return tuple(code for item in value.items("supported_languages") if (code := _language(item)))


def _language(value: Value) -> str:
    code = value.text("a language")
    if code and not is_language(code.partition("-")[0].lower()):
        value.error("bad-value", f"{shown(code)} is no language code", "write a code such as en or de")
    return code.partition("-")[0].lower()


def _spoken(fields: Mapping[str, Value]) -> list[tuple[str, Value | None]] | None:
    """(language, context of its own) of a recognizer; None when it names no language."""
    if _said(fields, "supported_language"):
        return [(_language(fields["supported_language"]), None)]
    if not _said(fields, "supported_languages"):
        return None
    spoken: list[tuple[str, Value | None]] = []
    for item in fields["supported_languages"].items("supported_languages"):
        if isinstance(item.node, yaml.ScalarNode):
            spoken.append((_language(item), None))
            continue
        parts = item.fields("a supported language", ("language", "context"), required=("language",))
        if "language" in parts:
            spoken.append((_language(parts["language"]), parts.get("context")))
    return spoken


def _served(fields: Mapping[str, Value], file: _File) -> list[tuple[str, Value | None]] | None:
    """The same, without languages that the file as a whole does not serve; None for every language."""
    spoken = _spoken(fields)
    if spoken is None:
        return [(language, None) for language in file.languages] or None
    return [each for each in spoken if not file.languages or each[0] in file.languages]


def _elsewhere(fields: Mapping[str, Value], file: _File) -> bool:
    """Whether the recognizer belongs to a country that the file leaves out."""
    if file.countries is None or not _said(fields, "country_code"):
        return False
    return fields["country_code"].text("country_code").strip().lower() not in file.countries


def _predefined(item: Value, fields: Mapping[str, Value], file: _File) -> dict[str, bool]:
    """The types that one of Presidio's classes switches, on or off."""
    place = fields["class_name"] if _said(fields, "class_name") else fields.get("name")
    if place is None:
        item.error("missing-key", "a recognizer needs the key name")
        return {}
    name = place.text("a recognizer's name")
    enabled = fields["enabled"].flag("enabled", True) if _said(fields, "enabled") else True
    types = (CLASSES[name],) if name in CLASSES else NAME_CLASSES.get(name, ())
    if not types:
        if name in ELSEWHERE and enabled:
            place.warn("not-honoured", f"{name} asks a service or model that the gateway does not run")
        elif name and name not in ELSEWHERE:
            place.error("unknown-recognizer", f"Presidio has no {shown(name)}", did_you_mean(name, CLASSES))
        return {}
    if not enabled:
        # A class of names that is off says nothing of the gateway's own way of finding them.
        return {} if name in NAME_CLASSES else dict.fromkeys(types, False)
    if _served(fields, file) == [] or _elsewhere(fields, file):
        return {}
    _warn_unknown(fields, SHARED_KEYS)
    _warn_unheard(place, fields, name, types)
    return {kind: True for kind in types if kind in ENTITY_TYPES}


def _warn_unheard(place: Value, fields: Mapping[str, Value], name: str, types: tuple[str, ...]) -> None:
    """What a file says of one of Presidio's classes and the gateway does otherwise."""
    if name in NAME_CLASSES:
        place.warn("not-honoured", f"in place of {name} the gateway's own model finds {', '.join(types)}")
    if _said(fields, "supported_entity"):
        asked = fields["supported_entity"].text("supported_entity")
        if asked and asked not in types:
            fields["supported_entity"].warn("not-honoured", f"what {name} finds is called {types[0]} here")
    for _, context in _spoken(fields) or ():
        if context is not None and not context.is_null:
            context.warn("not-honoured", f"the gateway looks for {types[0]} with context words of its own")
    for missing in (kind for kind in types if kind not in ENTITY_TYPES):
        place.warn("not-honoured", f"the gateway has no recognizer for {missing}")


def _custom(item: Value, fields: Mapping[str, Value], file: _File) -> list[CustomRecognizer]:
    if _said(fields, "enabled") and not fields["enabled"].flag("enabled", True):
        return []
    _warn_unknown(fields, CUSTOM_KEYS)
    name = fields["name"].text("a recognizer's name") if "name" in fields else ""
    if "name" not in fields:
        item.error("missing-key", "a recognizer needs the key name")
    served = _served(fields, file)
    if served == [] or _elsewhere(fields, file):
        item.warn("not-honoured", f"{shown(name)} is for languages or countries that the file leaves out")
        return []
    flags = _flags(fields["global_regex_flags"]) if _said(fields, "global_regex_flags") else file.flags
    if _said(fields, "deny_list") and not flags & IGNORE_CASE:
        fields["deny_list"].warn("not-honoured", "values of a deny_list are found in any case")
    score = fields["deny_list_score"].number("deny_list_score", 1, 0, 1) if _said(fields, "deny_list_score") else 1.0
    one = CustomRecognizer(
        name=name,
        type=_type(item, fields),
        patterns=_patterns(fields["patterns"], flags) if _said(fields, "patterns") else (),
        context=read_context(fields["context"]) if _said(fields, "context") else (),
        deny_list=read_deny_list(fields["deny_list"]) if _said(fields, "deny_list") else (),
        deny_list_score=score,
    )
    if not one.patterns and not (_said(fields, "deny_list") and fields["deny_list"].items("deny_list")):
        item.error("missing-key", "a recognizer needs patterns or a deny_list")
    if served is None:
        return [one]
    by_context: dict[tuple[str, ...], list[str]] = {}
    for language, own in served:
        words = read_context(own) if own is not None else one.context
        by_context.setdefault(words, []).append(language)
    return [replace(one, context=words, languages=tuple(codes)) for words, codes in by_context.items()]


def _type(item: Value, fields: Mapping[str, Value]) -> str:
    place = fields.get("supported_entity")
    if place is None and _said(fields, "supported_entities"):
        place = next(iter(fields["supported_entities"].items("supported_entities")), None)
    if place is None:
        item.error("missing-key", "a recognizer needs the key supported_entity")
        return ""
    text = place.text("supported_entity")
    kind = re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")
    if text and not is_entity_type(kind):
        place.error("bad-value", f"{shown(text)} is no entity type", "use capitals, digits and underscores")
    elif kind != text:
        place.warn("not-honoured", f"the type {shown(text)} is written {kind} here")
    return kind


def _patterns(value: Value, flags: int) -> tuple[tuple[str, float], ...]:
    made: list[tuple[str, float]] = []
    for item in value.items("patterns"):
        parts = item.fields("a pattern", PATTERN_KEYS, required=("regex", "score"))
        regex = parts["regex"].text("regex") if "regex" in parts else ""
        score = parts["score"].number("score", DEFAULT_SCORE, 0, 1) if "score" in parts else DEFAULT_SCORE
        made.append((read_regex(parts["regex"], _flagged(regex, flags)) if "regex" in parts else "", score))
    return tuple(made)


def _flags(value: Value) -> int:
    flags = int(value.number("global_regex_flags", FLAGS, 0, 1 << 16, whole=True))
    if flags & ~FLAGS:
        hint = (
            f"add up those of {IGNORE_CASE} (any case), {MULTI_LINE} (^ and $ at lines) and {DOT_ALL} (. for line ends)"
        )
        value.error("bad-value", "these flags are not supported", hint)
    return flags & FLAGS


def _flagged(regex: str, flags: int) -> str:
    """A pattern that means with the usual flags what it means with these."""
    off = "".join(letter for flag, letter in _LETTERS.items() if not flags & flag)
    if not off or not regex:
        return regex
    head = _GLOBAL.match(regex)
    kept = head[1] if head else ""
    rest = regex[head.end() :] if head else regex
    off = "".join(letter for letter in off if letter not in kept)
    rest = f"(?-{off}:{rest})" if off else rest
    return f"(?{kept}){rest}" if kept else rest
