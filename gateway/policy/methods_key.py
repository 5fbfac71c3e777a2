"""The `methods` of privacy.yaml: what stands in a zone for a value of a type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import yaml

from gateway.model import Zone
from gateway.policy.findings import Findings, shown
from gateway.policy.names import METHODS, ONE_WAY, PRIVACY_FILE, did_you_mean
from gateway.policy.reader import Value
from gateway.policy.routing_file import check_entity

ANY: Final = "*"
ZONES: Final = (*(zone.value for zone in Zone), ANY)


def read_methods(value: Value, known: tuple[str, ...], found: Findings) -> Mapping[str, Mapping[str, str]]:
    """`{TYPE or *: method, or {zone or *: method}}`, always written out as the second form."""
    made: dict[str, dict[str, str]] = {}
    for name, line, part in value.entries("methods"):
        if name != ANY:
            check_entity(None, name, known, found, PRIVACY_FILE, line)
        what = f"methods.{shown(name)}"
        if not isinstance(part.node, yaml.MappingNode):
            made[name] = {ANY: _method(part, what, name)}
            continue
        made[name] = {}
        for zone, at, method in part.entries(what):
            if zone not in ZONES:
                found.error("unknown-zone", PRIVACY_FILE, at, f"{shown(zone)} is no zone", did_you_mean(zone, ZONES))
            else:
                made[name][zone] = _method(method, f"{what}.{zone}", name)
        if not part.node.value:
            part.error("bad-value", f"{what} names no method", f"one of {', '.join(METHODS)}")
    return made


def _method(value: Value, what: str, name: str) -> str:
    method = value.one_of(what, METHODS)
    if method in ONE_WAY:
        whose = "values" if name == ANY else f"values of {shown(name)}"
        value.warn("one-way-method", f"{method} is one way: {whose} do not return in answers from there")
    return method
