"""The tables of expected answers that stand beside the policies: access_test, routing_test and privacy_test.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.model import Principal, RoutingPolicy, Sensitivity, Zone
from gateway.policy.findings import Findings, shown
from gateway.policy.names import (
    ACCESS_TESTS,
    ACTIONS,
    ADMIN_ACTIONS,
    PRIVACY_TESTS,
    ROUTING_TESTS,
    did_you_mean,
    well_formed,
)
from gateway.policy.reader import Value, read_yaml
from gateway.policy.routing_file import check_entity, read_zones

EXPECTED: Final = ("allow", "deny")
PRIVACY_KEYS: Final = ("text", "types", "find", "keep")
UNSCANNABLE: Final = ("image", "audio", "file", "video", "tokens")


@dataclass(frozen=True, slots=True)
class AccessCase:
    """One row: this caller, asking this, is allowed or not."""

    where: str
    principal: Principal
    object: str
    action: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class RoutingCase:
    """One row: data like this may reach exactly these zones."""

    where: str
    sensitivity: Sensitivity
    zones: frozenset[Zone]


@dataclass(frozen=True, slots=True)
class PrivacyCase:
    """One row: what is found in this text, and what is not. None where the row does not say."""

    where: str
    text: str
    types: frozenset[str] | None = None
    """Exactly these entity types."""
    values: tuple[tuple[str, str], ...] | None = None
    """(type, value) of exactly these findings, in any order."""
    kept: tuple[str, ...] = ()
    """Pieces of the text that no finding touches."""


def read_access_tests(text: str, found: Findings, roles: frozenset[str]) -> tuple[AccessCase, ...]:
    """`callers: {name: {roles, groups}}` and `cases: [[caller, object, action, allow|deny], ...]`."""
    root = read_yaml(ACCESS_TESTS, text, found)
    if root is None:
        return ()
    parts = root.fields("access_test.yaml", ("callers", "cases"), required=("callers", "cases"))
    callers: dict[str, Principal] = {}
    for name, _, value in parts["callers"].entries("callers") if "callers" in parts else []:
        fields = value.fields(f"callers.{shown(name)}", ("roles", "groups"))
        own = fields["roles"].texts("roles") if "roles" in fields else ()
        for role in own:
            if role not in roles:
                fields["roles"].error(
                    "unknown-role", f"no rule mentions the role {shown(role)}", did_you_mean(role, roles)
                )
        groups = fields["groups"].texts("groups") if "groups" in fields else ()
        callers[name] = Principal(id=f"test:{name}", name=name, roles=frozenset(own), groups=frozenset(groups))
    cases = parts["cases"].items("cases") if "cases" in parts else []
    return tuple(case for item in cases if (case := _access_case(item, callers)) is not None)


def _access_case(item: Value, callers: dict[str, Principal]) -> AccessCase | None:
    row = [field.text("a value of a case") for field in item.items("a case")]
    if len(row) != 4:
        item.error("bad-value", f"a case has 4 values, not {len(row)}", "write `[caller, object, action, allow]`")
        return None
    who, obj, action, expected = row
    kind = obj.partition(":")[0]
    if who not in callers:
        item.error("bad-value", f"no caller {shown(who)}", did_you_mean(who, callers))
    elif kind not in ACTIONS:
        item.error("unknown-object", f"{shown(obj)} is of no known kind", did_you_mean(kind, ACTIONS))
    elif not well_formed(obj):
        item.error("unknown-object", f"{shown(obj)} is badly formed", "a case asks about one thing: no `*`")
    elif action not in (known := ADMIN_ACTIONS.get(obj.removeprefix("admin:"), ACTIONS[kind])):
        item.error("unknown-action", f"nobody asks to {shown(action)} {shown(obj)}", did_you_mean(action, known))
    elif expected not in EXPECTED:
        item.error("unknown-effect", f"{shown(expected)} is neither allow nor deny", did_you_mean(expected, EXPECTED))
    else:
        return AccessCase(f"{ACCESS_TESTS}:{item.line}", callers[who], obj, action, expected == "allow")
    return None


def read_routing_tests(
    text: str, found: Findings, routing: RoutingPolicy, entities: tuple[str, ...]
) -> tuple[RoutingCase, ...]:
    """`cases: [{labels, entities, unscannable, zones}, ...]`."""
    root = read_yaml(ROUTING_TESTS, text, found)
    if root is None:
        return ()
    parts = root.fields("routing_test.yaml", ("cases",), required=("cases",))
    cases: list[RoutingCase] = []
    for item in parts["cases"].items("cases") if "cases" in parts else []:
        known = ("labels", "entities", "unscannable", "zones")
        fields = item.fields("a case", known, required=("labels", "zones"))
        labels = fields["labels"].texts("labels") if "labels" in fields else ()
        for label in labels:
            if label not in routing.labels:
                fields["labels"].error("unknown-label", f"no label {shown(label)}", did_you_mean(label, routing.labels))
        types = fields["entities"].texts("entities") if "entities" in fields else ()
        for name in types:
            check_entity(fields["entities"], name, entities, found, ROUTING_TESTS, item.line)
        kinds = fields["unscannable"].items("unscannable") if "unscannable" in fields else []
        unscannable = frozenset(kind.one_of("unscannable", UNSCANNABLE) for kind in kinds)
        zones = read_zones(fields["zones"], "zones") if "zones" in fields else frozenset()
        sensitivity = Sensitivity(frozenset(labels), frozenset(types), unscannable)
        cases.append(RoutingCase(f"{ROUTING_TESTS}:{item.line}", sensitivity, zones))
    return tuple(cases)


def read_privacy_tests(text: str, found: Findings, entities: tuple[str, ...]) -> tuple[PrivacyCase, ...]:
    """`cases: [{text, types, find, keep}, ...]`."""
    root = read_yaml(PRIVACY_TESTS, text, found)
    if root is None:
        return ()
    parts = root.fields("privacy_test.yaml", ("cases",), required=("cases",))
    return tuple(
        _privacy_case(item, found, entities) for item in (parts["cases"].items("cases") if "cases" in parts else [])
    )


def _privacy_case(item: Value, found: Findings, entities: tuple[str, ...]) -> PrivacyCase:
    fields = item.fields("a case", PRIVACY_KEYS, required=("text",))
    if "text" in fields and not {"types", "find", "keep"} & set(fields):
        item.error("missing-key", "a case needs types, find or keep", "types: [] says that nothing is found")
    sample = fields["text"].text("text") if "text" in fields else ""
    types = fields["types"].texts("types") if "types" in fields else None
    for name in types or ():
        check_entity(fields["types"], name, entities, found, PRIVACY_TESTS, item.line)
    values = _expected(fields["find"], sample, found, entities) if "find" in fields else None
    kept = fields["keep"].texts("keep") if "keep" in fields else ()
    for piece in kept:
        if piece not in sample:
            fields["keep"].error("bad-value", f"{shown(piece)} does not stand in the text")
    return PrivacyCase(
        where=f"{PRIVACY_TESTS}:{item.line}",
        text=sample,
        types=None if types is None else frozenset(types),
        values=values,
        kept=kept,
    )


def _expected(value: Value, sample: str, found: Findings, entities: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """`find: {TYPE: [value, ...]}`."""
    expected: list[tuple[str, str]] = []
    for name, line, part in value.entries("find"):
        check_entity(None, name, entities, found, PRIVACY_TESTS, line)
        for item in part.items(f"find.{shown(name)}"):
            text = item.text("a value")
            if text and text not in sample:
                item.error("bad-value", f"{shown(text)} does not stand in the text")
            expected.append((name, text))
    return tuple(expected)
