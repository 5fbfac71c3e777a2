"""Packs: every country's types, found when the region is named and not when it is not."""

from __future__ import annotations

from gateway.redaction.packs import GROUPS, PACKS, REGIONS, spelled_out


def test_every_pack_belongs_to_a_country() -> None:
    assert {entity.region for entity in PACKS if not entity.region} <= {""}
    assert all(entity.region or entity.language for entity in PACKS)
    assert len({entity.type for entity in PACKS}) == len(PACKS)
    assert GROUPS["eu"] <= set(REGIONS)


def test_groups_are_opened_and_countries_stay() -> None:
    assert spelled_out(("us", "eu")) == {"us"} | GROUPS["eu"]
    assert spelled_out(()) == frozenset()
