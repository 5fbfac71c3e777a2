"""The table of entities, and what a policy picks from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model import PrivacyPolicy
from gateway.redaction.detect import Detector
from gateway.redaction.entities import BY_TYPE, ENTITIES, Entity, wanted
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


ROWS = {row.split("`")[1]: row for row in PAGE.splitlines() if row.startswith("| `")}


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.type)
def test_every_entity_is_documented_with_an_example_that_is_found(entity: Entity) -> None:
    *_, by_default, examples, _ = ROWS[entity.type].split("|")
    assert by_default.strip() == (entity.language or ("yes" if entity.default else "no"))
    detector = Detector(PrivacyPolicy(entities=(entity.type,)))
    for example in examples.strip().strip("`").split("`, `"):
        assert [span.type for span in detector.find(f"x\n{example} y\n")] == [entity.type]


def test_nothing_is_documented_that_does_not_exist() -> None:
    assert set(ROWS) == set(BY_TYPE)
