"""routing.yaml into a RoutingPolicy: labels, the zones their data may reach, objectives and assistants."""

from __future__ import annotations

from typing import Final

from gateway.model import Assistant, RoutingPolicy, Zone
from gateway.policy.findings import Findings, shown
from gateway.policy.names import ENTITY_TYPES, ROUTING_FILE, did_you_mean, is_entity_type, nearest, well_formed
from gateway.policy.reader import Value, read_yaml

KEYS: Final = (
    *("labels", "zones", "entity_zones", "default_label", "objective", "max_cost_usd", "fallbacks"),
    *("unscannable_zones", "assistants"),
)
ASSISTANT_KEYS: Final = ("collections", "model", "system", "top_k")
OBJECTIVES: Final = ("quality", "cost", "latency")
ZONES: Final = tuple(zone.value for zone in Zone)


def read_zones(value: Value, what: str) -> frozenset[Zone]:
    """A list of zones."""
    zones: set[Zone] = set()
    for item in value.items(what):
        text = item.text(f"a zone of {what}")
        if text in ZONES:
            zones.add(Zone(text))
        elif text:
            item.error("unknown-zone", f"{shown(text)} is no zone", did_you_mean(text, ZONES))
    return frozenset(zones)


def check_entity(value: Value | None, name: str, known: tuple[str, ...], found: Findings, file: str, line: int) -> None:
    """Complain about an entity type that is misspelt (error) or merely unheard of (warning)."""
    if name in known:
        return
    near = nearest(name, known)
    place = (file, value.line if value is not None else line)
    if not is_entity_type(name):
        found.error("unknown-entity", *place, f"{shown(name)} is no entity type", did_you_mean(name, known))
    elif near is not None and is_typo(name, near):
        found.error("unknown-entity", *place, f"no entity type {shown(name)}", f"did you mean {near}?")
    else:
        hint = "add a recognizer for it to privacy.yaml, or correct the name"
        found.warn("unknown-entity", *place, f"no recognizer is known to find {shown(name)}", hint)


def is_typo(word: str, near: str) -> bool:
    """Whether two words differ by one slip of the hand: a letter more, less or other, or two neighbours swapped."""
    short, long = sorted((word, near), key=len)
    if short == long or len(long) - len(short) > 1:
        return False
    at = next((i for i, (one, two) in enumerate(zip(short, long, strict=False)) if one != two), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = long[:at] + long[at + 1 : at + 2] + long[at : at + 1] + long[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or short == swapped


def read_routing(text: str, found: Findings, entities: tuple[str, ...] = ENTITY_TYPES) -> RoutingPolicy | None:
    """Parse and check routing.yaml; None when it is not even YAML. With errors the result is not to be used."""
    root = read_yaml(ROUTING_FILE, text, found)
    if root is None:
        return None
    parts = root.fields("routing.yaml", KEYS, required=("labels", "zones"))
    labels = _labels(parts["labels"]) if "labels" in parts else ()
    default = RoutingPolicy(labels=labels, zones={})
    zones = _label_zones(parts["zones"], labels, found) if "zones" in parts else {}
    entity_zones: dict[str, frozenset[Zone]] = {}
    for name, line, value in parts["entity_zones"].entries("entity_zones") if "entity_zones" in parts else []:
        check_entity(None, name, entities, found, ROUTING_FILE, line)
        entity_zones[name] = read_zones(value, f"entity_zones.{shown(name)}")
    label = default.default_label
    if "default_label" in parts:
        label = parts["default_label"].text("default_label")
        if label not in labels:
            parts["default_label"].error("unknown-label", f"no label {shown(label)}", did_you_mean(label, labels))
    elif labels and label not in labels:
        root.error("missing-key", f"routing.yaml needs the key default_label, since {label} is none of its labels")
    cost = parts.get("max_cost_usd")
    unscannable = parts.get("unscannable_zones")
    return RoutingPolicy(
        labels=labels,
        zones=zones,
        entity_zones=entity_zones,
        default_label=label,
        objective=parts["objective"].one_of("objective", OBJECTIVES) if "objective" in parts else default.objective,
        max_cost_usd=None if cost is None or cost.is_null else cost.number("max_cost_usd", 0, 0, 1_000_000),
        fallbacks=int(parts["fallbacks"].number("fallbacks", 1, 0, 5, whole=True)) if "fallbacks" in parts else 1,
        unscannable_zones=default.unscannable_zones
        if unscannable is None
        else read_zones(unscannable, "unscannable_zones"),
        assistants=_assistants(parts["assistants"]) if "assistants" in parts else {},
    )


def _labels(value: Value) -> tuple[str, ...]:
    seen: list[str] = []
    for item in value.items("labels"):
        text = item.text("a label")
        if text in seen:
            item.error("duplicate-key", f"the label {shown(text)} stands twice")
        elif text and not well_formed(f"label:{text}"):
            item.error("bad-value", f"{shown(text)} cannot be a label", "use letters, digits and dashes")
        elif text:
            seen.append(text)
    if not seen:
        value.error("bad-value", "labels needs at least one label, least sensitive first")
    return tuple(seen)


def _label_zones(value: Value, labels: tuple[str, ...], found: Findings) -> dict[str, frozenset[Zone]]:
    zones: dict[str, frozenset[Zone]] = {}
    lines: dict[str, int] = {}
    for name, line, part in value.entries("zones"):
        if name not in labels:
            found.error("unknown-label", ROUTING_FILE, line, f"no label {shown(name)}", did_you_mean(name, labels))
        zones[name], lines[name] = read_zones(part, f"zones.{shown(name)}"), line
    below: tuple[str, frozenset[Zone]] | None = None
    for label in labels:
        reach = zones.get(label, frozenset())
        if not reach:
            line = lines.get(label, value.line)
            found.warn("label-without-zone", ROUTING_FILE, line, f"no model may receive data labelled {shown(label)}")
        if below is not None and (more := reach - below[1]):
            names = ", ".join(sorted(more))
            message = f"{shown(label)} may reach {names}, which the less sensitive {shown(below[0])} may not"
            found.warn("looser-label", ROUTING_FILE, lines.get(label, value.line), message)
        below = label, reach
    return zones


def _assistants(value: Value) -> dict[str, Assistant]:
    entries = value.entries("assistants")
    names = {name for name, _, _ in entries}
    assistants: dict[str, Assistant] = {}
    for name, _, body in entries:
        what = f"assistants.{shown(name)}"
        if name in {"auto", "extractive"} or not well_formed(f"model:{name}"):
            body.error("bad-assistant", f"an assistant cannot be called {shown(name)}")
        parts = body.fields(what, ASSISTANT_KEYS, required=("collections",))
        collections = parts["collections"].texts(f"{what}.collections") if "collections" in parts else ()
        if "collections" in parts and not collections:
            parts["collections"].error("bad-assistant", f"{what} is bound to no collection")
        for collection in collections:
            if not well_formed(f"collection:{collection}"):
                parts["collections"].error("bad-assistant", f"{shown(collection)} cannot be a collection's name")
        model = parts["model"].text(f"{what}.model") if "model" in parts else "auto"
        if model in names:
            parts["model"].error("bad-assistant", f"{what}.model is an assistant itself", "name a model, or auto")
        assistants[name] = Assistant(
            name=name,
            collections=collections,
            model=model,
            system=parts["system"].text(f"{what}.system", empty=True) if "system" in parts else "",
            top_k=int(parts["top_k"].number(f"{what}.top_k", 6, 1, 100, whole=True)) if "top_k" in parts else 6,
        )
    return assistants
