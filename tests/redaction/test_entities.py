"""The table of entities, and what a policy picks from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model import PrivacyPolicy
from gateway.policy.names import REGIONS as NAMED
from gateway.redaction.detect import Detector
from gateway.redaction.entities import BY_TYPE, ENTITIES, Entity, wanted
from gateway.redaction.packs import REGIONS, spelled_out
from gateway.redaction.tokens import TYPE_NAME

PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()


def test_entities_are_listed_once_each() -> None:
    assert len(BY_TYPE) == len(ENTITIES)
    assert all(TYPE_NAME.match(entity.type) for entity in ENTITIES)


def test_a_policy_picks_by_name_or_by_default_and_language() -> None:
    assert [e.type for e in wanted(("URL", "PERSON", "NOT_A_TYPE", "URL"), ("en",))] == ["URL", "PERSON"]
    english = {e.type for e in wanted((), ("en",))}
    assert {"PERSON", "EMAIL_ADDRESS", "US_SSN", "UK_NHS", "DE_ID_CARD"} <= english
    assert not english & {"URL", "DATE_TIME", "IT_FISCAL_CODE"}
    assert {e.type for e in wanted((), ("en", "it"))} - english >= {"IT_FISCAL_CODE"}
    assert {e.type for e in wanted((), ("auto",))} - english >= {"IT_FISCAL_CODE", "DE_TAX_NUMBER", "FR_NIR"}


def test_regions_bring_packs_and_groups_bring_what_they_stand_for() -> None:
    def types(entities: tuple[str, ...], *regions: str) -> set[str]:
        return {e.type for e in wanted(entities, ("en",), regions)}

    assert "US_SSN" not in types((), "in")
    assert {"IN_AADHAAR", "IN_PAN", "PERSON", "API_KEY"} <= types((), "in")
    assert {"DE_TAX_ID", "FR_NIR", "NL_BSN", "IT_FISCAL_CODE", "BE_NATIONAL_NUMBER"} <= types((), "eu")
    assert not {"UK_NHS", "US_SSN", "AU_TFN"} & types((), "eu")
    assert types(("default", "AGE"), "us") == types((), "us") | {"AGE"}
    assert types(("all",)) == {entity.type for entity in ENTITIES}
    assert types(("AGE",), "us") == {"AGE"}
    assert spelled_out(("eu", "us")) >= {"de", "fr", "us"}
    assert set(NAMED) == {*REGIONS, "eu"}


FOUND = PAGE[PAGE.index("## What is found") :].split("\n## ")[0]
ROWS = {row.split("`")[1]: row for row in FOUND.splitlines() if row.startswith("| `")}


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.type)
def test_every_entity_is_documented_with_an_example_that_is_found(entity: Entity) -> None:
    *_, by_default, examples, _ = ROWS[entity.type].split("|")
    home = entity.region + (f", {entity.language}" if entity.language not in ("", entity.region) else "")
    said = home if entity.region else f"language {entity.language}" if entity.language else "yes"
    assert by_default.strip() == (said if entity.default else "no")
    detector = Detector(PrivacyPolicy(entities=(entity.type,)))
    for example in examples.strip().strip("`").split("`, `"):
        assert [span.type for span in detector.find(f"x\n{example} y\n")] == [entity.type]


def test_nothing_is_documented_that_does_not_exist() -> None:
    assert set(ROWS) == set(BY_TYPE)
