"""privacy.yaml into a PrivacyPolicy: what to look for, custom recognizers, and what no zone may receive."""

from __future__ import annotations

from typing import Final

from gateway.model import CustomRecognizer, PrivacyPolicy, Zone
from gateway.policy.findings import Findings, shown
from gateway.policy.names import ENTITY_TYPES, PRIVACY_FILE, is_entity_type
from gateway.policy.patterns import problem
from gateway.policy.reader import Value, read_yaml
from gateway.policy.routing_file import check_entity, read_zones

KEYS: Final = (
    *("enabled", "languages", "entities", "threshold", "allow_list", "recognizers", "refuse", "plain_zones"),
)
RECOGNIZER_KEYS: Final = ("name", "type", "patterns", "context", "deny_list")
PATTERN_KEYS: Final = ("regex", "score")


def read_privacy(text: str, found: Findings) -> PrivacyPolicy | None:
    """Parse and check privacy.yaml; None when it is not even YAML. With errors the result is not to be used."""
    root = read_yaml(PRIVACY_FILE, text, found)
    if root is None:
        return None
    parts = root.fields("privacy.yaml", KEYS)
    default = PrivacyPolicy()
    recognizers = _recognizers(parts["recognizers"]) if "recognizers" in parts else ()
    known = (*ENTITY_TYPES, *(recognizer.type for recognizer in recognizers))
    entities: list[str] = []
    for item in parts["entities"].items("entities") if "entities" in parts else []:
        name = item.text("an entity type")
        if name:
            check_entity(item, name, known, found, PRIVACY_FILE, item.line)
            entities.append(name)
    refuse: dict[str, frozenset[Zone]] = {}
    for name, line, value in parts["refuse"].entries("refuse") if "refuse" in parts else []:
        check_entity(None, name, known, found, PRIVACY_FILE, line)
        refuse[name] = read_zones(value, f"refuse.{shown(name)}")
    enabled = parts["enabled"].flag("enabled", default.enabled) if "enabled" in parts else default.enabled
    if not enabled:
        parts["enabled"].warn("privacy-off", "detection is off: text leaves as it stands")
    plain = read_zones(parts["plain_zones"], "plain_zones") if "plain_zones" in parts else default.plain_zones
    if Zone.EXTERNAL in plain:
        parts["plain_zones"].warn("privacy-off", "models outside the house receive original text")
    languages = parts["languages"].texts("languages") if "languages" in parts else default.languages
    if not languages:
        parts["languages"].error("bad-value", "languages needs at least one language code")
    threshold = parts["threshold"].number("threshold", default.threshold, 0, 1) if "threshold" in parts else None
    return PrivacyPolicy(
        enabled=enabled,
        languages=languages,
        entities=tuple(dict.fromkeys(entities)),
        threshold=default.threshold if threshold is None else threshold,
        allow_list=parts["allow_list"].texts("allow_list") if "allow_list" in parts else (),
        recognizers=recognizers,
        refuse=refuse,
        plain_zones=plain,
    )


def _recognizers(value: Value) -> tuple[CustomRecognizer, ...]:
    made: list[CustomRecognizer] = []
    for item in value.items("recognizers"):
        parts = item.fields("a recognizer", RECOGNIZER_KEYS, required=("name", "type"))
        name = parts["name"].text("a recognizer's name") if "name" in parts else ""
        if name and name in {one.name for one in made}:
            parts["name"].error("duplicate-key", f"two recognizers are called {shown(name)}")
        kind = parts["type"].text("a recognizer's type") if "type" in parts else ""
        if kind and not is_entity_type(kind):
            parts["type"].error("bad-value", f"{shown(kind)} is no entity type", "use capitals, digits and underscores")
        patterns = _patterns(parts["patterns"]) if "patterns" in parts else ()
        deny_list = parts["deny_list"].texts("deny_list") if "deny_list" in parts else ()
        if not patterns and not deny_list:
            item.error("missing-key", "a recognizer needs patterns or a deny_list")
        context = parts["context"].texts("context") if "context" in parts else ()
        made.append(CustomRecognizer(name, kind, patterns, context, deny_list))
    return tuple(made)


def _patterns(value: Value) -> tuple[tuple[str, float], ...]:
    made: list[tuple[str, float]] = []
    for item in value.items("patterns"):
        parts = item.fields("a pattern", PATTERN_KEYS, required=PATTERN_KEYS)
        regex = parts["regex"].text("regex") if "regex" in parts else ""
        if regex and (wrong := problem(regex)) is not None:
            parts["regex"].error(
                wrong[0], f"the regular expression {wrong[1]}" if wrong[0] == "bad-pattern" else wrong[1]
            )
        score = parts["score"].number("score", 0.5, 0, 1) if "score" in parts else 0.5
        made.append((regex, score))
    return tuple(made)
