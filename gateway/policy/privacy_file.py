"""privacy.yaml into a PrivacyPolicy: what to look for, custom recognizers, and what each zone may receive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import yaml

from gateway.model import CustomRecognizer, PrivacyPolicy, Zone
from gateway.policy.findings import Findings, shown
from gateway.policy.methods_key import read_methods
from gateway.policy.names import (
    AUTO,
    ENTITY_GROUPS,
    ENTITY_TYPES,
    FILES,
    ON_HIDDEN_TEXT,
    ON_INSTRUCTIONS,
    PRIVACY_FILE,
    REGIONS,
    did_you_mean,
    is_file_name,
)
from gateway.policy.presidio_file import Registry, read_presidio
from gateway.policy.reader import Value, read_yaml
from gateway.policy.recognizer_keys import read_languages, read_recognizers
from gateway.policy.routing_file import check_entity, read_zones

KEYS: Final = (
    *("enabled", "languages", "regions", "entities", "without", "threshold", "allow_list", "recognizers", "presidio"),
    *("methods", "refuse", "tools", "plain_zones", "documents"),
)


_DOCUMENTS: Final = (PrivacyPolicy().instructions, PrivacyPolicy().hidden_text)


@dataclass(frozen=True, slots=True)
class PrivacyFile:
    """What privacy.yaml says, and which files beside it it names."""

    policy: PrivacyPolicy
    presidio: tuple[str, ...] = ()


def read_privacy(text: str, found: Findings, others: Mapping[str, str] | None = None) -> PrivacyFile | None:
    """Parse and check privacy.yaml; None when it is not even YAML. With errors the result is not to be used.

    others: the texts of further files by name, among which `presidio` picks.
    """
    root = read_yaml(PRIVACY_FILE, text, found)
    if root is None:
        return None
    parts = root.fields("privacy.yaml", KEYS)
    default = PrivacyPolicy()
    recognizers = read_recognizers(parts["recognizers"]) if "recognizers" in parts else ()
    names, registry = _registry(parts["presidio"], others or {}, found) if "presidio" in parts else ((), Registry())
    recognizers = _named_apart((*recognizers, *registry.recognizers))
    known = tuple(dict.fromkeys((*ENTITY_TYPES, *(recognizer.type for recognizer in recognizers))))
    entities = _types(parts["entities"], (*ENTITY_GROUPS, *known), found) if "entities" in parts else ()
    without = _types(parts["without"], known, found) if "without" in parts else ()
    for name in sorted(set(entities) & set(without)):
        parts["without"].error("bad-value", f"{shown(name)} stands under entities and under without")
    languages = _languages(parts["languages"]) if "languages" in parts else default.languages
    _check_heard(root, recognizers, languages)
    on = tuple(name for name, switched in registry.switches.items() if switched and name not in without)
    off = tuple(name for name, switched in registry.switches.items() if not switched and name not in entities)
    instructions, hidden_text = _documents(parts["documents"]) if "documents" in parts else _DOCUMENTS
    policy = PrivacyPolicy(
        enabled=_enabled(parts["enabled"]) if "enabled" in parts else default.enabled,
        languages=languages,
        regions=_regions(parts["regions"]) if "regions" in parts else default.regions,
        # What a registry switches on comes on top of what would be looked for without it.
        entities=tuple(dict.fromkeys((*(entities or ("default",)), *on))) if on else entities,
        without=tuple(dict.fromkeys((*without, *off))),
        threshold=parts["threshold"].number("threshold", default.threshold, 0, 1) if "threshold" in parts else 0.4,
        allow_list=parts["allow_list"].texts("allow_list") if "allow_list" in parts else (),
        recognizers=recognizers,
        methods=read_methods(parts["methods"], known, found) if "methods" in parts else {},
        refuse=_refuse(parts["refuse"], known, found) if "refuse" in parts else {},
        tools=parts["tools"].texts("tools") if "tools" in parts else default.tools,
        plain_zones=_plain(parts["plain_zones"]) if "plain_zones" in parts else default.plain_zones,
        instructions=instructions,
        hidden_text=hidden_text,
    )
    return PrivacyFile(policy, names)


def _types(value: Value, known: tuple[str, ...], found: Findings) -> tuple[str, ...]:
    types: dict[str, None] = {}
    for item in value.items("a list of entity types"):
        name = item.text("an entity type")
        if name:
            check_entity(item, name, known, found, PRIVACY_FILE, item.line)
            types[name] = None
    return tuple(types)


def _enabled(value: Value) -> bool:
    enabled = value.flag("enabled", True)
    if not enabled:
        value.warn("privacy-off", "detection is off: text leaves as it stands")
    return enabled


def _languages(value: Value) -> tuple[str, ...]:
    languages = read_languages(value, (AUTO,))
    if not languages and not value.items("languages"):
        value.error("bad-value", "languages needs at least one language code")
    return languages


def _check_heard(root: Value, recognizers: tuple[CustomRecognizer, ...], languages: tuple[str, ...]) -> None:
    """Recognizers for languages that no text is read as."""
    for one in recognizers:
        if one.languages and AUTO not in languages and not set(one.languages) & set(languages):
            spoken = ", ".join(one.languages)
            root.warn("not-honoured", f"{shown(one.name)} reads {spoken}, which is not among languages: it never runs")


def _regions(value: Value) -> tuple[str, ...]:
    regions: dict[str, None] = {}
    for item in value.items("regions"):
        name = item.text("a region")
        if name and name not in REGIONS:
            item.error("bad-value", f"no region {shown(name)}", did_you_mean(name, REGIONS))
        elif name:
            regions[name] = None
    return tuple(regions)


def _refuse(value: Value, known: tuple[str, ...], found: Findings) -> dict[str, frozenset[Zone]]:
    refuse: dict[str, frozenset[Zone]] = {}
    for name, line, zones in value.entries("refuse"):
        check_entity(None, name, known, found, PRIVACY_FILE, line)
        refuse[name] = read_zones(zones, f"refuse.{shown(name)}")
    return refuse


def _plain(value: Value) -> frozenset[Zone]:
    plain = read_zones(value, "plain_zones")
    if Zone.EXTERNAL in plain:
        value.warn("privacy-off", "models outside the house receive original text")
    return plain


def _documents(value: Value) -> tuple[str, str]:
    """What becomes of documents that speak to a model, and of those with hidden text."""
    parts = value.fields("documents", ("instructions", "hidden_text"))
    instructions, hidden_text = _DOCUMENTS
    if "instructions" in parts:
        instructions = parts["instructions"].one_of("documents.instructions", ON_INSTRUCTIONS)
        if instructions == "allow":
            hint = "flag them at least: the report says which passages they are"
            parts["instructions"].warn("not-looked-at", "documents that speak to a model are let in unmarked", hint)
    if "hidden_text" in parts:
        hidden_text = parts["hidden_text"].one_of("documents.hidden_text", ON_HIDDEN_TEXT)
    return instructions, hidden_text


def _registry(value: Value, others: Mapping[str, str], found: Findings) -> tuple[tuple[str, ...], Registry]:
    """The files that `presidio` names, as one registry; what a later file says of a type counts."""
    items = [value] if isinstance(value.node, yaml.ScalarNode) and not value.is_null else value.items("presidio")
    names: dict[str, None] = {}
    switches: dict[str, bool] = {}
    recognizers: list[CustomRecognizer] = []
    for item in items:
        name = item.text("a file's name")
        if name in names:
            item.error("duplicate-key", f"{shown(name)} is named twice")
        elif name and (name in FILES or not is_file_name(name)):
            hint = "name a .yaml file that lies beside privacy.yaml"
            item.error("bad-value", f"{shown(name)} cannot hold recognizers", hint)
        elif name:
            names[name] = None
            if name not in others:
                item.error("missing-file", f"there is no file {shown(name)} here", did_you_mean(name, others))
            elif (read := read_presidio(name, others[name], found)) is not None:
                recognizers += read.recognizers
                switches |= read.switches
    return tuple(names), Registry(tuple(recognizers), switches)


def _named_apart(recognizers: tuple[CustomRecognizer, ...]) -> tuple[CustomRecognizer, ...]:
    """Recognizers of a registry may bear one name several times; messages tell them apart by number."""
    seen: Counter[str] = Counter()
    made: list[CustomRecognizer] = []
    for one in recognizers:
        seen[one.name] += 1
        made.append(replace(one, name=f"{one.name} {seen[one.name]}") if seen[one.name] > 1 else one)
    return tuple(made)
