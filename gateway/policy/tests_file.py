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
UNSCANNABLE: Final = ("image", "audio", "file")


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
    """One row: in this text exactly these entity types are found."""

    where: str
    text: str
    types: frozenset[str]


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
    """`cases: [{text, types}, ...]`."""
    root = read_yaml(PRIVACY_TESTS, text, found)
    if root is None:
        return ()
    parts = root.fields("privacy_test.yaml", ("cases",), required=("cases",))
    cases: list[PrivacyCase] = []
    for item in parts["cases"].items("cases") if "cases" in parts else []:
        fields = item.fields("a case", ("text", "types"), required=("text", "types"))
        sample = fields["text"].text("text") if "text" in fields else ""
        types = fields["types"].texts("types") if "types" in fields else ()
        for name in types:
            check_entity(fields["types"], name, entities, found, PRIVACY_TESTS, item.line)
        cases.append(PrivacyCase(f"{PRIVACY_TESTS}:{item.line}", sample, frozenset(types)))
    return tuple(cases)
