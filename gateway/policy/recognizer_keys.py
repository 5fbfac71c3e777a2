"""The `recognizers` of privacy.yaml into CustomRecognizer nouns."""

from __future__ import annotations

from typing import Final

from gateway.model import CustomRecognizer
from gateway.policy.findings import shown
from gateway.policy.names import CHECKSUMS, is_entity_type, is_language
from gateway.policy.patterns import problem, runnable
from gateway.policy.reader import Value

RECOGNIZER_KEYS: Final = (
    *("name", "type", "patterns", "checksum", "context", "deny_list", "deny_list_score", "allow_list", "languages"),
)
PATTERN_KEYS: Final = ("regex", "score")
DEFAULT_SCORE: Final = 0.5


def read_recognizers(value: Value) -> tuple[CustomRecognizer, ...]:
    """A list of recognizers, every mistake reported at its line."""
    made: list[CustomRecognizer] = []
    names: set[str] = set()
    for item in value.items("recognizers"):
        parts = item.fields("a recognizer", RECOGNIZER_KEYS, required=("name", "type"))
        name = parts["name"].text("a recognizer's name") if "name" in parts else ""
        if name and name in names:
            parts["name"].error("duplicate-key", f"two recognizers are called {shown(name)}")
        names.add(name)
        made.append(_recognizer(item, parts, name))
    return tuple(made)


def _recognizer(item: Value, parts: dict[str, Value], name: str) -> CustomRecognizer:
    kind = read_type(parts["type"], "a recognizer's type") if "type" in parts else ""
    patterns = _patterns(parts["patterns"]) if "patterns" in parts else ()
    deny_list = read_deny_list(parts["deny_list"]) if "deny_list" in parts else ()
    if not patterns and not ("deny_list" in parts and parts["deny_list"].items("deny_list")):
        item.error("missing-key", "a recognizer needs patterns or a deny_list")
    checksum = parts["checksum"].one_of("checksum", CHECKSUMS) if "checksum" in parts else ""
    if checksum and not patterns:
        parts["checksum"].error("bad-value", "a checksum is asked of what patterns match, and there are none")
    score = parts["deny_list_score"].number("deny_list_score", 1, 0, 1) if "deny_list_score" in parts else 1.0
    return CustomRecognizer(
        name=name,
        type=kind,
        patterns=patterns,
        context=read_context(parts["context"]) if "context" in parts else (),
        deny_list=deny_list,
        deny_list_score=score,
        allow_list=parts["allow_list"].texts("allow_list") if "allow_list" in parts else (),
        checksum=checksum,
        languages=read_languages(parts["languages"]) if "languages" in parts else (),
    )


def read_type(value: Value, what: str) -> str:
    """An entity type by form."""
    kind = value.text(what)
    if kind and not is_entity_type(kind):
        value.error("bad-value", f"{shown(kind)} is no entity type", "use capitals, digits and underscores")
    return kind


def read_deny_list(value: Value) -> tuple[str, ...]:
    """Literal values, each once."""
    kept: dict[str, None] = {}
    for item in value.items("deny_list"):
        text = item.text("an entry of deny_list").strip()
        if text and not any(map(str.isalnum, text)):
            item.error("bad-value", f"{shown(text)} holds neither letter nor digit")
        elif text:
            kept[text] = None
    return tuple(kept)


def read_context(value: Value) -> tuple[str, ...]:
    """Words looked for before a find; what is not one word never stands there."""
    words: list[str] = []
    for item in value.items("context"):
        text = item.text("an entry of context")
        if text and not text.isalnum():
            item.warn("not-honoured", f"{shown(text)} is not one word: it is never found nearby")
        if text:
            words.append(text)
    return tuple(words)


def read_languages(value: Value, extra: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A list of language codes; `extra` words are legal too."""
    kept: dict[str, None] = {}
    for item in value.items("languages"):
        text = item.text("a language")
        if text and text not in extra and not is_language(text):
            hint = " or ".join(("write a code such as en or de", *extra))
            item.error("bad-value", f"{shown(text)} is no language code", hint)
        elif text:
            kept[text] = None
    return tuple(kept)


def read_regex(value: Value, regex: str) -> str:
    """A pattern as it is to be run; what is wrong with it is reported here."""
    if not regex:
        return regex
    if (wrong := problem(regex)) is not None:
        value.error(wrong[0], f"the regular expression {wrong[1]}", wrong[2])
        return regex
    return runnable(regex)


def _patterns(value: Value) -> tuple[tuple[str, float], ...]:
    made: list[tuple[str, float]] = []
    for item in value.items("patterns"):
        parts = item.fields("a pattern", PATTERN_KEYS, required=PATTERN_KEYS)
        regex = parts["regex"].text("regex") if "regex" in parts else ""
        score = parts["score"].number("score", DEFAULT_SCORE, 0, 1) if "score" in parts else DEFAULT_SCORE
        made.append((read_regex(parts["regex"], regex) if "regex" in parts else "", score))
    return tuple(made)
